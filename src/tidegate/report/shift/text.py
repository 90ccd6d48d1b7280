"""Format a shift as terminal text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tidegate.core import text
from tidegate.report import terminal

if TYPE_CHECKING:
    from tidegate.comparison.shift import FeatureShift, Shift

#: The most features that are shown.
_SHOWN: Final = 20


def as_text(found: Shift, *, ink: terminal.Ink, limit: int | None) -> str:
    """Summarize features and label, with a line for each feature."""
    from tidegate.report.shifts import features_in_words, label_in_words

    lines = [
        f"{ink.bold(found.current)} ({text.count(found.rows[1], 'row')}) against {found.baseline} "
        f"({text.count(found.rows[0], 'row')})",
        "",
        terminal.clean(features_in_words(found)),
    ]
    if found.label is not None:
        lines.append(terminal.clean(label_in_words(found)))
    lines += [
        "",
        *terminal.table(
            ["feature", "AUC alone", "95%", "weight", "moved most"],
            [_line(f) for f in found.features[:_SHOWN]],
            align="lrrrl",
            ink=ink,
            limit=limit,
        ),
    ]
    if len(found.features) > _SHOWN:
        lines.append(ink.dim(f"{len(found.features) - _SHOWN} more with --format json or html"))
    lines += [
        ink.dim(f"not compared: {terminal.clean(name)} ({why})")
        for name, why in found.left_out.items()
    ]
    return "\n".join(lines)


def _line(feature: FeatureShift) -> list[str]:
    from tidegate.report.shifts import moved_in_words

    auc = feature.auc
    return [
        feature.name,
        text.fixed(auc.value, 3),
        f"{text.fixed(auc.low, 3)} to {text.fixed(auc.high, 3)}",
        text.percent(feature.weight),
        moved_in_words(feature) if feature.significant else "no more than chance gives",
    ]
