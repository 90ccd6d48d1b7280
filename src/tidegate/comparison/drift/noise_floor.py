"""Estimate how far apart two samples of one distribution are by chance.

The question a permutation test asks: if both samples came from one distribution, so that every
division of all their values into two groups of these sizes were as likely as any other, which
distance would be exceeded with probability `level`? With hundreds of features the level is a
hundred-thousandth, which no affordable number of random divisions reaches. So nothing is drawn:

- Jensen-Shannon is a sum over cells. Its mean over all divisions is exact, from each cell's
  hypergeometric distribution; its variance is exact but for the covariance of different cells,
  which is that of their normal approximation. A gamma distribution with these two moments gives
  the quantile. Where every cell is well filled, that is the known limit: (1/n + 1/m) / (8 ln 2)
  times a chi-square of one degree of freedom fewer than cells.
- L-infinity is a maximum over values. The probabilities that any one of them exceeds the limit add
  up to the level (Bonferroni over values), each by an approximation with the right variance and
  skewness, and half a count's correction.

Cells of numbers are cut from the baseline's own quantiles, so the baseline fills them evenly and
chance is in their borders; the moments are the same. What comes on top is in the moments: the
current span's least and greatest value lie beyond the baseline's, with a share of 1 / (m + 1) on
average; and where values are not counted, the outermost of the 100 buckets are interpolated.

`docs/thresholds.md` compares all this with simulated runs.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from tidegate.numerics.distances import FloatArray, Measure
from tidegate.numerics.quantiles import gamma_quantile
from tidegate.statistics.cells import Cells

#: Above this expected count in the smaller sample, the limit's moments are used for a cell.
_WELL_FILLED = 100.0
#: The number of values whose probabilities are added one by one; the rest count as the last one.
_LARGEST = 64
#: Mean and deviation of what interpolation in the outermost buckets adds to the divergence:
#: measured between halves of 40,000 to 400,000 normal and exponential values.
_GRAIN = (0.0005, 0.0006)


def noise_floor(
    measure: Measure, cells: Cells, *, n_current: int, n_baseline: int, level: float
) -> float | None:
    """The distance that chance alone exceeds with probability `level` at most.

    Args:
        measure: The distance measure.
        cells: The feature over cells.
        n_current: The size of one sample.
        n_baseline: The size of the other sample.
        level: The probability, in (0, 0.5].

    Returns:
        In [0, 1], or None if the cells are not comparable or a sample is empty.
    """
    if not cells.comparable or n_current <= 0 or n_baseline <= 0:
        return None
    if cells.numeric:
        pooled = cells.baseline / cells.baseline.sum() * (n_current + n_baseline)
    else:
        pooled = cells.baseline + cells.current
    if measure == "l_infinity":
        return l_infinity_floor(pooled, n_current, n_baseline, level)
    mean, variance = jensen_shannon_moments(pooled, n_current, n_baseline)
    if cells.numeric:
        mean += 1 / (n_baseline + 1)
        variance += (1 / n_baseline + 1 / n_current) / (2 * n_baseline)
    if cells.estimated:
        mean += _GRAIN[0]
        variance += _GRAIN[1] ** 2
    if mean <= 0 or variance <= 0:
        return 0.0
    return min(gamma_quantile(mean**2 / variance, level) * variance / mean, 1.0)


def jensen_shannon_moments(pooled: FloatArray, n: int, m: int) -> tuple[float, float]:
    """Mean and variance of the divergence between two random groups.

    Args:
        pooled: How often each value occurs in both groups together.
        n: The size of one group.
        m: The size of the other group.
    """
    counts = np.round(np.asarray(pooled, float))
    values, times = np.unique(counts[counts > 0], return_counts=True)
    return _moments(tuple(values.tolist()), tuple(times.tolist()), n, m)


@lru_cache(maxsize=4096)
def _moments(
    counts: tuple[float, ...], counted: tuple[int, ...], n: int, m: int
) -> tuple[float, float]:
    """The moments, from each count and how often it occurs; wide tables have many alike."""
    values, times = np.array(counts), np.array(counted)
    total = float((values * times).sum())
    if total <= 0:
        return 0.0, 0.0
    small, large = min(n, m), max(n, m)
    share = values / total
    scale = (1 / n + 1 / m) / (8 * math.log(2))
    mean = scale * (1 - share)
    variance = 2 * scale**2 * (1 - share) ** 2
    leaning = np.zeros(len(values))
    few = share * small <= _WELL_FILLED
    if few.any():
        mean[few], variance[few], leaning[few] = _of_cells(values[few], total, small, large)
    # Of each pair of cells, in the limit; and of all with the condition that they sum to n and m.
    pairs = 2 * scale**2 * (1 - (times * share**2).sum())
    condition = (times * leaning).sum() ** 2 * (n + m) / (n * m)
    whole = (times * variance).sum() + pairs
    return float((times * mean).sum()), float(max(whole - condition, 0.1 * whole))


def _of_cells(
    values: FloatArray, total: float, small: int, large: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean and variance of each cell's term, and covariance with its count.

    They are taken over the hypergeometric distribution of the count that falls into the smaller
    group.
    """
    expected = float(values.max()) * small / total
    most = min(math.ceil(expected + 10 * math.sqrt(expected) + 30), int(values.max()), small)
    inside = np.arange(most + 1.0)[None, :]
    value = values[:, None]
    possible = (inside <= value) & (inside <= small) & (inside >= small - (total - value))
    with np.errstate(divide="ignore", invalid="ignore"):
        # Each probability by its ratio to the one before it.
        ratio = np.log((value - inside).clip(0)) + np.log((small - inside).clip(0))
        ratio -= np.log(inside + 1) + np.log((total - value - small + inside + 1).clip(0))
    ratio = np.where(np.isfinite(ratio), ratio, 0.0)
    logs = np.concatenate([np.zeros((len(values), 1)), np.cumsum(ratio[:, :-1], axis=1)], axis=1)
    logs = np.where(possible, logs, -np.inf)
    chance = np.exp(logs - logs.max(axis=1, keepdims=True))
    chance /= chance.sum(axis=1, keepdims=True)
    term = _term(inside / small, (value - inside).clip(0) / large)
    mean = (chance * term).sum(axis=1)
    count = (chance * inside).sum(axis=1)
    variance = (chance * term**2).sum(axis=1) - mean**2
    return mean, variance.clip(0), (chance * term * inside).sum(axis=1) - mean * count


