"""Count numbers exactly in bounded space.

A column with few distinct values has a count for each of them. With more, values are counted in
intervals whose ends are decimal numbers of `digits` significant digits: with two, those between 10
and 100 are [10, 11), [11, 12) and so on, those between 0.1 and 1 are [0.10, 0.11). The ends depend
on no data, and those with fewer digits are among those with more. So the counts of two samples can
always be brought to common intervals without an estimate, and counts of parts add up to those of
the whole, however it was divided.
"""

from __future__ import annotations

import functools
import itertools
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tidegate.core.text import ABOUT, exactly, number

Array: TypeAlias = NDArray[Any]
#: An interval with both ends included, and the number of values in it.
Bucket: TypeAlias = tuple[float, float, float]

#: `digits` where every value is counted for itself.
ALL_DIGITS: Final = 17
#: With more digits, the ends would not be whole multiples below 2^53.
_MOST_DIGITS: Final = 15
#: Powers of ten up to this one are exact floats, so that a quotient is the nearest float.
_EXACT_POWER: Final = 22
#: The most characters of a value that is written with all its digits.
_SHORT: Final = 9
#: Of the decades of positive floats; the first one is cut short at the least of them.
_EXPONENTS: Final = range(-324, 309)


@dataclass(frozen=True, eq=False)
class Counts:
    """The number of values in each of some intervals.

    Attributes:
        digits: The significant digits of the intervals' ends; `ALL_DIGITS` if each interval is one
            value.
        lows: The lower ends, included, ascending. Shape: (intervals,).
        counts: The values in each interval, at least one. Shape: (intervals,).
    """

    digits: int
    lows: Array
    counts: Array

    def __eq__(self, other: object) -> bool:
        """Whether the other has the same intervals and counts."""
        if not isinstance(other, Counts):
            return NotImplemented
        return (
            self.digits == other.digits
            and np.array_equal(self.lows, other.lows)
            and np.array_equal(self.counts, other.counts)
        )

    __hash__ = None  # type: ignore[assignment]

    @property
    def each(self) -> bool:
        """Whether every value is counted for itself."""
        return self.digits == ALL_DIGITS

    @property
    def total(self) -> int:
        """The number of values."""
        return int(self.counts.sum())

    @functools.cached_property
    def highs(self) -> Array:
        """The greatest float of each interval. Shape: (intervals,)."""
        return self.lows if self.each else _greatest(self.lows, self.digits)

    @property
    def buckets(self) -> tuple[Bucket, ...]:
        """The intervals as (least float, greatest float, count)."""
        columns = (self.lows.tolist(), self.highs.tolist(), self.counts.astype(float).tolist())
        return tuple(zip(*columns, strict=True))

    def finite(self) -> Counts:
        """The counts without infinities."""
        kept = np.isfinite(self.lows)
        return self if kept.all() else Counts(self.digits, self.lows[kept], self.counts[kept])

    def rounded(self, digits: int) -> Counts:
        """Count in intervals with ends of at most `digits` digits."""
        if digits >= self.digits or not len(self.lows):
            return self
        return _summed(_ends_below(self.lows, digits), self.counts, digits)

    def within(self, most: int) -> Counts:
        """Count with as many digits as give at most `most` intervals; with one at least."""
        if len(self.lows) <= most:
            return self
        # Some of the values may already be too many.
        some = self.lows[:: max(1, len(self.lows) // (2 * most))]
        few, many, found = 0, min(self.digits, _MOST_DIGITS + 1), self
        while many - few > 1:
            middle = (few + many) // 2
            fits = middle == 1 or _distinct(_ends_below(some, middle)) <= most
            rounded = self.rounded(middle) if fits else self
            if middle == 1 or len(rounded.lows) <= most:
                few, found = middle, rounded
            else:
                many = middle
        return found

    def quantiles(self, ranks: Sequence[float]) -> list[float]:
        """The values that a share of `ranks` of the values precedes, as TFDV takes them.

        Of n ascending values those of index floor(rank n), or the last; the lower end of its
        interval, unless each value is counted. There must be values.
        """
        reached = np.cumsum(self.counts)
        wanted = np.floor(np.asarray(ranks) * reached[-1])
        places = reached.searchsorted(wanted, side="right").clip(max=len(self.lows) - 1)
        return [float(value) for value in self.lows[places]]


EMPTY: Final = Counts(ALL_DIGITS, np.zeros(0), np.zeros(0, np.int64))


def count(values: Array, most: int) -> Counts:
    """Count values in at most `most` intervals.

    Args:
        values: Numbers without NaN, of shape (n,).
        most: The most intervals; more only if one digit gives more.
    """
    if not len(values):
        return EMPTY
    # Negative zero is zero.
    ascending = np.sort(np.asarray(values, np.float64) + 0.0)
    first = np.flatnonzero(np.r_[True, ascending[1:] != ascending[:-1]])
    return Counts(ALL_DIGITS, ascending[first], np.diff(np.r_[first, len(ascending)])).within(most)


def add(first: Counts, second: Counts, most: int) -> Counts:
    """Count two samples as one, in at most `most` intervals.

    The result does not depend on how the values were divided into the two.
    """
    first, second = alike(first, second)
    if not len(first.lows) or not len(second.lows):
        return second if not len(first.lows) else first
    lows = np.concatenate([first.lows, second.lows])
    counts = np.concatenate([first.counts, second.counts])
    order = np.argsort(lows, kind="stable")
    return _summed(lows[order], counts[order], first.digits).within(most)


def alike(first: Counts, second: Counts) -> tuple[Counts, Counts]:
    """Count two samples with the same number of digits, the most that both know."""
    digits = min(first.digits, second.digits)
    return first.rounded(digits), second.rounded(digits)


def _summed(ascending: Array, counts: Array, digits: int) -> Counts:
    first = np.flatnonzero(np.r_[True, ascending[1:] != ascending[:-1]])
    return Counts(digits, ascending[first], np.add.reduceat(counts, first))


def _distinct(ascending: Array) -> int:
    return 1 + int(np.count_nonzero(ascending[1:] != ascending[:-1]))


def _ends_below(values: Array, digits: int) -> Array:
    """The lower end of the interval of each of ascending values."""
    lows = values.copy()
    for part, places in _decades(values, digits):
        lows[part] = _ends(_floored(values[part], places), places)
    # The end below the least finite floats would be infinite.
    return np.where(np.isfinite(values), np.maximum(lows, -sys.float_info.max), lows)


def _greatest(lows: Array, digits: int) -> Array:
    """The greatest float of each interval, given the lower ends."""
    highs = lows.copy()
    for part, places in _decades(lows, digits):
        highs[part] = np.nextafter(_ends(_floored(lows[part], places) + 1, places), -np.inf)
    # Of the least floats, several decimal numbers are one.
    return np.maximum(lows, highs)


def _decades(values: Array, digits: int) -> Iterator[tuple[slice, int]]:
    """Cut ascending values where the width of the intervals changes.

    Yields the place of each part, and how many decimal places its intervals have. An interval
    includes its lower end, so 10 begins the decade of 10 to 100, and -10 ends that of -100 to -10.
    Zero and infinities are in no part; their intervals are one value.
    """
    ends, exponents = _powers()
    cuts = [*np.asarray(np.searchsorted(values, ends)).tolist(), len(values)]
    for start, stop, exponent in zip(cuts[:-1], cuts[1:], exponents, strict=True):
        if start < stop and exponent is not None:
            yield slice(start, stop), digits - 1 - exponent


@functools.cache
def _powers() -> tuple[Array, list[int | None]]:
    """The lower ends of all decades, ascending, and the exponent of each."""
    sizes = [float(f"1e{e}") for e in _EXPONENTS[1:]]
    negative = [-math.inf, -sys.float_info.max, *(-size for size in reversed(sizes))]
    ends = [*negative, 0.0, math.ulp(0.0), *sizes, math.inf]
    return np.array(ends), [None, *reversed(_EXPONENTS), None, *_EXPONENTS, None]


def _floored(values: Array, places: int) -> Array:
    """The multiple of 10^-places at or below each value."""
    if abs(places) > _EXACT_POWER:
        context = Context(prec=800)
        scaled = (Decimal(v).scaleb(places, context) for v in values.tolist())
        k = np.array([float(d.to_integral_value(ROUND_FLOOR)) for d in scaled])
    else:
        power = 10.0 ** abs(places)
        k = np.floor(values * power if places >= 0 else values / power)
    # The product is rounded, and so are the ends, which are what counts.
    k = np.where(_ends(k + 1, places) <= values, k + 1, k)
    result: Array = np.where(_ends(k, places) > values, k - 1, k)
    return result


def _ends(k: Array, places: int) -> Array:
    """The float nearest to k 10^-places, for each k."""
    if abs(places) > _EXACT_POWER:
        return np.array([float(f"{int(n)}e{-places}") for n in k.tolist()])
    power = 10.0 ** abs(places)
    result: Array = k / power if places >= 0 else k * power
    return result


def between(low: float, high: float) -> float:
    """The number with the fewest digits above `low` and at most `high`.

    Args:
        low: Excluded; may be minus infinity.
        high: Included; finite, above `low`.
    """
    if not math.isfinite(low) or low < 0 <= high:
        return high if not math.isfinite(low) else 0.0
    top = Decimal(high)
    exponent = max(top.adjusted(), Decimal(low).adjusted()) + 1
    context = Context(prec=800, rounding=ROUND_CEILING)
    while exponent > -400:
        step = Decimal((0, (1,), exponent))
        multiple = (context.divide(top, step)).to_integral_value(ROUND_FLOOR)
        found = float(context.multiply(multiple, step))
        if low < found <= high:
            return found
        exponent -= 1
    return high


def _value(value: float, beside: Sequence[float]) -> str:
    """A value in few digits; one that is rounded is marked, and differs from those beside it."""
    whole = exactly(value)
    if len(whole) <= _SHORT:
        return whole
    for digits in range(4, ALL_DIGITS):
        written = number(value, digits)
        if all(number(other, digits) != written for other in beside):
            return ABOUT + written
    return whole


def labels(edges: Array, lows: Array, highs: Array, *, whole: bool) -> list[str]:
    """The labels of the cells between edges, from below the first to above the last.

    Each tells exactly which of the counted values its cell holds, in as few digits as do. A single
    value with many digits is rounded, and marked.

    Args:
        edges: Ascending; each belongs to the cell below it.
        lows: The lower ends of the counted intervals, none of which an edge divides; ascending.
        highs: Their upper ends.
        whole: Whether all values are whole numbers.
    """
    if not len(edges):
        return ["any"]
    reached = np.asarray(np.searchsorted(highs, edges, "right")).tolist()
    ends = [
        (
            float(highs[i - 1]) if i else -math.inf,
            between(highs[i - 1] if i else -math.inf, lows[i]) if i < len(lows) else math.inf,
        )
        for i in reached
    ]
    found = [f"below {exactly(ends[0][1])}"]
    for (begin, end), (_, start), (last, stop) in zip(
        itertools.pairwise(reached), ends, ends[1:], strict=False
    ):
        if end - begin == 1 and lows[begin] == last:
            found.append(_value(last, [*highs[:begin][-1:], *lows[end:][:1]]))
        elif not math.isfinite(stop):
            found.append(f"{exactly(start)} to {exactly(last)}")
        elif whole:
            found.append(f"{exactly(start)} to {exactly(stop - 1)}")
        else:
            found.append(f"{exactly(start)} to below {exactly(stop)}")
    last, stop = ends[-1]
    return [*found, f"{exactly(stop)} or more" if math.isfinite(stop) else f"above {exactly(last)}"]
