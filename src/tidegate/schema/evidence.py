"""Derive bounds for a column from spans, with figures and reasons.

A bound that the next span trips for no reason is worse than none. So no bound is as tight as the
data, and some need several spans, since spans differ by more than chance.

- **Missing, never seen**: none of n rows is missing; with 95 % confidence fewer than 3/n are (the
  rule of three: Hanley and Lippman-Hand, "If nothing goes wrong, is everything all right?", JAMA
  1983). Allowed is that or 1 %, whichever is more.
- **Missing, seen**: the upper end of Wilson's 95 % interval (1927) in the worst span, and beyond
  it twice as much as the spans differ, or a tenth of the rows, whichever is more. Needs three
  spans; with fewer it is judged against the span before instead.
- **Unseen values**: the chance that the next value is one never seen is about the share of values
  seen once (Good, "The population frequencies of species", 1953). Allowed is the upper end of its
  interval (3/n where none was seen once) or 1 %, whichever is more.
- **Range**: the least and greatest value, and beyond them twice their distance; zero stays the
  lower end where every span begins with it. Needs three spans, and extremes that lie no further
  out than the middle 98 % of the values is wide: otherwise the next extreme may lie anywhere.

The twos are measured: of New York's departures of 2013, learnt from every 3, 4 and 6 months in a
row and tried on all months after them, none of 1,314 ranges and none of 831 shares was tripped
(with one in place of two: one range and six shares), while kelvin for Fahrenheit, metres for miles,
and -999 and 9999 for a missing value (except in `distance`) are beyond them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from tidegate.core.errors import SchemaError
from tidegate.core.text import number, percent
from tidegate.numerics.intervals import wilson
from tidegate.statistics.model import FeatureSummary, Statistics
from tidegate.statistics.row_names import row_name

#: The fewest spans for bounds that vary from span to span.
MIN_SPANS: Final = 3
#: Share of rows in which a column that has never been empty may be empty.
MAX_MISSING: Final = 0.01
#: Share of a span's values that may lie outside a domain: a new airport with a few flights passes.
MAX_UNSEEN: Final = 0.01
#: The least additional share of missing rows that is allowed beyond the worst span.
MARGIN: Final = 0.1
#: How far a bound lies beyond the observed values, as a multiple of the observed differences.
BEYOND: Final = 2
#: Shares are rounded to this many decimals and values to as many digits, so that people can read
#: them; always outwards.
_DIGITS: Final = 3
_RULE_OF_THREE: Final = 3


@dataclass(frozen=True)
class Bound:
    """A bound that evidence suggests.

    Attributes:
        column: The column.
        kind: `presence`, `domain` or `range`.
        low: The least share of rows or values, or the least value.
        high: The greatest share or value; infinite if there is none.
        because: The supporting figures, in one sentence.
    """

    column: str
    kind: str
    low: float
    high: float
    because: str


@dataclass(frozen=True)
class Seen:
    """A value's count and the spans it occurs in."""

    count: int
    spans: tuple[str, ...]


