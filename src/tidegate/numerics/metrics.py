"""The metrics with their rows' influences and better directions.

Labels are float64 of shape (rows,): class indices, or numbers for regression. Predictions are the
output of `TrainedModel.predict`. Every function takes at least one row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tidegate.core.task import Task
from tidegate.numerics.intervals import Estimate, Range, undefined

Array: TypeAlias = NDArray[Any]

#: A probability above this predicts the positive class.
DECISION = 0.5
#: The least distance of a probability from 0 and 1 in a logarithm; float32 rounds to them.
EPSILON = 1e-7
CALIBRATION_BINS = 10


@dataclass(frozen=True)
class Definition:
    """The definition of a metric.

    Attributes:
        better: The better direction; None for a description of the data.
        within: The range, which decides the kind of interval.
        compute: Computes an estimate from a sample of its task.
    """

    better: Literal["higher", "lower"] | None
    within: Range
    compute: Callable[[Any], Estimate]


def mean(values: Array) -> Estimate:
    """The mean over rows."""
    value = float(values.mean())
    return Estimate(value, values - value, len(values))


def ratio(numerator: Array, denominator: Array) -> Estimate:
    """The sum of one quantity over the sum of another.

    The denominator counts the trials.
    """
    total = float(denominator.sum())
    if total == 0:
        return undefined()
    value = float(numerator.sum()) / total
    influence = (numerator - value * denominator) * (len(denominator) / total)
    return Estimate(value, influence, total)


class Binary:
    """Labels 0 and 1, and probabilities of 1.

    Quantities that several metrics need are computed once.
    """

    def __init__(self, labels: Array, predictions: Array) -> None:
        """Set labels and predictions of shape (rows,)."""
        self.labels = np.asarray(labels, dtype=np.float64)
        self.scores = np.asarray(predictions, dtype=np.float64)
        self.decided = (self.scores > DECISION).astype(np.float64)
        self.hits = self.labels * self.decided

    @cached_property
    def ranked(self) -> Ranked:
        """The rows by score."""
        return Ranked(self.labels, self.scores)

    @cached_property
    def bins(self) -> Array:
        """The calibration bin of each row."""
        return equal_bins(self.scores)


class Ranked:
    """Rows grouped by equal score, lowest first.

    Counts are float64 of shape (groups,).
    """

    def __init__(self, labels: Array, scores: Array) -> None:
        """Sort the rows once."""
        order = np.argsort(scores, kind="stable")
        ordered = scores[order]
        first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        sizes = np.diff(np.r_[first, len(scores)])
        self.thresholds = ordered[first]
        self.positive = np.add.reduceat(labels[order], first)
        self.negative = sizes - self.positive
        #: Rows at or above the group's score.
        self.positive_from = np.cumsum(self.positive[::-1])[::-1]
        self.negative_from = np.cumsum(self.negative[::-1])[::-1]
        self.group = np.empty(len(scores), dtype=np.int64)
        self.group[order] = np.repeat(np.arange(len(first)), sizes)

    @property
    def positives(self) -> float:
        """Rows with label 1."""
        return float(self.positive_from[0])

    @property
    def negatives(self) -> float:
        """Rows with label 0."""
        return float(self.negative_from[0])


def auc(sample: Binary) -> Estimate:
    """The probability that a positive row scores higher, ties counting half.

    Influence: the placement values of DeLong, DeLong and Clarke-Pearson (1988), from ranks as in
    Sun and Xu (2014).
    """
    ranked = sample.ranked
    positives, negatives = ranked.positives, ranked.negatives
    if positives == 0 or negatives == 0:
        return undefined()
    below = (negatives - ranked.negative_from + ranked.negative / 2) / negatives
    above = (ranked.positive_from - ranked.positive / 2) / positives
    value = float((ranked.positive * below).sum() / positives)
    rows = len(sample.labels)
    placement = np.where(
        sample.labels == 1,
        (below[ranked.group] - value) * (rows / positives),
        (above[ranked.group] - value) * (rows / negatives),
    )
    return Estimate(value, placement, min(positives, negatives))


def pr_auc(sample: Binary) -> Estimate:
    """Average precision: the mean precision at each positive row's score.

    Influence, from differentiating that V-statistic: a positive row adds its own precision, and
    every row moves the precision at each positive score below its own.
    """
    ranked = sample.ranked
    if ranked.positives == 0:
        return undefined()
    from_here = ranked.positive_from + ranked.negative_from
    precision = ranked.positive_from / from_here
    value = float((ranked.positive * precision).sum() / ranked.positives)
    reach = np.cumsum(ranked.positive / from_here)[ranked.group]
    moved = np.cumsum(ranked.positive * precision / from_here)[ranked.group]
    own = sample.labels * (precision[ranked.group] - value)
    share = ranked.positives / len(sample.labels)
    return Estimate(value, (own + sample.labels * reach - moved) / share, ranked.positives)


def log_loss(sample: Binary) -> Estimate:
    """Mean negative log likelihood, in nats."""
    scores = np.clip(sample.scores, EPSILON, 1 - EPSILON)
    return mean(-np.log(np.where(sample.labels == 1, scores, 1 - scores)))


def brier(sample: Binary) -> Estimate:
    """Mean squared difference of probability and outcome."""
    return mean((sample.scores - sample.labels) ** 2)


def accuracy(sample: Binary) -> Estimate:
    """Share of rows whose decision is right."""
    return mean((sample.decided == sample.labels).astype(np.float64))


def precision(sample: Binary) -> Estimate:
    """Share of positive decisions that are right."""
    return ratio(sample.hits, sample.decided)


def recall(sample: Binary) -> Estimate:
    """Share of positive rows that are found."""
    return ratio(sample.hits, sample.labels)


def f1(sample: Binary) -> Estimate:
    """Harmonic mean of precision and recall."""
    return ratio(2 * sample.hits, sample.decided + sample.labels)


def ece(sample: Binary) -> Estimate:
    """Expected calibration error over ten bins of about equal size.

    The mean distance of predicted and observed share (Nixon et al., Measuring Calibration in Deep
    Learning, 2019, with the positive class only). It is above 0 for a calibrated model too, the
    more so the fewer rows there are.
    """
    gaps = sample.scores - sample.labels
    signs = np.sign(np.bincount(sample.bins, weights=gaps))
    return mean(signs[sample.bins] * gaps)


def base_rate(sample: Binary) -> Estimate:
    """Share of positive rows: a property of the data, not the model."""
    return mean(sample.labels)


class Multiclass:
    """Class indices and probabilities of shape (rows, classes).

    The index after the last class means labels the model does not know: its prediction is always
    wrong for them, with probability 0.
    """

    def __init__(self, labels: Array, predictions: Array) -> None:
        """Set labels of shape (rows,) and predictions of shape (rows, classes)."""
        self.labels = np.asarray(labels).astype(np.int64)
        self.probabilities = np.asarray(predictions)
        self.decided = np.argmax(self.probabilities, axis=1)

    @cached_property
    def right(self) -> Array:
        """1.0 where the likeliest class is the label."""
        return (self.decided == self.labels).astype(np.float64)


def multiclass_log_loss(sample: Multiclass) -> Estimate:
    """Mean negative log probability of the true class, in nats."""
    classes = sample.probabilities.shape[1]
    known = sample.labels < classes
    column = np.where(known, sample.labels, 0)
    chosen = sample.probabilities[np.arange(len(column)), column].astype(np.float64)
    return mean(-np.log(np.clip(np.where(known, chosen, 0.0), EPSILON, 1.0)))


def macro_f1(sample: Multiclass) -> Estimate:
    """The mean F1 over classes that occur as label or decision."""
    size = sample.probabilities.shape[1] + 1
    rows = len(sample.labels)
    hits = np.bincount(sample.labels, weights=sample.right, minlength=size)
    either = np.bincount(sample.labels, minlength=size) + np.bincount(
        sample.decided, minlength=size
    )
    occurs = either > 0
    count = int(occurs.sum())
    scores = np.divide(2 * hits, either, out=np.zeros(size), where=occurs)
    weight = np.divide(rows, either, out=np.zeros(size), where=occurs)
    lost = scores * weight
    gained = 2 * sample.right * weight[sample.labels]
    influence = (gained - lost[sample.labels] - lost[sample.decided]) / count
    return Estimate(float(scores[occurs].mean()), influence, rows)


class Regression:
    """Numbers and their predictions."""

    def __init__(self, labels: Array, predictions: Array) -> None:
        """Set labels and predictions of shape (rows,)."""
        self.labels = np.asarray(labels, dtype=np.float64)
        self.errors = np.asarray(predictions, dtype=np.float64) - self.labels


def rmse(sample: Regression) -> Estimate:
    """Root of the mean squared error, in the label's unit."""
    squared = mean(sample.errors**2)
    value = float(np.sqrt(squared.value))
    influence = squared.influence / (2 * value) if value else squared.influence
    return Estimate(value, influence, squared.trials)