def _term(p: FloatArray, q: FloatArray) -> FloatArray:
    middle = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        first = np.where(p > 0, p * np.log2(p / middle), 0)
        second = np.where(q > 0, q * np.log2(q / middle), 0)
    term: FloatArray = (first + second) / 2
    return term


def l_infinity_floor(pooled: FloatArray, n: int, m: int, level: float) -> float:
    """The L-infinity distance that chance exceeds with probability `level`.

    Args:
        pooled: How often each value occurs in both groups together.
        n: The size of one group.
        m: The size of the other group.
        level: The probability, in (0, 0.5].
    """
    share = np.asarray(pooled, float) / np.sum(pooled)
    variance = share * (1 - share) * (1 / n + 1 / m)
    order = np.argsort(-variance, kind="stable")[: int((variance > 0).sum())]
    if not len(order):
        return 0.0
    largest = order[:_LARGEST]
    deviation = np.sqrt(variance[largest])
    third = share * (1 - share) * (1 - 2 * share) * (1 / n**2 - 1 / m**2)
    skewness = np.abs(third[largest]) / deviation**3
    weights = np.ones(len(largest))
    weights[-1] += len(order) - len(largest)
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        beyond = float((weights * _beyond(middle / deviation, skewness)).sum())
        low, high = (middle, high) if beyond > level else (low, middle)
    return min(high + (1 / n + 1 / m) / 4, 1.0)


def _beyond(distance: FloatArray, skewness: FloatArray) -> FloatArray:
    """The probability of lying more than `distance` deviations from the mean.

    It is that of a gamma distribution of this skewness, by Wilson and Hilferty's approximation.
    """
    shape = 4 / np.maximum(skewness, 1e-4) ** 2
    tails: FloatArray = np.zeros(len(distance))
    for sign in (1.0, -1.0):
        part = np.maximum(1 + sign * distance / np.sqrt(shape), 0.0)
        z = sign * 3 * np.sqrt(shape) * (np.cbrt(part) - 1 + 1 / (9 * shape))
        tails += [math.erfc(x / math.sqrt(2)) / 2 for x in z]
    return tails
