"""Format the signal of features as terminal text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tidegate.core import text
from tidegate.report import terminal

if TYPE_CHECKING:
    from tidegate.model.feature_analysis import FeatureSignal, Signal

_PAIRS: Final = 10
#: The name of each code in a terminal.
_WORDS: Final = {
    "constant": "constant",
    "identifier": "identifier",
    "leak": "leak suspect",
    "redundant": "redundant",
    "no_signal": "no signal",
    "too_few_rows": "too few rows",
    "not_carried": "not carried over",
}


def as_text(found: Signal, *, ink: terminal.Ink, limit: int | None) -> str:
    """List features to check, then a line for each column.

    The most informative columns come first.
    """
    measured = f", of which {found.measured:,} measured" if found.measured < found.rows else ""
    lines = [
        f"{ink.bold(found.name)}: {text.count(found.rows, 'row')}{measured}; label "
        f"{found.label} ({found.task}, {text.number(found.label_entropy, 3)} bits)"
    ]
    seen = [f for f in found.features if f.role == "feature"]
    lines += _noted("leave out", [f for f in seen if f.drop], ink)
    lines += _noted("look at", [f for f in seen if f.code and not f.drop], ink)
    hidden = [f for f in found.features if f.role == "excluded" and f.code == "leak"]
    lines += _noted("excluded already", hidden, ink)
    if found.pairs:
        lines += ["", "say the same"]
        lines += [f"  {_pair(p.first, p.second, p.explained, p.rank_correlation)}"
                  for p in found.pairs[:_PAIRS]]  # fmt: skip
        if len(found.pairs) > _PAIRS:
            lines.append(ink.dim(f"  {len(found.pairs) - _PAIRS} more with --format json or html"))
    header, align = (
        ["column", "type", "distinct", "missing", "tells", "bits", "held out"],
        "llrrrrr",
    )
    binary, model = found.task == "binary", bool(found.metric)
    if binary:
        header, align = [*header, "AUC"], align + "r"
    if model:
        header, align = [*header, f"{found.metric} lost (95%)"], align + "r"
    table = terminal.table(
        [*header, ""],
        [_line(f, binary=binary, model=model) for f in found.features],
        align=align + "l",
        ink=ink,
        limit=limit,
    )
    return "\n".join([*lines, "", *table])


def _noted(title: str, features: list[FeatureSignal], ink: terminal.Ink) -> list[str]:
    if not features:
        return []
    names = max(terminal.cells(terminal.clean(f.name)) for f in features)
    words = max(len(_WORDS[f.code]) for f in features)
    colours = {"leak": ink.red}
    return ["", title] + [
        f"  {colours.get(f.code, ink.yellow)(_WORDS[f.code].ljust(words))}  "
        f"{terminal.clean(f.name).ljust(names)}  {terminal.clean(f.reason)}"
        for f in features
    ]


def _pair(first: str, second: str, explained: float, near: float | None) -> str:
    phrase = f"{first} tells {text.percent(explained)} of {second}"
    return terminal.clean(phrase if near is None else f"{phrase}; ranks {text.fixed(near, 3)}")


def _line(feature: FeatureSignal, *, binary: bool, model: bool) -> list[str]:
    cells = [
        feature.name,
        feature.kind,
        text.integer(feature.distinct),
        text.percent(feature.missing),
        text.percent(feature.share),
        text.fixed(feature.bits),
        text.percent(feature.held_out) if (feature.held_out or 0) >= 0 else "misleads",
    ]
    if binary:
        cells.append(text.fixed(feature.auc, 3))
    if model:
        lost = feature.importance
        cells.append(
            text.NOTHING
            if lost is None
            else f"{text.signed(lost.value)} ({text.fixed(lost.low)} to {text.fixed(lost.high)})"
        )
    noted = [] if feature.role == "feature" else ["excluded"]
    if feature.code:
        noted.append(_WORDS[feature.code])
    elif not feature.informative:
        noted.append("no more than chance")
    return [*cells, ", ".join(noted)]