def mae(sample: Regression) -> Estimate:
    """Mean absolute error, in the label's unit."""
    return mean(np.abs(sample.errors))


def r2(sample: Regression) -> Estimate:
    """Share of the label's variance that the prediction explains.

    Negative for a bad prediction.
    """
    around = (sample.labels - sample.labels.mean()) ** 2
    unexplained = ratio(sample.errors**2, around)
    return Estimate(1 - unexplained.value, -unexplained.influence, unexplained.trials)


SAMPLES: Mapping[Task, Callable[[Array, Array], Any]] = {
    "binary": Binary,
    "multiclass": Multiclass,
    "regression": Regression,
}

METRICS: Mapping[Task, Mapping[str, Definition]] = {
    "binary": {
        "auc": Definition("higher", "unit", auc),
        "pr_auc": Definition("higher", "unit", pr_auc),
        "log_loss": Definition("lower", "positive", log_loss),
        "brier": Definition("lower", "positive", brier),
        "accuracy": Definition("higher", "proportion", accuracy),
        "precision": Definition("higher", "proportion", precision),
        "recall": Definition("higher", "proportion", recall),
        "f1": Definition("higher", "unit", f1),
        "ece": Definition("lower", "positive", ece),
        "base_rate": Definition(None, "proportion", base_rate),
    },
    "multiclass": {
        "accuracy": Definition("higher", "proportion", lambda sample: mean(sample.right)),
        "log_loss": Definition("lower", "positive", multiclass_log_loss),
        "macro_f1": Definition("higher", "unit", macro_f1),
    },
    "regression": {
        "rmse": Definition("lower", "positive", rmse),
        "mae": Definition("lower", "positive", mae),
        "r2": Definition("higher", "below_one", r2),
    },
}

DEFAULT: Mapping[Task, str] = {"binary": "auc", "multiclass": "accuracy", "regression": "rmse"}


def equal_bins(values: Array, bins: int = CALIBRATION_BINS) -> Array:
    """Assign values to bins of about equal size, from 0.

    Equal values are in the same bin.
    """
    edges = np.unique(np.quantile(values, np.linspace(0, 1, bins + 1)[1:-1]))
    found: Array = np.unique(np.searchsorted(edges, values, side="right"), return_inverse=True)[1]
    return found
