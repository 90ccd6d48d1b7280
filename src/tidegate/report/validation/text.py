"""Format a verdict on a span as terminal text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from tidegate.core import text
from tidegate.report import slices_text, terminal

if TYPE_CHECKING:
    from tidegate.numerics.distances import Distance
    from tidegate.report.slices import SliceLine
    from tidegate.validation import Validation

#: The number of most moved features that are shown.
_MOVED: Final = 10


def as_text(result: Validation, slices: Sequence[SliceLine], *, ink: terminal.Ink) -> str:
    """Format the verdict, findings and the furthest moved features."""
    found = result.verdict.findings
    holds = [f for f in found if f.severity == "hold"]
    warns = [f for f in found if f.severity == "warn"]
    word = ink.green("pass") if not holds else ink.red(f"hold: {text.count(len(holds), 'reason')}")
    rows = text.count(result.num_examples, "row")
    lines = [
        f"{ink.bold(word)}  {result.span} ({rows}) against {result.baseline_span}",
        *terminal.findings("holds", holds, ink.red),
        *terminal.findings("warns", warns, ink.yellow),
    ]
    moved = most_moved(result)[:_MOVED]
    if moved:
        where = ["in slice"] if any(d.slice for d in moved) else []
        lines += ["", "moved most"]
        lines += terminal.table(
            ["feature", *where, "measure", "value", "threshold", "what changed"],
            [_moved(d, sliced=bool(where)) for d in moved],
            align="l" * len(where) + "llrrl",
            ink=ink,
        )
    rest = len({d.feature for d in result.distances}) - len(moved)
    if moved and rest > 0:
        lines.append(ink.dim(f"{rest:,} more with --format json or html"))
    if slices:
        lines += slices_text.as_text(slices, ink=ink)
    lines += _shift(result)
    return "\n".join(lines)


def _shift(result: Validation) -> list[str]:
    """Describe the shift of the rows and of the label."""
    from tidegate.report.shifts import features_in_words, label_in_words

    shift = result.shift
    if shift is None:
        return ["", f"rows not told apart: {result.shift_skipped}"]
    phrase = [p for p in (features_in_words(shift), label_in_words(shift)) if p]
    return ["", "rows told apart", *(f"  {terminal.clean(line)}" for line in phrase)]


def most_moved(result: Validation) -> list[Distance]:
    """One distance of each feature, the furthest moved first.

    It is the one with the highest ratio to its threshold: over all rows, or in a slice if the
    feature drifted only in slices.
    """

    def ratio(d: Distance) -> tuple[bool, float]:
        judged = d.threshold is not None
        return judged, d.ratio

    drifted = {d.feature for d in result.distances if d.status == "drift" and not d.slice}
    best: dict[str, Distance] = {}
    for distance in result.distances:
        if distance.value is None:
            continue
        if distance.slice and (distance.status != "drift" or distance.feature in drifted):
            continue
        there = best.get(distance.feature)
        if there is None or ratio(distance) > ratio(there):
            best[distance.feature] = distance
    return sorted(best.values(), key=ratio, reverse=True)


def _moved(distance: Distance, *, sliced: bool) -> list[str]:
    return [
        distance.feature,
        *([distance.slice or "all rows"] if sliced else []),
        distance.measure,
        text.fixed(distance.value),
        text.fixed(distance.threshold),
        _changed(distance),
    ]


def _changed(distance: Distance) -> str:
    from tidegate.report.distances import chance

    if distance.threshold is None and distance.note:
        return distance.note
    if distance.noise is not None and (distance.value or 0.0) <= distance.noise:
        return f"no more than {chance(distance)}"
    if not distance.moved:
        return distance.note
    _, old, new = distance.moved[0]
    label, before, after = distance.moves[0]
    verb = "rose" if new > old else "fell"
    phrase = f"{text.short(label, 40)} {verb} from {before} to {after}"
    return phrase if distance.threshold is not None else f"{phrase} (recorded only)"
