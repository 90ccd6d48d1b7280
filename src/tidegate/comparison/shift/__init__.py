"""What changed between two sets of rows: their features, told by a classifier, and the label.

of_examples      a side of the comparison: the rows of a span
compare          covariate shift by a domain classifier, and label shift
Shift            what it found
"""

from tidegate.comparison.shift.compare import SpanRows, compare, meaningless, of_examples
from tidegate.comparison.shift.result import FeatureShift, LabelShift, Shift

__all__ = [
    "FeatureShift",
    "LabelShift",
    "Shift",
    "SpanRows",
    "compare",
    "meaningless",
    "of_examples",
]
