"""Find the pattern of a feature's differences: unit, offset, rounding, case."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final

from tidegate.comparison.skew.database import Database
from tidegate.comparison.skew.equality import Comparison
from tidegate.core.text import count as count_of
from tidegate.core.text import number, percent
from tidegate.numerics.units import FACTORS

#: The share of the differing values that a pattern must explain.
MOST: Final = 0.95
#: The fewest distinct values; fewer follow many patterns by chance.
_LEAST_VALUES: Final = 3
#: The allowed relative error of a value predicted by a factor.
_NEAR: Final = 0.005
_DECIMALS: Final = (0, 1, 2, 3)

_FOLDED: Final = "trim(regexp_replace(lower({}), '\\s+', ' ', 'g'))"


def pattern(database: Database, how: Comparison) -> str:
    """Describe the first pattern that fits 95 % of the mismatched pairs.

    Args:
        database: The database with the table `pairs`.
        how: How the feature is compared.

    Returns:
        The pattern in words; empty if no pattern fits.
    """
    found: Callable[[Database, Comparison], Iterator[tuple[str, float]]]
    found = {"number": _of_numbers, "time": _of_times, "text": _of_texts}[how.kind]
    for phrase, share in found(database, how):
        if share >= MOST:
            return f"{phrase} in {percent(share)} of the values that differ"
    return ""


def _of_texts(database: Database, how: Comparison) -> Iterator[tuple[str, float]]:
    a, b = how.a, how.b
    spelling = f"{_FOLDED.format(a)} = {_FOLDED.format(b)}"
    numbers = f"TRY_CAST({a} AS DOUBLE) = TRY_CAST({b} AS DOUBLE)"
    offset = f"epoch(TRY_CAST({b} AS TIMESTAMP)) - epoch(TRY_CAST({a} AS TIMESTAMP))"
    of, spelt, same, times = database.row(
        f"SELECT count(*), count(*) FILTER (WHERE {spelling}), count(*) FILTER (WHERE {numbers}), "  # noqa: S608
        f"count({offset}) FROM pairs WHERE {how.mismatched}"
    )
    if not of:
        return
    yield "differs in upper and lower case or spaces only", spelt / of
    yield "is the same number, written otherwise", same / of
    if times >= MOST * of:
        yield from _offset(database, how, offset)


def _of_times(database: Database, how: Comparison) -> Iterator[tuple[str, float]]:
    yield from _offset(database, how, f"epoch({how.b}) - epoch({how.a})")


def _offset(database: Database, how: Comparison, offset: str) -> Iterator[tuple[str, float]]:
    seconds, share = database.row(
        f"SELECT mode(d), count(*) FILTER (WHERE d = (SELECT mode({offset}) FROM pairs "  # noqa: S608
        f"WHERE {how.mismatched})) / count(*) FROM "
        f"(SELECT {offset} AS d FROM pairs WHERE {how.mismatched})"
    )
    if seconds:
        side = "later" if seconds > 0 else "earlier"
        yield f"serving is {timedelta(seconds=abs(seconds))} {side}", share


def _of_numbers(database: Database, how: Comparison) -> Iterator[tuple[str, float]]:
    pairs = f"(SELECT {how.a} AS a, {how.b} AS b FROM pairs WHERE {how.mismatched})"  # noqa: S608
    rounded = [f"count(*) FILTER (WHERE abs(round(a, {k}) - b) < 1e-9)" for k in _DECIMALS]
    of, distinct, ratio, offset, *counts = database.row(
        "SELECT count(*), approx_count_distinct(a), "  # noqa: S608
        "median(b / a) FILTER (WHERE a <> 0 AND isfinite(b / a)), "
        f"median(b - a) FILTER (WHERE isfinite(b - a)), {', '.join(rounded)} FROM {pairs}"
    )
    if not of:
        return
    for decimals, count in zip(_DECIMALS, counts, strict=True):
        digits = count_of(decimals, "decimal") if decimals else "whole numbers"
        yield f"serving is rounded to {digits}", count / of
    if distinct < _LEAST_VALUES or ratio is None or offset is None:
        return
    # What is rounded to whole numbers lies within a half of its place.
    slack = "0.5 * (abs(b) >= 20)::INTEGER" if how.whole else "0"
    scaled = f"abs(b - {ratio!r} * a) <= {_NEAR} * abs({ratio!r} * a) + {slack}"
    moved = f"abs(b - a - {offset!r}) <= 1e-6 * greatest(abs(a), abs(b))"
    times, plus = database.row(
        f"SELECT count(*) FILTER (WHERE {scaled}), count(*) FILTER (WHERE {moved}) "  # noqa: S608
        f"FROM {pairs}"
    )
    if abs(ratio - 1) > _NEAR and abs(ratio) > 0:
        yield f"serving is {number(ratio)} times training{_unit(ratio)}", times / of
    if offset:
        sign = "+" if offset > 0 else ""
        yield f"serving is training {sign}{number(offset)}", plus / of


def _unit(ratio: float) -> str:
    """Name the unit conversions that match a factor."""
    known = [(f"{a} to {b}", f) for a, b, f in FACTORS]
    known += [(f"{b} to {a}", 1 / f) for a, b, f in FACTORS]
    fits = [name for name, f in known if math.isclose(f, ratio, rel_tol=_NEAR)]
    return f" (as from {' or '.join(fits)})" if fits else ""
