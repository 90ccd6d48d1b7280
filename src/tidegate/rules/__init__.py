"""Rules in SQL over a span's rows and statistics, and the rows behind each anomaly."""

from tidegate.rules.anomalous import anomalous_rows
from tidegate.rules.database import Database, QueryError, opened
from tidegate.rules.judge import judge, rule_findings
from tidegate.rules.result import AnomalousRows, Rows, RuleResult

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
