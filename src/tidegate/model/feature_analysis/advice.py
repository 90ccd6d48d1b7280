"""Advise which columns to check and which features to drop.

Every rule says "perhaps". A suspect may be an honest feature, and a column without information of
its own may matter beside another; the person who knows the data decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from tidegate.core.text import fixed, percent
from tidegate.model.feature_analysis.leaks import Suspicion
from tidegate.model.feature_analysis.redundancy import CORRELATED, EXPLAINED
from tidegate.model.feature_analysis.result import FeatureSignal, Pair

#: If chance reaches a larger share than this, a feature below it cannot be judged.
TELLING: Final = 0.02
#: A feature whose held-out share is below this part of its own share does not generalise.
CARRIED: Final = 0.1
#: A text column with this share of distinct values identifies rows.
UNIQUE: Final = 0.9


def advise(
    features: Sequence[FeatureSignal],
    pairs: Sequence[Pair],
    *,
    rows: int,
    doubts: Mapping[str, Suspicion],
    carries: bool,
) -> tuple[FeatureSignal, ...]:
    """Give every column that should be checked a code and a reason.

    Args:
        features: The measured features.
        pairs: The redundant pairs.
        rows: The number of measured rows.
        doubts: The suspicions of a leak, by column.
        carries: Whether the second part of the rows is a split of its own, so that results in it
            generalise beyond the groups of training rows.
    """
    found = [_alone(f, rows, doubts.get(f.name), carries) for f in features]
    standing = {f.name for f in found if not f.drop and f.role == "feature"}
    by_name = {f.name: f for f in found}
    for weakest in sorted(found, key=lambda f: f.share):
        if weakest.name in standing and not weakest.code:
            reason = _redundant(weakest, pairs, standing, by_name)
            if reason:
                by_name[weakest.name] = replace(weakest, code="redundant", drop=True, reason=reason)
                standing.remove(weakest.name)
    return tuple(by_name[f.name] for f in found)


def _alone(
    feature: FeatureSignal,
    rows: int,
    doubt: Suspicion | None,
    carries: bool,
) -> FeatureSignal:
    drop = feature.role == "feature"

    def say(code: str, reason: str, *, drop: bool = drop) -> FeatureSignal:
        return replace(feature, code=code, drop=drop, reason=reason)  # type: ignore[arg-type]

    if feature.distinct == 0:
        return say("constant", "it has no value in any row")
    if feature.cells == 1 and feature.distinct == 1:
        return say("constant", "it has the same value in every row")
    if feature.kind == "text" and feature.distinct >= UNIQUE * rows * (1 - feature.missing) > 1:
        return say(
            "identifier", f"it names rows: {feature.distinct:,} different texts, hardly one twice"
        )
    if doubt is not None:
        return say("leak", f"{doubt.reason}: is it known before the label is?")
    if not feature.informative:
        if feature.importance is not None and feature.importance.significant:
            reason = "it tells nothing by itself, and the model uses it beside others"
            return say("", reason, drop=False)
        if feature.floor > TELLING:
            return say(
                "too_few_rows",
                f"chance alone gives up to {percent(feature.floor)} of the label's entropy at "
                "this many rows: too few to tell",
                drop=False,
            )
        return say("no_signal", "it tells no more of the label than chance gives")
    used = feature.importance is not None and feature.importance.significant
    held_out = feature.held_out
    if carries and not used and held_out is not None and held_out < CARRIED * feature.share:
        does = "misleads" if held_out < 0 else "is hardly true"
        return say(
            "not_carried",
            f"what it tells in the train split ({percent(feature.share)}) {does} in the eval "
            "split: it knows groups of rows, or too few of them were seen",
            drop=False,
        )
    return feature


def _redundant(
    feature: FeatureSignal,
    pairs: Sequence[Pair],
    standing: set[str],
    by_name: dict[str, FeatureSignal],
) -> str:
    """Name the kept feature that makes this one redundant, or ""."""
    best: tuple[float, str] = (0.0, "")
    for pair in pairs:
        if feature.name not in (pair.first, pair.second):
            continue
        other, explained = pair.second, pair.back
        if feature.name == pair.second:
            other, explained = pair.first, pair.explained
        if other not in standing:
            continue
        if explained >= EXPLAINED:
            best = max(best, (explained, f"{other} tells {percent(explained)} of what it says"))
        elif (
            pair.rank_correlation is not None
            and abs(pair.rank_correlation) >= CORRELATED
            and by_name[other].share >= feature.share
        ):
            near = fixed(pair.rank_correlation, 3)
            best = max(best, (abs(pair.rank_correlation), f"its ranks are {other}'s ({near})"))
    return best[1]
