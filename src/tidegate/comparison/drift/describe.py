"""Describe in one sentence what changed in a feature."""

from __future__ import annotations

import math

import numpy as np

from tidegate.core.text import apart, number, percent, percents
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
        A clause without a full stop; empty if no known share changed by a thousandth.
    """
    moved = cells.moved(1)
    if not moved or abs(moved[0][2] - moved[0][1]) < _VISIBLE:
        return ""
    label, old, new = moved[0]
    about = "about " if cells.estimated else ""
    if not cells.numeric:
        return _text(label, old, new, about)
    return (
        _nans(cells)
        or _median(current, baseline, unit)
        or _beyond(cells, about)
        or _spread(current, baseline, unit)
        or f"{baseline.name} {label} {_went(old, new)} from {_shares(about, old, new)} of values"
    )


def _shares(about: str, old: float, new: float) -> str:
    return " to ".join(about + share for share in percents(old, new))


def _text(label: str, old: float, new: float, about: str) -> str:
    name = "all other values together" if label == REST else repr(label)
    if old == 0:
        return f"{name} is new: {about}{percent(new)} of values"
    if new == 0:
        return f"{name} is gone: it was {about}{percent(old)} of values"
    return f"{name} {_went(old, new)} from {_shares(about, old, new)} of values"


def _nans(cells: Cells) -> str:
    old, new = cells.shares
    if new[-1] - old[-1] < _STRAY:
        return ""
    return f"{percent(float(new[-1]))} of values are NaN, {percent(float(old[-1]))} before"


def _beyond(cells: Cells, about: str) -> str:
    old, new = cells.shares
    last = len(new) - 2
    place = 0 if new[0] > new[last] else last
    # Infinite values of the baseline lie beyond its least and greatest finite ones.
    if old[place] or new[place] < _STRAY:
        return ""
    return (
        f"{about}{percent(float(new[place]))} of values are now {cells.labels[place]}, none before"
    )


def _median(current: FeatureSummary, baseline: FeatureSummary, unit: str) -> str:
    old, new = baseline.median, current.median
    if old is None or new is None or not (math.isfinite(old) and math.isfinite(new)):
        return ""
    low, high = _middle_half(baseline)
    if abs(new - old) <= _TELLING * (high - low):
        return ""
    was, now = apart((old, new), number, 4)
    was, now = f"{_about(baseline)}{was}", f"{_about(current)}{now} {unit}".rstrip()
    return f"median {baseline.name} {_went(old, new)} from {was} to {now}"


def _spread(current: FeatureSummary, baseline: FeatureSummary, unit: str) -> str:
    halves = _middle_half(baseline), _middle_half(current)
    old, new = (high - low for low, high in halves)
    # Infinite ends have no width.
    if not abs(new - old) > _TELLING * old:
        return ""
    values = [end for half in halves for end in half]
    shown = apart(values, number, 4)
    ends = [
        f"{_about(baseline)}{shown[0]} to {shown[1]}",
        f"{_about(current)}{shown[2]} to {shown[3]}",
    ]
    verb = "widened" if new > old else "narrowed"
    unit = f" {unit}".rstrip()
    return f"the middle half of {baseline.name} {verb}: {ends[0]}{unit} before, {ends[1]}{unit} now"


def _about(summary: FeatureSummary) -> str:
    """Marks quantiles that are sketched."""
    return "" if summary.exact_quantiles else "about "


def _middle_half(summary: FeatureSummary) -> tuple[float, float]:
    if not summary.quantiles:
        return math.nan, math.nan
    ranks = np.linspace(0, 1, len(summary.quantiles))
    low, high = np.interp([0.25, 0.75], ranks, summary.quantiles)
    return float(low), float(high)


def _went(old: float, new: float) -> str:
    return "rose" if new > old else "fell"
