"""Format a verdict on serving data as terminal text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from tidegate.core import text
from tidegate.report import slices_text, terminal

if TYPE_CHECKING:
    from tidegate.comparison.drift.missing_and_new import Share
    from tidegate.comparison.skew import FeatureSkew, Keys, SetAside, Skew
    from tidegate.report.slices import SliceLine

#: The most confusion pairs shown for a feature.
_PAIRS: Final = 3
_SLICED: Final = slices_text.Words("skew", "in training", "in serving", "skewed")


def as_text(result: Skew, slices: Sequence[SliceLine], *, ink: terminal.Ink) -> str:
    """Format the verdict, findings, join and the largest differences."""
    holds = [f for f in result.verdict.findings if f.severity == "hold"]
    warns = [f for f in result.verdict.findings if f.severity == "warn"]
    word = ink.green("pass") if not holds else ink.red(f"hold: {text.count(len(holds), 'reason')}")
    lines = [
        f"{ink.bold(word)}  {result.serving} ({text.count(result.serving_rows, 'row')}) against "
        f"{result.training} ({text.count(result.training_rows, 'row')})",
        *terminal.findings("holds", holds, ink.red),
        *terminal.findings("warns", warns, ink.yellow),
        *_keys(result.keys),
        *_set_aside(result.set_aside),
    ]
    differing = sorted((f for f in result.features if f.differing), key=lambda f: -f.share)
    if differing:
        lines += ["", "differs by key"]
        lines += terminal.table(
            ["feature", "differ", "of", "share", "at most", "training is serving"],
            [_row(f) for f in differing],
            align="lrrrrl",
            ink=ink,
        )
    same = len(result.features) - len(differing)
    if same:
        lines.append(ink.dim(f"{text.count(same, 'feature')} the same in every pair"))
    changed = [s for s in result.shares if s.status != "ok" and not s.slice]
    if changed:
        lines += ["", "missing and new values"]
        lines += terminal.table(
            ["feature", "what", "training", "serving", "beyond", "such as"],
            [_share(s) for s in sorted(changed, key=lambda s: s.baseline - s.current)],
            align="llrrrl",
            ink=ink,
        )
    if slices:
        lines += slices_text.as_text(slices, ink=ink, words=_SLICED)
    return "\n".join(lines)


def _keys(keys: Keys) -> list[str]:
    if keys.problem:
        return []
    return [
        "",
        f"joined by {', '.join(keys.columns)}",
        f"  {keys.pairs:,} pairs of rows compared, {keys.differing:,} differ",
        f"  {keys.missing_in_serving:,} keys in training only, {keys.missing_in_training:,} in "
        f"serving only, {keys.ambiguous:,} in both and several times in one",
    ]


def _set_aside(sides: Sequence[SetAside]) -> list[str]:
    return [
        f"  {text.count(side.records, 'record')} of {side.side} could not be read"
        for side in sides
        if side.records
    ]


def _share(share: Share) -> list[str]:
    what = {"missing": "empty", "unseen": "not in training"}[share.kind]
    return [
        share.feature,
        what,
        text.NOTHING if share.kind == "unseen" else text.percent(share.baseline),
        text.percent(share.current),
        text.percent(share.threshold) if share.judged else "report",
        ", ".join(text.short(value, 20) for value in share.values),
    ]


def _row(feature: FeatureSkew) -> list[str]:
    shown = feature.confusion[:_PAIRS]
    pairs = [f"{_value(c.training)} \u2192 {_value(c.serving)} ({c.count:,})" for c in shown]
    return [
        feature.feature,
        text.integer(feature.differing),
        text.integer(feature.compared),
        text.percent(feature.share),
        "report" if feature.limit is None else text.percent(feature.limit),
        feature.pattern or ", ".join(pairs),
    ]


def _value(value: str | None) -> str:
    return "missing" if value is None else text.short(value, 30)
