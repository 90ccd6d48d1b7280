"""Validate a span against the schema, the contract and the baseline.

Fails closed: no rows, too few rows, a label that cannot be learnt, a statistic or a distance that
cannot be computed all hold.

validate         run every check and decide the verdict
result           the result
checks           the checks beside schema and drift
rules            the contract's rules in SQL, and the rows behind findings
schema_proposal  the schema changes that a run proposes when data does not fit
"""

from tidegate.validation.result import Validation
from tidegate.validation.validate import validate

__all__ = ["Validation", "validate"]
