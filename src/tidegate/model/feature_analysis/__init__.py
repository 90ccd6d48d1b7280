"""Analyse features: signal about the label, suspects, redundancy, advice."""

from tidegate.model.feature_analysis.importance import Shuffled, shuffle
from tidegate.model.feature_analysis.measure import measure
from tidegate.model.feature_analysis.result import FeatureSignal, Importance, Pair, Signal
from tidegate.model.feature_analysis.sampling import Rows, of_batches, of_examples

__all__ = [
    "FeatureSignal",
    "Importance",
    "Pair",
    "Rows",
    "Shuffled",
    "Signal",
    "measure",
    "of_batches",
    "of_examples",
    "shuffle",
]
