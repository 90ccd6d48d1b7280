"""Judging a model: metrics with intervals, by slice, against the champion; and the blessing."""

from tidegate.evaluation.result import Comparison, Evaluation, Metric, SliceResult

__all__ = ["Comparison", "Evaluation", "Metric", "SliceResult"]
