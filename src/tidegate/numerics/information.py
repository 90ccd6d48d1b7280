"""What cells tell of a label: mutual information, adjusted for what chance alone gives.

All from tables of counts, cells by label classes. Chance is exact: if the label had nothing to do
with the feature, every order of the labels would be as likely, and the table would be a draw from
the multivariate hypergeometric distribution with the same margins. It is drawn directly, so that a
permutation costs as much as the table is large and not as much as there are rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np

from tidegate.numerics.binning import Array

#: Seeded draws of the table under chance.
DRAWS: Final = 100
_SMOOTHING: Final = 10.0
_NORMAL: Final = NormalDist()


@dataclass(frozen=True)
class Dependence:
    """How much some cells tell of a label.

    Attributes:
        bits: Mutual information less its mean under chance, from 0.
        share: `bits` as a share of the most it could be, in [0, 1]: the label's entropy less the
            mean under chance (the adjusted mutual information of Vinh, Epps and Bailey, 2010). 1 if
            the cells determine the label; 0 on average if they are independent, however many
            cells there are.
        p: The chance of as much information by chance alone.
        floor: The share that chance alone exceeds with the probability `level` it was asked for.
    """

    bits: float
    share: float
    p: float
    floor: float


def table(codes: Array, labels: Array, cells: int, classes: int) -> Array:
    """Counts of rows by cell and class, float64 of shape (cells, classes)."""
    flat = np.bincount(codes.astype(np.int64) * classes + labels, minlength=cells * classes)
    return flat.reshape(cells, classes).astype(float)


def entropy(counts: Array) -> float:
    """Of a distribution given by counts, in bits."""
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log2(shares)).sum()) if len(shares) else 0.0


def mutual_information(counts: Array) -> float:
    """Of cells and classes, in bits, from the counts as they are (plug-in estimate)."""
    both = entropy(counts.sum(axis=1)) + entropy(counts.sum(axis=0)) - entropy(counts)
    return max(0.0, both)


def dependence(counts: Array, *, level: float, seed: int) -> Dependence:
    """Measure a table against chance.

    The draws give mean and variance of the information under chance; its tail is that of a gamma
    distribution with these (mutual information is asymptotically a multiple of chi-squared), by
    the approximation of Wilson and Hilferty (1931). So probabilities far below one in `DRAWS` can
    be told.

    Args:
        counts: Of shape (cells, classes).
        level: The probability of `floor`.
        seed: Of the draws.
    """
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    if min(counts.shape, default=0) < 2:
        return Dependence(0.0, 0.0, 1.0, 0.0)
    found = mutual_information(counts)
    drawn = _under_chance(counts, seed)
    mean, variance = float(drawn.mean()), float(drawn.var())
    most = entropy(counts.sum(axis=0)) - mean
    if mean <= 0 or most <= 1e-12:
        return Dependence(0.0, 0.0, 1.0, 1.0)
    spread = variance / (9 * mean**2)
    scale = math.sqrt(spread) or 1e-12
    z = ((found / mean) ** (1 / 3) - (1 - spread)) / scale
    critical = mean * (1 - spread - scale * _NORMAL.inv_cdf(level)) ** 3
    return Dependence(
        bits=max(0.0, found - mean),
        share=min(1.0, max(0.0, (found - mean) / most)),
        p=0.5 * math.erfc(z / math.sqrt(2)),
        floor=min(1.0, max(0.0, (critical - mean) / most)),
    )


def _under_chance(counts: Array, seed: int) -> Array:
    """The information of `DRAWS` tables with the margins of this one, in bits."""
    cells, classes = counts.sum(axis=1).astype(np.int64), counts.sum(axis=0).astype(np.int64)
    generator = np.random.default_rng(seed)
    left = np.tile(classes, (DRAWS, 1))
    joint = np.zeros(DRAWS)
    for size in cells[:-1]:
        open_ = np.full(DRAWS, size)
        for k in range(len(classes) - 1):
            others = left[:, k + 1 :].sum(axis=1)
            taken = generator.hypergeometric(left[:, k], others, open_)
            left[:, k] -= taken
            open_ -= taken
            joint += _x_log_x(taken)
        left[:, -1] -= open_
        joint += _x_log_x(open_)
    joint += _x_log_x(left).sum(axis=1)
    rows = counts.sum()
    known: Array = (
        entropy(counts.sum(axis=1)) + entropy(counts.sum(axis=0)) + joint / rows - np.log2(rows)
    )
    return np.maximum(known, 0.0)


def _x_log_x(counts: Array) -> Array:
    product: Array = counts * np.log2(np.maximum(counts, 1))
    return product


def rates(counts: Array) -> Array:
    """The share of each class in each cell, drawn towards all rows' shares by ten rows of these.

    Without that a cell of three rows would be sure of itself, and an empty one could say nothing.
    """
    overall = counts.sum(axis=0) / counts.sum()
    smoothed: Array = (counts + _SMOOTHING * overall) / (
        counts.sum(axis=1, keepdims=True) + _SMOOTHING
    )
    return smoothed


def explained(learnt: Array, held: Array) -> float:
    """How much of the label's entropy in other rows the cells of some rows explain.

    1 less the cross-entropy of the cells' shares over that of the shares of all rows. Below 0
    where what the cells learnt misleads.

    Args:
        learnt: Counts to take the shares from, of shape (cells, classes).
        held: Counts to judge them by, of the same shape.

    Returns:
        At most 1; NaN where the other rows have one class only.
    """
    learnt = learnt + 1e-9
    overall = np.log2(learnt.sum(axis=0) / learnt.sum())
    alone = float((held * overall).sum())
    return 1 - float((held * np.log2(rates(learnt))).sum()) / alone if alone else math.nan


def held_out_auc(learnt: Array, held: Array) -> float:
    """The AUC in other rows of ranking them by their cells' shares of the second class.

    Args:
        learnt: Counts to rank the cells by, of shape (cells, 2).
        held: Counts to judge the ranking by.

    Returns:
        In [0, 1], ties counting half; NaN where the other rows have one class only.
    """
    score = rates(learnt)[:, 1]
    _, rank = np.unique(score, return_inverse=True)
    negative = np.bincount(rank, weights=held[:, 0])
    positive = np.bincount(rank, weights=held[:, 1])
    below = np.cumsum(negative) - negative / 2
    pairs = negative.sum() * positive.sum()
    return float((positive * below).sum() / pairs) if pairs else math.nan
