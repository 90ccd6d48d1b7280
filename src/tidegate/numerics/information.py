"""Mutual information of cells and label, adjusted for chance.

Everything is computed from tables of counts, cells by label classes. Chance is exact: if the label
were independent of the feature, every order of the labels would be equally likely, and the table
would be a draw from the multivariate hypergeometric distribution with the same margins. It is drawn
directly, so that the cost of a permutation grows with the table and not with the number of rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Final

import numpy as np

from tidegate.numerics.binning import Array

#: The number of seeded draws of the table under chance.
DRAWS: Final = 100
_SMOOTHING: Final = 10.0
_NORMAL: Final = NormalDist()


@dataclass(frozen=True)
class Dependence:
    """The information that cells have about a label.

    Attributes:
        bits: Mutual information less its mean under chance, at least 0.
        share: `bits` as a share of the most it could be, in [0, 1]: the label's entropy less the
            mean under chance (the adjusted mutual information of Vinh, Epps and Bailey, 2010). 1 if
            the cells determine the label; 0 on average if they are independent, for any number of
            cells.
        p: The probability of as much information by chance alone.
        floor: The share that chance alone exceeds with the requested probability `level`.
    """

    bits: float
    share: float
    p: float
    floor: float


def table(codes: Array, labels: Array, cells: int, classes: int) -> Array:
    """Count rows by cell and class, float64 of shape (cells, classes)."""
    flat = np.bincount(codes.astype(np.int64) * classes + labels, minlength=cells * classes)
    return flat.reshape(cells, classes).astype(float)


def entropy(counts: Array) -> float:
    """The entropy of a distribution given by counts, in bits."""
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log2(shares)).sum()) if len(shares) else 0.0


def mutual_information(counts: Array) -> float:
    """The mutual information of cells and classes, in bits.

    It is the plug-in estimate, from the counts as they are.
    """
    both = entropy(counts.sum(axis=1)) + entropy(counts.sum(axis=0)) - entropy(counts)
    return max(0.0, both)


def dependence(counts: Array, *, level: float, seed: int) -> Dependence:
    """Measure a table's information against chance.

    The draws give mean and variance of the information under chance; its tail is that of a gamma
    distribution with these (mutual information is asymptotically a multiple of chi-squared), by the
    approximation of Wilson and Hilferty (1931). So probabilities far below one in `DRAWS` can be
    computed.

    Args:
        counts: The table, of shape (cells, classes).
        level: The probability for `floor`.
        seed: The seed of the draws.
    """
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    if min(counts.shape, default=0) < 2:
        return Dependence(0.0, 0.0, 1.0, 0.0)
    found = mutual_information(counts)
    cells = tuple(sorted(int(n) for n in counts.sum(axis=1)))
    mean, variance = _moments(cells, tuple(int(n) for n in counts.sum(axis=0)), seed)
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


@lru_cache(maxsize=4096)
def _moments(cells: tuple[int, ...], classes: tuple[int, ...], seed: int) -> tuple[float, float]:
    """Mean and variance under chance; wide tables have many columns with the same margins."""
    drawn = _under_chance(cells, classes, seed)
    return float(drawn.mean()), float(drawn.var())


def _under_chance(cells: tuple[int, ...], classes: tuple[int, ...], seed: int) -> Array:
    """The information, in bits, of `DRAWS` tables with these margins."""
    generator = np.random.default_rng(seed)
    left = np.tile(np.array(classes, np.int64), (DRAWS, 1))
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
    rows = sum(cells)
    alone = entropy(np.array(cells)) + entropy(np.array(classes))
    known: Array = alone + joint / rows - np.log2(rows)
    return np.maximum(known, 0.0)


def _x_log_x(counts: Array) -> Array:
    product: Array = counts * np.log2(np.maximum(counts, 1))
    return product


def rates(counts: Array) -> Array:
    """The share of each class in each cell, smoothed.

    Ten rows with the shares of all rows are added to each cell. Without them, a cell of three rows
    would be too certain, and an empty one undefined.
    """
    overall = counts.sum(axis=0) / counts.sum()
    smoothed: Array = (counts + _SMOOTHING * overall) / (
        counts.sum(axis=1, keepdims=True) + _SMOOTHING
    )
    return smoothed


def explained(learnt: Array, held: Array) -> float:
    """The share of held-out label entropy that the cells explain.

    1 less the cross-entropy of the cells' shares over that of the shares of all rows. Negative if
    the learnt shares mislead.

    Args:
        learnt: The training counts, of shape (cells, classes).
        held: The held-out counts, of the same shape.

    Returns:
        At most 1; NaN if the held-out rows have one class only.
    """
    learnt = learnt + 1e-9
    overall = np.log2(learnt.sum(axis=0) / learnt.sum())
    alone = float((held * overall).sum())
    return 1 - float((held * np.log2(rates(learnt))).sum()) / alone if alone else math.nan


def held_out_auc(learnt: Array, held: Array) -> float:
    """The held-out AUC of ranking rows by their cells' class shares.

    The shares are those of the second class.

    Args:
        learnt: The training counts, which rank the cells, of shape (cells, 2).
        held: The held-out counts, which score the ranking.

    Returns:
        In [0, 1], ties counting half; NaN if the held-out rows have one class only.
    """
    score = rates(learnt)[:, 1]
    _, rank = np.unique(score, return_inverse=True)
    negative = np.bincount(rank, weights=held[:, 0])
    positive = np.bincount(rank, weights=held[:, 1])
    below = np.cumsum(negative) - negative / 2
    pairs = negative.sum() * positive.sum()
    return float((positive * below).sum() / pairs) if pairs else math.nan
