"""Which features carry signal: information on the label, suspects, redundancy, advice."""

from tidegate.signal.importance import Shuffled, shuffle
from tidegate.signal.measure import measure
from tidegate.signal.result import FeatureSignal, Importance, Pair, Signal
from tidegate.signal.sampling import Rows, of_batches, of_examples

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
