"""Compute curves, counts and constant baselines for an evaluation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tidegate.numerics.metrics import EPSILON, Array, Binary, Multiclass, Regression, equal_bins

ROC_POINTS = 200
HISTOGRAM_BINS = 20
#: The most classes of a confusion matrix; larger ones are folded, because nobody reads them.
CONFUSION_CLASSES = 30
OTHER = "(other)"
UNKNOWN = "(unknown to the model)"

Points = tuple[tuple[float, float, int], ...]


def roc(sample: Binary) -> tuple[tuple[float, float, float], ...]:
    """The ROC curve as (false positive rate, true positive rate, threshold).

    It runs from (0, 0) to (1, 1).

    Thinned to at most 200 points that are about equally far from each other on the curve. A row is
    called positive when its score is at or above the threshold; that of the first point is 1.
    """
    ranked = sample.ranked
    if not ranked.positives or not ranked.negatives:
        return ()
    false = np.r_[0.0, ranked.negative_from[::-1] / ranked.negatives]
    true = np.r_[0.0, ranked.positive_from[::-1] / ranked.positives]
    thresholds = np.r_[1.0, ranked.thresholds[::-1]]
    along = false + true
    wanted = np.searchsorted(along, np.linspace(0, along[-1], ROC_POINTS))
    keep = np.unique(np.r_[0, np.minimum(wanted, len(along) - 1)])
    if len(along) <= ROC_POINTS:
        keep = np.arange(len(along))
    return tuple((float(false[i]), float(true[i]), float(thresholds[i])) for i in keep)


def calibration(predicted: Array, observed: Array) -> Points:
    """(mean prediction, mean outcome, rows) in ten bins of about equal size."""
    bins = equal_bins(predicted)
    sizes = np.bincount(bins)
    predicted_mean = np.bincount(bins, weights=predicted) / sizes
    observed_mean = np.bincount(bins, weights=observed) / sizes
    return tuple(
        (float(p), float(o), int(n))
        for p, o, n in zip(predicted_mean, observed_mean, sizes, strict=True)
    )


def confusion(
    labels: Array, decided: Array, classes: Sequence[str]
) -> tuple[tuple[tuple[int, ...], ...], tuple[str, ...]]:
    """Count rows by true class and decision.

    Args:
        labels: Class indices; the one after the last class means a label unknown to the model.
        decided: Class indices.
        classes: The model's classes.
    """
    names = [*classes, UNKNOWN] if (labels == len(classes)).any() else list(classes)
    if len(names) > CONFUSION_CLASSES:
        counts = np.bincount(labels, minlength=len(names))
        kept = np.sort(np.argsort(-counts, kind="stable")[: CONFUSION_CLASSES - 1])
        folded = np.full(len(names), len(kept))
        folded[kept] = np.arange(len(kept))
        labels, decided = folded[labels], folded[decided]
        names = [*(names[i] for i in kept), OTHER]
    size = len(names)
    counts = np.bincount(labels * size + decided, minlength=size * size).reshape(size, size)
    return tuple(tuple(int(n) for n in row) for row in counts), tuple(names)


def histogram(
    labels: Array, probabilities: Array, classes: Sequence[str]
) -> dict[str, tuple[int, ...]]:
    """Count rows by true class in 20 equal bins of probability.

    Only the 30 largest classes are kept.
    """
    bins = np.clip((probabilities * HISTOGRAM_BINS).astype(np.int64), 0, HISTOGRAM_BINS - 1)
    sizes = np.bincount(labels, minlength=len(classes))[: len(classes)]
    kept = np.sort(np.argsort(-sizes, kind="stable")[:CONFUSION_CLASSES])
    table = np.bincount(
        labels * HISTOGRAM_BINS + bins, minlength=(len(classes) + 1) * HISTOGRAM_BINS
    ).reshape(-1, HISTOGRAM_BINS)
    return {classes[i]: tuple(int(n) for n in table[i]) for i in kept}


def baselines(sample: Binary | Multiclass | Regression) -> dict[str, float]:
    """The metrics of the best constant prediction on these rows."""
    if isinstance(sample, Regression):
        off = np.abs(sample.labels - np.median(sample.labels))
        return {"rmse": float(sample.labels.std()), "mae": float(off.mean()), "r2": 0.0}
    shares = np.bincount(sample.labels.astype(np.int64)) / len(sample.labels)
    entropy = float(-(shares * np.log(np.maximum(shares, EPSILON))).sum())
    common = {"accuracy": float(shares.max()), "log_loss": entropy}
    if isinstance(sample, Multiclass):
        largest = float(shares.max())
        return common | {"macro_f1": 2 * largest / (1 + largest) / int((shares > 0).sum())}
    positive = float(sample.labels.mean())
    return common | {"auc": 0.5, "pr_auc": positive, "brier": positive * (1 - positive)}
