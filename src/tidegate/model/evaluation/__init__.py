"""Judging a model: metrics with intervals, by slice, against the champion; and the blessing."""

from tidegate.model.evaluation.evaluate import evaluate
from tidegate.model.evaluation.result import Comparison, Evaluation, SliceResult
from tidegate.numerics.intervals import Metric

read = Evaluation.read

__all__ = ["Comparison", "Evaluation", "Metric", "SliceResult", "evaluate", "read"]
