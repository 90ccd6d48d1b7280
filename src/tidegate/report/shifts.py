"""Describe a shift in sentences, with a line for each feature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from tidegate.core.text import fixed, listing, number, percent, short, signed
from tidegate.report.html import svg

if TYPE_CHECKING:
    from tidegate.comparison.shift import FeatureShift, Shift


@dataclass(frozen=True)
class Line:
    """A feature as the page shows it."""

    feature: FeatureShift
    dots: Markup
    bar: Markup


def lines(shift: Shift, *, most: int | None = None) -> list[Line]:
    """A line for each feature, the most informative first.

    `most` limits their number.
    """
    shown = shift.features[:most]
    low = min([0.5, *(f.auc.low for f in shown)])
    heaviest = max((f.weight for f in shown), default=0.0) or 1.0
    return [_line(f, low, heaviest) for f in shown]


def _line(feature: FeatureShift, low: float, heaviest: float) -> Line:
    auc = feature.auc
    return Line(
        feature,
        svg.intervals(
            [("c", auc.value, auc.low, auc.high)],
            low=low,
            high=1.0,
            reference=0.5,
            label="AUC with its interval",
        ),
        svg.share_bar([feature.weight], heaviest, f"weight {percent(feature.weight)}"),
    )


def features_in_words(shift: Shift) -> str:
    """Describe the shift of the features in one or two sentences."""
    between = f"{fixed(shift.auc.low, 3)} to {fixed(shift.auc.high, 3)}"
    if not shift.significant:
        return (
            f"Nothing in the features tells a row of {shift.current} from one of "
            f"{shift.baseline}: the AUC of trying is {fixed(shift.auc.value, 3)} ({between}), and "
            "0.5 is a coin."
        )
    phrase = (
        f"By its features a row of {shift.current} is told from one of {shift.baseline} with an "
        f"AUC of {fixed(shift.auc.value, 3)} ({between}); 0.5 is a coin, 1 is always."
    )
    most = sorted((f for f in shift.features if f.significant), key=lambda f: -f.weight)[:3]
    if not most:
        return phrase
    return f"{phrase} What tells them apart most: {listing([f.name for f in most])}."


def moved_in_words(feature: FeatureShift) -> str:
    """Describe the cells of a feature that moved most."""
    return "; ".join(
        f"{short(cell, 40)}: {percent(before)} \u2192 {percent(now)}"
        for cell, before, now in feature.moved[:2]
    )


def label_in_words(shift: Shift) -> str:
    """Describe the label's change in one sentence; empty if no label was compared."""
    label = shift.label
    if label is None:
        return ""
    the = "The"
    if shift.measured != shift.rows:
        old, new = shift.measured
        the = f"Over the {old:,} and {new:,} rows compared, the"
    between = f"{signed(label.change.low)} to {signed(label.change.high)}"
    if label.subject:
        now = label.baseline_value + label.change.value
        changed = (
            f"{the} share of {label.label} = {short(label.subject, 40)} went from "
            f"{percent(label.baseline_value)} to {percent(now)} (change {between})"
        )
    else:
        now = label.baseline_value + label.change.value
        changed = (
            f"{the} mean of {label.label} went from {number(label.baseline_value)} to "
            f"{number(now)} (change {between})"
        )
    if label.significant:
        return f"{changed}; the distributions' Jensen-Shannon divergence is " + (
            f"{fixed(label.jensen_shannon)}, more than chance gives (p {_p(label.p)})."
        )
    return f"{changed}: no more than chance gives (p {_p(label.p)})."


def _p(p: float) -> str:
    return "< 0.0001" if p < 0.0001 else fixed(p, 4)
