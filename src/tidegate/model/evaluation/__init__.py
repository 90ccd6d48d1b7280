"""Evaluate a model: metrics with intervals, slices, champion, blessing."""

from tidegate.model.evaluation.evaluate import evaluate
from tidegate.model.evaluation.result import Evaluation, MetricChange, SliceResult
from tidegate.numerics.intervals import Metric

read = Evaluation.read

__all__ = ["Evaluation", "Metric", "MetricChange", "SliceResult", "evaluate", "read"]
