"""What changed between two sets of rows: their features, told by a classifier, and the label.

compare          covariate shift by a domain classifier, and label shift
Shift            what it found
"""

from tidegate.shift.compare import compare, meaningless
from tidegate.shift.result import FeatureShift, LabelShift, Shift

__all__ = ["FeatureShift", "LabelShift", "Shift", "compare", "meaningless"]
