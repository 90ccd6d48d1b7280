"""Every HTML page, self-contained, without script or network access.

data_page        a span's data: findings, every check, the needs, every column
validation_page  a verdict on data: findings, and the distance of every feature
evaluation_page  a verdict on a model: metrics, champion, slices
signal_page      the signal of features about the label, and features to leave out
skew_page        serving data compared with training data, by column, key and distribution
shift_page       all features of two data sets compared together, and their labels
index_page       a run, with links to the other pages
"""

from tidegate.report.data.page import data_page
from tidegate.report.evaluation.page import evaluation_page
from tidegate.report.feature_analysis.page import signal_page
from tidegate.report.run.page import index_page
from tidegate.report.shift.page import shift_page
from tidegate.report.skew.page import skew_page
from tidegate.report.validation.page import validation_page

__all__ = [
    "data_page",
    "evaluation_page",
    "index_page",
    "shift_page",
    "signal_page",
    "skew_page",
    "validation_page",
]
