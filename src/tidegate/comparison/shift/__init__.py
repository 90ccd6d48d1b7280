"""Shift between two sets of rows: features and label.

of_examples      the rows of a span as one side of the comparison
compare          covariate shift by a domain classifier, and label shift
Shift            the result
"""

from tidegate.comparison.shift.compare import SpanRows, compare, of_examples, uninformative_columns
from tidegate.comparison.shift.result import FeatureShift, LabelShift, Shift

__all__ = [
    "FeatureShift",
    "LabelShift",
    "Shift",
    "SpanRows",
    "compare",
    "of_examples",
    "uninformative_columns",
]
