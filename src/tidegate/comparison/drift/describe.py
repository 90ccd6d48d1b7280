"""Describe in one sentence what changed in a feature."""

from __future__ import annotations

import math

import numpy as np

from tidegate.core.text import apart, percent, percents
from tidegate.statistics.cells import REST, Cells
from tidegate.statistics.model import FeatureSummary

#: The smallest change of a share that is visible in the rounded text.
_VISIBLE = 0.001
#: The smallest reported change of the median, and of the width of the middle half, as a part of
#: that width.
_TELLING = 0.1
#: Above this share, values beyond the baseline's range, or NaN, are reported first.
_STRAY = 0.02


def changed(cells: Cells, current: FeatureSummary, baseline: FeatureSummary, unit: str = "") -> str:
    """Describe the change in a clause.

    For text it names a value's share; for numbers the median, the spread or a range.

    Args:
        cells: Both sides over common cells.
        current: The summary of this span.
        baseline: The summary of the baseline.
        unit: The unit of the numbers; empty if it is not known.

    Returns:
        A clause without a full stop; empty if no share changed by a thousandth. It says about where
        a side has too few quantiles to tell the cells' shares exactly.
    """
    moved = cells.moved(1)
    if not moved or abs(moved[0][2] - moved[0][1]) < _VISIBLE:
        return ""
    label, old, new = moved[0]
    if not cells.numeric:
        return _text(label, old, new)
    phrase = (
        _nans(cells)
        or _median(current, baseline, unit)
        or _beyond(cells, baseline, unit)
        or _spread(current, baseline, unit)
        or f"{baseline.name} {label} {_went(old, new)} from {' to '.join(percents(old, new))} of "
        "rows"
    )
    return f"{phrase} (about)" if cells.note else phrase


def _text(label: str, old: float, new: float) -> str:
    name = "all other values together" if label == REST else repr(label)
    if old == 0:
        return f"{name} is new: {percent(new)} of rows"
    if new == 0:
        return f"{name} is gone: it was {percent(old)} of rows"
    return f"{name} {_went(old, new)} from {' to '.join(percents(old, new))} of rows"


def _nans(cells: Cells) -> str:
    old, new = cells.shares
    if new[-1] - old[-1] < _STRAY:
        return ""
    return f"{percent(float(new[-1]))} of rows are NaN, {percent(float(old[-1]))} before"


def _beyond(cells: Cells, baseline: FeatureSummary, unit: str) -> str:
    old, new = cells.shares
    last = len(new) - 2
    below, above = new[0] - old[0], new[last] - old[last]
    if max(below, above) < _STRAY:
        return ""
    if below > above:
        least = quantity(baseline.min, unit)
        return f"{percent(below)} of rows now lie below {least}, the least before"
    greatest = quantity(baseline.max, unit)
    return f"{percent(above)} of rows now lie above {greatest}, the greatest before"


def _median(current: FeatureSummary, baseline: FeatureSummary, unit: str) -> str:
    old, new = baseline.median, current.median
    if old is None or new is None or not (math.isfinite(old) and math.isfinite(new)):
        return ""
    low, high = _middle_half(baseline)
    if abs(new - old) <= _TELLING * (high - low):
        return ""
    shown = apart((old, new), lambda value, digits: quantity(value, digits=digits), 4)
    return f"median {baseline.name} {_went(old, new)} from {' to '.join(shown)} {unit}".rstrip()


def _spread(current: FeatureSummary, baseline: FeatureSummary, unit: str) -> str:
    halves = _middle_half(baseline), _middle_half(current)
    old, new = (high - low for low, high in halves)
    # Infinite ends have no width.
    if not abs(new - old) > _TELLING * old:
        return ""
    values = [end for half in halves for end in half]
    shown = apart(values, lambda value, digits: quantity(value, digits=digits), 4)
    ends = [f"{low} to {high} {unit}".rstrip() for low, high in (shown[:2], shown[2:])]
    verb = "widened" if new > old else "narrowed"
    return f"the middle half of {baseline.name} {verb}: {ends[0]} before, {ends[1]} now"


def _middle_half(summary: FeatureSummary) -> tuple[float, float]:
    if not summary.quantiles:
        return math.nan, math.nan
    ranks = np.linspace(0, 1, len(summary.quantiles))
    low, high = np.interp([0.25, 0.75], ranks, summary.quantiles)
    return float(low), float(high)


def _went(old: float, new: float) -> str:
    return "rose" if new > old else "fell"


def quantity(value: float | None, unit: str = "", digits: int = 4) -> str:
    """Format a number with its unit; whole numbers whole."""
    if value is None:
        return "nothing"
    size = abs(value)
    if math.isfinite(value) and value == round(value) and size < 1e15:
        text = f"{value:,.0f}"
    elif not math.isfinite(value) or (size and (size >= 1e9 or size < 1e-4)):
        text = f"{value:.{digits - 1}g}"
    elif size >= 1000:
        text = f"{value:,.{digits - 4}f}"
    else:
        text = f"{value:.{digits}g}"
    return f"{text} {unit}".rstrip()
