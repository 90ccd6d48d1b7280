"""Put distributions on common buckets, to draw two side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tidegate.statistics import FeatureSummary

#: A tail is cut if the range exceeds the middle 80 percent this many times.
_LONG_TAIL = 8.0
_BUCKETS = 20
#: From this number of quantiles on, they show a shape better than TFDV's ten equal buckets.
_FINE = 30


@dataclass(frozen=True)
class Buckets:
    """Shares of one or two distributions over the same buckets.

    Attributes:
        edges: The edges, ascending, one more than there are buckets.
        shares: For each distribution the share in every bucket, in [0, 1].
        ends: The least and the greatest value within the edges.
        cut_low: Whether the first bucket also holds everything below it.
        cut_high: Whether the last bucket also holds everything above it.
        whole: Whether the values are whole numbers, with edges between them.
    """

    edges: tuple[float, ...]
    shares: tuple[tuple[float, ...], ...]
    ends: tuple[float, float]
    cut_low: bool = False
    cut_high: bool = False
    whole: bool = False

    def label(self, index: int) -> tuple[float | None, float | None]:
        """The bounds of a bucket.

        They are equal if it is one value; None where it is open.
        """
        last, inset = len(self.edges) - 2, 0.5 if self.whole else 0.0
        low, high = self.edges[index] + inset, self.edges[index + 1] - inset
        if index == last:
            high = min(high, self.ends[1])
        return (
            None if index == 0 and self.cut_low else low,
            None if index == last and self.cut_high else high,
        )


def is_numeric(summary: FeatureSummary) -> bool:
    """Whether a histogram over numbers can be drawn."""
    return summary.type != "string" and summary.min is not None and math.isfinite(summary.min)


def buckets(*summaries: FeatureSummary) -> Buckets | None:
    """Put numeric distributions on common buckets of equal width.

    Within a bucket of the original histogram, values are taken as evenly spread. Long tails are
    folded into the outermost buckets, so that one outlier does not flatten the whole picture.

    Returns:
        The buckets; None if a summary has no finite values.
    """
    drawn = [_distribution(s) for s in summaries]
    known = [d for d in drawn if d is not None]
    if len(known) != len(drawn) or not known:
        return None
    low = min(float(d[0][0]) for d in known)
    high = max(float(d[0][-1]) for d in known)
    inner = [s.quantiles for s in summaries if len(s.quantiles) > 4]
    cut_low = cut_high = False
    if inner:
        tenth = min(_quantile(q, 0.1) for q in inner)
        ninetieth = max(_quantile(q, 0.9) for q in inner)
        width = ninetieth - tenth
        if width > 0 and high - low > _LONG_TAIL * width:
            cut_low, cut_high = low < tenth - width, high > ninetieth + width
            low, high = max(low, tenth - width), min(high, ninetieth + width)
    if high <= low:
        return Buckets((low, low), tuple((1.0,) for _ in known), (low, low))
    whole = all(s.type == "int" for s in summaries)
    if whole:
        low, high = math.floor(low), math.ceil(high)
        width = math.ceil((high - low + 1) / _BUCKETS)
        edges = low - 0.5 + width * np.arange(math.ceil((high - low + 1) / width) + 1)
    else:
        edges = np.linspace(low, high, _bucket_count(summaries) + 1)
    shares = []
    for knots, cumulative in known:
        at = np.interp(edges, knots, cumulative)
        at[0], at[-1] = 0.0, 1.0
        shares.append(tuple(float(x) for x in np.diff(at)))
    return Buckets(
        tuple(float(e) for e in edges), tuple(shares), (low, high), cut_low, cut_high, whole
    )


def _bucket_count(summaries: Sequence[FeatureSummary]) -> int:
    finest = max(max(len(s.histogram), len(s.quantiles) - 1) for s in summaries)
    return min(_BUCKETS, max(finest, 1))


def _quantile(edges: Sequence[float], at: float) -> float:
    return float(np.interp(at, np.linspace(0, 1, len(edges)), edges))


def _distribution(
    summary: FeatureSummary,
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]] | None:
    """Knots of the cumulative distribution: values and cumulative shares."""
    if not is_numeric(summary):
        return None
    if len(summary.quantiles) >= _FINE or not summary.histogram:
        values = np.asarray(summary.quantiles, float)
        cumulative = np.linspace(0, 1, len(values))
    else:
        counts = np.asarray([max(c, 0.0) for _, _, c in summary.histogram], float)
        if not counts.sum() > 0:
            return None
        values = np.asarray(
            [summary.histogram[0][0], *(high for _, high, _ in summary.histogram)], float
        )
        cumulative = np.concatenate([[0.0], np.cumsum(counts) / counts.sum()])
    usable = np.isfinite(values)
    values, cumulative = values[usable], cumulative[usable]
    return (np.maximum.accumulate(values), cumulative) if len(values) else None


@dataclass(frozen=True)
class ValueShare:
    """A value's share in one or two samples, each in [0, 1]."""

    value: str
    shares: tuple[float, ...]
    counts: tuple[int, ...]


def value_shares(*summaries: FeatureSummary, limit: int) -> tuple[tuple[ValueShare, ...], int]:
    """The most frequent values of any of the samples.

    Returns:
        At most `limit` values, ranked by the largest of their shares, and the number of other
        known values.
    """
    counts = [dict(s.top_values) for s in summaries]
    totals = [max(s.count, 1) for s in summaries]
    values = dict.fromkeys(v for top in counts for v in top)
    rows = [
        ValueShare(
            v,
            tuple(c.get(v, 0) / t for c, t in zip(counts, totals, strict=True)),
            tuple(c.get(v, 0) for c in counts),
        )
        for v in values
    ]
    rows.sort(key=lambda r: (-max(r.shares), r.value))
    known = max([len(rows), *(s.unique or 0 for s in summaries)])
    return tuple(rows[:limit]), known - len(rows[:limit])
