"""The page on features: signal about the label, features to drop."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from tidegate.core.text import NOTHING, count, fixed, integer, listing, number, percent
from tidegate.report.html import svg
from tidegate.report.html.page import render
from tidegate.report.metrics import describe

if TYPE_CHECKING:
    from tidegate.contract import Contract
    from tidegate.model.feature_analysis import FeatureSignal, Signal

#: The most pairs that are shown.
_PAIRS: Final = 200
_PLAIN: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)
#: The name of each code, and the colour of its tag.
WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "leak": ("! leak suspect", "hold"),
    "identifier": ("identifier", "warn"),
    "constant": ("constant", "warn"),
    "redundant": ("redundant", "warn"),
    "no_signal": ("no signal", "warn"),
    "not_carried": ("not carried over", "warn"),
    "too_few_rows": ("too few rows", "warn"),
    "": ("noted", "info"),
}


@dataclass(frozen=True)
class Line:
    """A column as the page shows it."""

    feature: FeatureSignal
    anchor: str
    bar: Markup
    held_out: str
    auc: str
    lost: str
    between: str
    dots: Markup
    word: str
    tag: str


def signal_page(signal: Signal, contract: Contract, *, at: datetime | None = None) -> str:
    """Render the page on every column's signal about the label.

    Args:
        signal: The measurement.
        contract: The contract of the dataset.
        at: The time shown on the page; now by default.

    Returns:
        A self-contained HTML document.
    """
    lines = _lines(signal)
    measured = integer(signal.measured)
    facts = {
        "Rows": integer(signal.rows),
        "Measured": measured if signal.measured == signal.rows else f"{measured}, a sample",
        "Label": signal.label,
        "Task": signal.task,
        "Entropy of the label": f"{number(signal.label_entropy, 3)} bits",
        "Columns": integer(len(signal.features)),
    }
    dropped = signal.dropped
    return render(
        "feature_analysis/page.html",
        dataset=contract.dataset,
        span=signal.name,
        facts=facts,
        at=at,
        signal=signal,
        status="hold" if signal.suspects else "plain",
        word=_word(signal),
        lead=_lead(signal),
        lines=lines,
        noted=[line for line in lines if line.feature.reason],
        anchors={line.feature.name: line.anchor for line in lines},
        exclude=", ".join(_as_yaml(f.name) for f in dropped),
        pairs=signal.pairs[:_PAIRS],
        pairs_left_out=max(0, len(signal.pairs) - _PAIRS),
        metric=describe(signal.metric)[0] if signal.metric else "",
    )


def _as_yaml(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _word(signal: Signal) -> str:
    if signal.suspects:
        return count(len(signal.suspects), "suspect")
    return f"{len(signal.dropped)} to leave out" if signal.dropped else "Nothing to leave out"


def _lead(signal: Signal) -> str:
    phrase = []
    if signal.suspects:
        names = listing([f.name for f in signal.suspects])
        phrase.append(f"{names} may know the answer: ask what is known before the label is.")
    if others := [f.name for f in signal.dropped if f.code != "leak"]:
        phrase.append(f"{listing(others)} can be left out.")
    honest = [f for f in signal.features if f.role == "feature" and not f.drop and f.informative]
    if honest:
        best = honest[0]
        who = f"Of the rest {best.name}" if phrase else best.name
        phrase.append(
            f"{who} tells most: {percent(best.share)} of what there is to know of {signal.label}."
        )
    elif not signal.suspects:
        phrase.append(f"No feature tells more of {signal.label} than chance gives.")
    return " ".join(phrase)


def _lines(signal: Signal) -> list[Line]:
    ends = [
        end
        for f in signal.features
        if f.importance is not None
        for end in (f.importance.low, f.importance.high)
        if math.isfinite(end)
    ]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    # A suspect would flatten all others.
    honest = [f.share for f in signal.features if f.code != "leak"]
    scale = max(honest, default=0.0) or 1.0
    return [_line(f, n, scale, low, high) for n, f in enumerate(signal.features)]


def _line(feature: FeatureSignal, place: int, scale: float, low: float, high: float) -> Line:
    lost = feature.importance
    shown = min(feature.share, scale)
    phrase = f"{feature.name} tells {percent(feature.share)} of the label"
    word, tag = WORDS[feature.code]
    held = feature.held_out
    return Line(
        feature,
        f"c{place}",
        svg.share_bar([shown], scale, phrase),
        NOTHING if held is None else percent(held) if held >= 0 else "misleads",
        fixed(feature.auc, 3),
        NOTHING if lost is None else fixed(lost.value),
        "" if lost is None else f"{fixed(lost.low)} to {fixed(lost.high)}",
        Markup("") if lost is None else _dots([(lost.value, lost.low, lost.high)], low, high),
        word,
        tag,
    )


def _dots(rows: Sequence[tuple[float, float, float]], low: float, high: float) -> Markup:
    marks = [("c", *row) for row in rows]
    return svg.intervals(marks, low=low, high=high, reference=0.0, label="loss with its interval")
