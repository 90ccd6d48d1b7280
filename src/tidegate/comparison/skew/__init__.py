"""Training-serving skew in schema, in values by key, and in distributions."""

from tidegate.comparison.skew.measure import measure
from tidegate.comparison.skew.result import ColumnSkew, Confusion, FeatureSkew, Keys, SetAside, Skew
from tidegate.comparison.skew.sides import JoinSide, of_examples, recorded

__all__ = [
    "ColumnSkew",
    "Confusion",
    "FeatureSkew",
    "JoinSide",
    "Keys",
    "SetAside",
    "Skew",
    "measure",
    "of_examples",
    "recorded",
]