@dataclass(frozen=True)
class Evidence:
    """One column in all spans.

    Attributes:
        name: The column.
        summaries: The summaries by span, for the spans that have the column.
        absent: The spans without the column.
    """

    name: str
    summaries: Mapping[str, FeatureSummary]
    absent: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """The rows of the spans that have the column."""
        return sum(s.rows for s in self.summaries.values())

    @property
    def count(self) -> int:
        """The rows with a value."""
        return sum(s.count for s in self.summaries.values())

    @property
    def missing(self) -> int:
        """The rows without a value."""
        return self.rows - self.count

    @property
    def populated(self) -> dict[str, FeatureSummary]:
        """The summaries of spans in which the column has a value."""
        return {span: s for span, s in self.summaries.items() if s.count}

    @cached_property
    def values(self) -> dict[str, Seen]:
        """The values of a string column, the most frequent first."""
        counts: dict[str, int] = {}
        spans: dict[str, list[str]] = {}
        for span, summary in self.summaries.items():
            for value, count in summary.top_values:
                counts[value] = counts.get(value, 0) + count
                spans.setdefault(value, []).append(span)
        order = sorted(counts, key=lambda v: (-counts[v], v))
        return {v: Seen(counts[v], tuple(spans[v])) for v in order}

    @property
    def kind(self) -> str:
        """The type: `int`, `float` or `string`.

        A mix of whole and other numbers is `float`; whole numbers are `int` once a span has them
        as such, however other spans write them.

        Raises:
            SchemaError: the column is text in one span and numbers in another.
        """
        by_kind = {s.type: span for span, s in self.populated.items()}
        if "string" in by_kind and len(by_kind) > 1:
            other = next(k for k in by_kind if k != "string")
            raise SchemaError(
                f"column {self.name!r} is string in {by_kind['string']} and {other} in "
                f"{by_kind[other]}; name it in features.categorical, or fix the source"
            )
        if not by_kind:
            return "string"
        if len(by_kind) > 1:
            return "int" if self.is_whole else "float"
        return next(iter(by_kind))

    @property
    def is_whole(self) -> bool:
        """Whether all values of all spans are whole numbers, however they are written."""
        return all(summary.is_whole for summary in self.populated.values())

    def presence(self) -> Bound | None:
        """The required share of rows with a value.

        None if the evidence does not suffice.
        """
        if not self.rows:
            return None
        if not self.missing:
            upper = min(1.0, _RULE_OF_THREE / self.rows)
            low = _down(1 - max(MAX_MISSING, upper))
            because = f"never missing in {self.rows:,} rows: fewer than {percent(upper)} are (95 %)"
            return Bound(self.name, "presence", low, 1.0, because)
        if len(self.summaries) < MIN_SPANS:
            return None
        shares = [s.missing_fraction for s in self.summaries.values()]
        upper = max(wilson(s.missing_fraction, s.rows)[1] for s in self.summaries.values())
        allowed = upper + max(MARGIN, BEYOND * (max(shares) - min(shares)))
        if allowed >= 1:
            return None
        because = (
            f"missing in {self.missing:,} of {self.rows:,} rows, {percent(min(shares))} to "
            f"{percent(max(shares))} a span, at most {percent(upper)} of the worst (95 %): "
            f"{percent(allowed)} are allowed"
        )
        return Bound(self.name, "presence", _down(1 - allowed), 1.0, because)

    def mass(self) -> Bound:
        """The required share of values among the values seen."""
        once = sum(seen.count == 1 for seen in self.values.values())
        upper = wilson(once / self.count, self.count)[1] if once else _RULE_OF_THREE / self.count
        allowed = min(1.0, max(MAX_UNSEEN, upper))
        because = (
            f"{len(self.values):,} values in {self.count:,} rows, {once:,} of them once: the next "
            f"is one never seen with a chance below {percent(upper)} (95 %); {percent(allowed)} "
            "are allowed"
        )
        return Bound(self.name, "domain", _down(1 - allowed), 1.0, because)

    def range(self) -> Bound | None:
        """The least and greatest number; None without enough evidence.

        Running numbers and times have no range.
        """
        found = list(self.populated.values())
        if len(found) < MIN_SPANS or self.kind == "string" or all(map(row_name, found)):
            return None
        lows, highs = [s.min for s in found], [s.max for s in found]
        edges = [s.quantiles for s in found if len(s.quantiles) == 101]
        if len(edges) < len(found) or None in lows or None in highs:
            return None
        low, high = min(v for v in lows if v is not None), max(v for v in highs if v is not None)
        inner_low, inner_high = min(e[1] for e in edges), max(e[99] for e in edges)
        middle = inner_high - inner_low
        if not all(map(math.isfinite, (low, high, middle))) or low == high:
            return None
        if max(high - inner_high, inner_low - low) > middle:
            return None
        reach = BEYOND * (high - low)
        begin = 0.0 if all(v == 0 for v in lows) else _outwards(low - reach, math.floor)
        because = (
            f"from {number(low)} to {number(high)} in {self.count:,} values of {len(found)} spans, "
            f"the middle 98 % from {number(inner_low)} to {number(inner_high)}"
        )
        return Bound(self.name, "range", begin, _outwards(high + reach, math.ceil), because)


def gather(spans: Sequence[Statistics]) -> dict[str, Evidence]:
    """Gather the evidence for every column of any span.

    The columns of the newest (last) span come first.
    """
    by_span = {s.span: s.features() for s in spans}
    if len(by_span) < len(spans):
        raise SchemaError("the same span is given twice; evidence counts every span once")
    names = dict.fromkeys(name for s in reversed(by_span) for name in by_span[s])
    return {
        name: Evidence(
            name,
            {span: columns[name] for span, columns in by_span.items() if name in columns},
            tuple(span for span, columns in by_span.items() if name not in columns),
        )
        for name in names
    }


def _down(share: float) -> float:
    scale = 10**_DIGITS
    return float(math.floor(share * scale + 1e-9) / scale)


def _outwards(value: float, rounded: Callable[[float], int]) -> float:
    if value == 0:
        return 0.0
    digits = _DIGITS - 1 - math.floor(math.log10(abs(value)))
    return float(round(rounded(round(value * 10.0**digits, 6)) / 10.0**digits, max(digits, 0)))
