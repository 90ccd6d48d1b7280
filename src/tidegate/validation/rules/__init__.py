"""SQL rules over a span, and the rows behind each finding."""

from tidegate.validation.rules.database import Database, QueryError, opened
from tidegate.validation.rules.judge import judge, rule_findings
from tidegate.validation.rules.result import AnomalousRows, Rows, RuleResult
from tidegate.validation.rules.rows_behind import anomalous_rows

__all__ = [
    "AnomalousRows",
    "Database",
    "QueryError",
    "Rows",
    "RuleResult",
    "anomalous_rows",
    "judge",
    "opened",
    "rule_findings",
]
