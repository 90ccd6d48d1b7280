"""Agreement of two columns of numbers in their order."""

from __future__ import annotations

import math

import numpy as np

from tidegate.numerics.binning import Array


def function_of(x: Array, y: Array, *, seed: int) -> float:
    """The degree to which `y` is a function of `x`.

    Chatterjee's coefficient (A new coefficient of correlation, JASA 2021), divided by the most it
    could be for these values of `y`: the ranks of `y` hardly jump between neighbours in `x`. Unlike
    a correlation it falls at once where `x` knows `y` up to some noise only.

    Args:
        x: Numbers of shape (rows,).
        y: Numbers of the same shape.
        seed: The seed of the order of rows with equal `x`.

    Returns:
        About 0 if they are independent, 1 if `y` is a function of `x`; NaN if `y` has one value.
    """
    ordered = np.sort(y)
    place = np.lexsort((np.random.default_rng(seed).random(len(x)), x))
    ranks = np.searchsorted(ordered, y[place], side="right")
    above = len(y) - np.searchsorted(ordered, y, side="left")
    scale = 2 * float((above * (len(y) - above)).sum())
    if not scale:
        return math.nan
    most = 1 - len(y) * float(np.abs(np.diff(np.sort(ranks))).sum()) / scale
    return (1 - len(y) * float(np.abs(np.diff(ranks)).sum()) / scale) / most if most > 0 else 0.0


def rank_correlation(x: Array, y: Array) -> float:
    """Spearman's coefficient; NaN if one of them has one value."""
    left, right = _middle_ranks(x), _middle_ranks(y)
    spread = float(left.std() * right.std())
    if not spread:
        return math.nan
    return float(((left - left.mean()) * (right - right.mean())).mean()) / spread


def _middle_ranks(values: Array) -> Array:
    ordered = np.sort(values)
    first = np.searchsorted(ordered, values, side="left")
    ranks: Array = (first + np.searchsorted(ordered, values, side="right")) / 2
    return ranks
