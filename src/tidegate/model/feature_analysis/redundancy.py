"""Find columns with the same information, by entropy and ranks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from tidegate.model.feature_analysis.result import Pair
from tidegate.numerics.binning import Array, Coded
from tidegate.numerics.information import entropy

#: The most columns compared with each other, the most informative ones: 1,225 pairs.
MAX_PAIRED: Final = 50
#: The most rows that are counted for a pair.
MAX_ROWS: Final = 100_000
#: One column explains nine tenths of the other's entropy: the rest is rounding or noise.
EXPLAINED: Final = 0.9
#: Ranks that share nine tenths of their variance (0.95 squared).
CORRELATED: Final = 0.95
_LOG2: Final = float(np.log(2))


def redundant(columns: Sequence[Coded]) -> tuple[Pair, ...]:
    """Find pairs of columns that explain each other.

    One explains at least `EXPLAINED` of the other's entropy, or their ranks correlate by at least
    `CORRELATED`.

    Args:
        columns: At most `MAX_PAIRED`, the most informative first, each of at least two cells.

    Returns:
        The closest pairs first.
    """
    rows = min((len(c.codes) for c in columns), default=0)
    # Rows are in the order of the source: every n-th of them, so that all times are in it.
    step = -(-rows // MAX_ROWS)
    codes = [np.ascontiguousarray(c.codes[::step]) for c in columns]
    alone = [_counts(code, c.cells) for code, c in zip(codes, columns, strict=True)]
    correlation = _rank_correlation(columns, codes)
    found = []
    for i, first in enumerate(columns):
        for j in range(i + 1, len(columns)):
            shared = _shared(codes[i], codes[j], alone[i], alone[j])
            explained = [min(1.0, shared / (entropy(a) or 1.0)) for a in (alone[j], alone[i])]
            near = correlation.get((i, j))
            if max(explained) >= EXPLAINED or (near is not None and abs(near) >= CORRELATED):
                first_name, other = first.name, columns[j].name
                if explained[1] > explained[0]:
                    first_name, other = other, first_name
                found.append(Pair(first_name, other, max(explained), min(explained), near))
    return tuple(sorted(found, key=lambda p: -max(p.explained, abs(p.rank_correlation or 0.0))))


def _counts(codes: Array, cells: int) -> Array:
    return np.bincount(codes, minlength=cells).astype(float)


def _shared(first: Array, second: Array, one: Array, two: Array) -> float:
    """Mutual information in bits, corrected for its bias (Miller, 1955)."""
    both = np.bincount(first * len(two) + second, minlength=len(one) * len(two)).astype(float)
    occupied = [np.count_nonzero(c) for c in (one, two, both)]
    bias = (occupied[2] - occupied[0] - occupied[1] + 1) / (2 * len(first) * _LOG2)
    return max(0.0, entropy(one) + entropy(two) - entropy(both) - bias)


def _rank_correlation(
    columns: Sequence[Coded], codes: Sequence[Array]
) -> dict[tuple[int, int], float]:
    """Spearman's coefficient of ordered columns, by their places.

    Only rows with both values count.
    """
    ordered = [i for i, c in enumerate(columns) if c.ordered]
    if not ordered:
        return {}
    ranks, there = [], []
    for i in ordered:
        present = codes[i] < columns[i].cells - (columns[i].missing > 0)
        counts = _counts(codes[i][present], columns[i].cells)
        # Rows of a cell share the mean of their ranks.
        middle = (np.cumsum(counts) - counts / 2) / max(counts.sum(), 1) - 0.5
        ranks.append(np.where(present, middle[codes[i]], 0.0))
        there.append(present)
    r, t = np.array(ranks), np.array(there, float)
    n = t @ t.T
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = r @ t.T / n
        square = (r * r) @ t.T / n - mean**2
        value = (r @ r.T / n - mean * mean.T) / np.sqrt(square * square.T)
    return {
        (i, j): float(np.clip(value[a, b], -1, 1))
        for a, i in enumerate(ordered)
        for b, j in enumerate(ordered)
        if i < j and n[a, b] > 1 and np.isfinite(value[a, b])
    }
