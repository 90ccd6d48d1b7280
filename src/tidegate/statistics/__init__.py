"""Statistics of a span, by TFDV's generators over Arrow batches.

They are computed on one machine.
"""

from tidegate.statistics.compute import compute, compute_files, compute_table
from tidegate.statistics.model import FeatureSummary, Statistics

__all__ = ["FeatureSummary", "Statistics", "compute", "compute_files", "compute_table"]
