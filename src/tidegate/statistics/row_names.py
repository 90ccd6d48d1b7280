"""Recognize numbers that only count rows or tell time."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import numpy as np

from tidegate.contract import Contract
from tidegate.data.facts import NEAR_UNIQUE
from tidegate.statistics.model import FeatureSummary, Statistics

#: The fewest rows by which a column is recognized.
MIN_ROWS: Final = 20
#: Running numbers may leave out so many: their range is at most this many times their number.
_GAPS: Final = 1.5
#: 2000-01-01 and 2040-01-01 in seconds since 1970.
_FROM, _TO = 946_684_800, 2_208_988_800
#: How far running numbers' quantiles may be from even ones, as a part of their range.
_UNEVEN: Final = 0.02
_UNITS: Final = {"seconds": 1, "milliseconds": 1e3, "microseconds": 1e6, "nanoseconds": 1e9}


def time_unit(low: float, high: float) -> str:
    """The unit of times since 1970 that lie between two numbers; else empty.

    All must be between 2000 and 2040.
    """
    for unit, factor in _UNITS.items():
        if _FROM * factor <= low and high <= _TO * factor:
            return f"{unit} since 1970"
    return ""


def row_name(summary: FeatureSummary, *, least: int = MIN_ROWS) -> str:
    """What the numbers of a column are if they are no quantity, in words; else empty.

    Running numbers are whole, different in at least 95 % of the rows, and leave out at most a third
    of their range. Times are told by `time_unit`.

    Args:
        summary: The column.
        least: The fewest values by which it is recognized.
    """
    low, high = summary.min, summary.max
    if summary.type == "string" or low is None or high is None or summary.count < max(least, 1):
        return ""
    if unit := time_unit(low, high):
        return unit
    runs = summary.is_whole and high - low < _GAPS * summary.count and _different(summary)
    return "running numbers" if runs else ""


def _different(summary: FeatureSummary) -> bool:
    if summary.distinct is not None:
        return summary.distinct >= NEAR_UNIQUE * summary.count
    # Too many to be counted, or of several spans: running numbers are evenly spread.
    quantiles = np.asarray(summary.quantiles)
    if len(quantiles) < 2 or quantiles[-1] - quantiles[0] < NEAR_UNIQUE * summary.count - 1:
        return False
    even = np.linspace(quantiles[0], quantiles[-1], len(quantiles))
    return bool(np.abs(quantiles - even).max() <= _UNEVEN * (quantiles[-1] - quantiles[0]))


def row_names(statistics: Statistics, *, least: int = MIN_ROWS) -> dict[str, str]:
    """The columns with such numbers, and what they are."""
    found = {n: row_name(s, least=least) for n, s in statistics.features().items()}
    return {name: reason for name, reason in found.items() if reason}


def unjudged(statistics: Statistics, baseline: Statistics, contract: Contract) -> dict[str, str]:
    """The features that are names of rows on both sides, with the reason.

    A column for which the contract sets a limit, or which it names in features.numeric, is none.
    """
    there = row_names(statistics, least=1)
    named: Collection[str] = (
        *contract.features.numeric,
        *contract.gates.drift.features,
        *contract.not_features,
        contract.label or "",
    )
    return {
        name: reason
        for name, reason in row_names(baseline).items()
        if name in there and name not in named
    }
