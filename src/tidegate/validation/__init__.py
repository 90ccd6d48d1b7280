"""Is this span what the model was promised? Against the schema, the contract and the span before.

Fails closed: no rows, too few rows, a label that cannot be learnt, a statistic or a distance that
cannot be computed all hold.

    result   what was found
    schema   what TFDV says against the schema
    checks   what the gate looks at beside it
    slices   what only a slice shows against the schema
    shifts   whether the rows can be told from those before
    judge    all of it together
"""

from tidegate.validation.result import Validation
from tidegate.validation.validate import validate

__all__ = ["Validation", "validate"]
