"""Put distributions on common buckets, to draw two side by side."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.core.text import exactly
from tidegate.numerics.counts import Counts

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
        estimated: Whether the shares are interpolated between quantiles, not counted.
    """

    edges: tuple[float, ...]
    shares: tuple[tuple[float, ...], ...]
    ends: tuple[float, float]
    cut_low: bool = False
    cut_high: bool = False
    whole: bool = False
    estimated: bool = False

    def label(self, index: int) -> str:
        """The values that a bucket holds, in words."""
        last, inset = len(self.edges) - 2, 0.5 if self.whole else 0.0
        low, high = self.edges[index] + inset, self.edges[index + 1] - inset
        below, above = index == 0 and self.cut_low, index == last and self.cut_high
        if below and above:
            return "any"
        if below:
            return f"{exactly(high)} or less" if self.whole else f"below {exactly(high)}"
        if above:
            return f"{exactly(low)} or more"
        if low == high:
            return exactly(low)
        to = "to" if self.whole or index == last else "to below"
        return f"{exactly(low)} {to} {exactly(high)}"


def is_numeric(summary: FeatureSummary) -> bool:
    """Whether a histogram over numbers can be drawn."""
    return summary.type != "string" and summary.min is not None and math.isfinite(summary.min)


def buckets(*summaries: FeatureSummary) -> Buckets | None:
    """Put numeric distributions on common buckets of equal width.

    Long tails are folded into the outermost buckets, so that one outlier does not flatten the whole
    picture. The shares are exact where the statistics count the numbers; else values are taken as
    evenly spread between quantiles.

    Returns:
        The buckets; None if a summary has no finite values.
    """
    counted = [s.counts for s in summaries if s.counts is not None]
    if len(counted) < len(summaries):
        return _interpolated(summaries)
    digits = min((c.digits for c in counted), default=0)
    finite = [c.rounded(digits).finite() for c in counted]
    if not finite or not all(c.total for c in finite):
        return None
    whole = all(s.is_whole for s in summaries)
    low = min(float(c.lows[0]) for c in finite)
    high = max(float(c.highs[-1]) for c in finite)
    if low == high:
        return Buckets((low, low), tuple((1.0,) for _ in finite), (low, low))
    inner = [(tenth, ninetieth) for tenth, ninetieth in (c.quantiles([0.1, 0.9]) for c in finite)]
    low, high, cut_low, cut_high = _without_tails(low, high, inner)
    edges = _round_edges(low, high, finite, whole=whole)
    shares = [_shares(c, edges) for c in finite]
    inset = 0.5 if whole else 0.0
    return Buckets(
        tuple(float(e) - inset for e in edges),
        tuple(shares),
        (float(edges[0]), float(edges[-1]) - 2 * inset),
        cut_low,
        cut_high,
        whole,
    )


def _without_tails(
    low: float, high: float, inner: Sequence[tuple[float, float]]
) -> tuple[float, float, bool, bool]:
    """The drawn range, and whether it is cut at either end.

    Args:
        low: The least value.
        high: The greatest value.
        inner: The 10th and the 90th percentile of each distribution.
    """
    tenth, ninetieth = min(a for a, _ in inner), max(b for _, b in inner)
    width = ninetieth - tenth
    if not (width > 0 and high - low > _LONG_TAIL * width):
        return low, high, False, False
    cut_low, cut_high = low < tenth - width, high > ninetieth + width
    return max(low, tenth - width), min(high, ninetieth + width), cut_low, cut_high


def _round_edges(low: float, high: float, counted: Sequence[Counts], *, whole: bool) -> Any:
    """Edges of about 20 buckets at round numbers, which divide no counted interval."""
    least = Decimal(max(high / _BUCKETS - low / _BUCKETS, math.ulp(0.0)))
    for step in (
        Decimal((0, (m,), e)) for e in itertools.count(least.adjusted()) for m in (1, 2, 5)
    ):
        if step < least or (whole and step < 1):
            continue
        first = (Decimal(low) / step).to_integral_value(ROUND_FLOOR)
        last = (Decimal(high) / step).to_integral_value(ROUND_FLOOR) + 1
        edges = np.array([float((first + i) * step) for i in range(int(last - first) + 1)])
        places = [[np.searchsorted(edges, x, "right") for x in (c.lows, c.highs)] for c in counted]
        if all(np.array_equal(a, b) for a, b in places):
            return edges
    raise AssertionError  # A step beyond all values divides none.


def _shares(counts: Counts, edges: Any) -> tuple[float, ...]:
    place = np.searchsorted(edges, counts.lows, "right") - 1
    sums = np.bincount(place.clip(0, len(edges) - 2), counts.counts, len(edges) - 1)
    return tuple(float(x) for x in sums / counts.total)


def _interpolated(summaries: Sequence[FeatureSummary]) -> Buckets | None:
    drawn = [_distribution(s) for s in summaries]
    known = [d for d in drawn if d is not None]
    if len(known) != len(drawn) or not known:
        return None
    low = min(float(d[0][0]) for d in known)
    high = max(float(d[0][-1]) for d in known)
    cut_low = cut_high = False
    if inner := [s.quantiles for s in summaries if len(s.quantiles) > 4]:
        percentiles = [(_quantile(q, 0.1), _quantile(q, 0.9)) for q in inner]
        low, high, cut_low, cut_high = _without_tails(low, high, percentiles)
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
    ends = tuple(float(e) for e in edges)
    return Buckets(ends, tuple(shares), (low, high), cut_low, cut_high, whole, estimated=True)


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
    """A value's share in one or two samples.

    Attributes:
        value: The value.
        shares: Each in [0, 1]; NaN where the statistics do not list the value.
        counts: The number of times it occurs; None where that is not known.
        estimated: Whether the counts are upper bounds.
    """

    value: str
    shares: tuple[float, ...]
    counts: tuple[int | None, ...]
    estimated: bool = False


def value_shares(*summaries: FeatureSummary, limit: int) -> tuple[tuple[ValueShare, ...], int]:
    """The most frequent values of any of the samples.

    Returns:
        At most `limit` values, ranked by the largest of their shares, and the number of other
        known values.
    """
    listed = [dict(s.top_values) for s in summaries]
    # A value that a whole list lacks does not occur.
    rest = [
        0 if sum(c.values()) >= s.count else None for c, s in zip(listed, summaries, strict=True)
    ]
    rows = []
    for value in dict.fromkeys(v for top in listed for v in top):
        counts = tuple(c.get(value, r) for c, r in zip(listed, rest, strict=True))
        shares = tuple(
            math.nan if n is None else n / max(s.count, 1)
            for n, s in zip(counts, summaries, strict=True)
        )
        rows.append(ValueShare(value, shares, counts, any(s.sketched for s in summaries)))
    rows.sort(key=lambda r: (-max(s for s in r.shares if not math.isnan(s)), r.value))
    known = max([len(rows), *(s.unique or 0 for s in summaries)])
    return tuple(rows[:limit]), known - len(rows[:limit])
