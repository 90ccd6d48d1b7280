"""Judging a model: metrics with intervals, by slice, against the champion; and the blessing."""

from tidegate.evaluation.judge import evaluate
from tidegate.evaluation.result import Comparison, Evaluation, Metric, SliceResult

read = Evaluation.read

__all__ = ["Comparison", "Evaluation", "Metric", "SliceResult", "evaluate", "read"]
