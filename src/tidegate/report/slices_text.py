"""Format compared slices as terminal text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tidegate.core import text
from tidegate.report import terminal

if TYPE_CHECKING:
    from tidegate.numerics.distances import Distance
    from tidegate.report.slices import SliceLine

#: The most slices shown, and the most drifted features named for each.
_SHOWN: Final = 8
_NAMED: Final = 3


@dataclass(frozen=True)
class Words:
    """The terms of a comparison.

    Attributes:
        noun: The effect, such as `drift`.
        baseline: The name of the baseline rows.
        current: The name of the current rows.
        adjective: The adjective for a feature with the effect.
    """

    noun: str
    baseline: str
    current: str
    adjective: str


_DRIFT: Final = Words("drift", "rows before", "now", "drifted")


def as_text(lines: Sequence[SliceLine], *, ink: terminal.Ink, words: Words = _DRIFT) -> list[str]:
    """Count the compared slices, and list the furthest moved ones."""
    drifted = sum(bool(line.drifted) for line in lines)
    found = f"{drifted:,} with {words.noun}" if drifted else f"none with {words.noun}"
    shown = lines[:_SHOWN]
    rows = [
        [
            line.name,
            text.integer(line.baseline),
            text.integer(line.rows),
            _named(line.drifted),
            "" if line.furthest is None else _furthest(line.furthest),
        ]
        for line in shown
    ]
    phrase = [
        "",
        f"slices: {len(lines):,} compared, {found}",
        *terminal.table(
            ["slice", words.baseline, words.current, words.adjective, "the furthest feature"],
            rows,
            align="lrrll",
            ink=ink,
        ),
    ]
    if len(lines) > len(shown):
        rest = len(lines) - len(shown)
        phrase.append(ink.dim(f"{rest:,} more with --format json or html"))
    return phrase


def _named(features: Sequence[str]) -> str:
    more = f" and {len(features) - _NAMED} more" if len(features) > _NAMED else ""
    return ", ".join(features[:_NAMED]) + more if features else text.NOTHING


def _furthest(distance: Distance) -> str:
    where = f"{text.fixed(distance.value)} of {text.fixed(distance.threshold)}"
    phrase = f"{distance.feature} {where}"
    chance = distance.noise is not None and (distance.value or 0.0) <= distance.noise
    if chance:
        return f"{phrase}, no more than chance gives"
    return f"{phrase}: {text.short(distance.changed, 80)}" if distance.changed else phrase
