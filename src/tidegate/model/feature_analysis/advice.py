"""Advise which columns to check and which features to drop.

Every rule says "perhaps". A suspect may be an honest feature, and a column without information of
its own may matter beside another; the person who knows the data decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from tidegate.core.text import fixed, percent
from tidegate.model.feature_analysis.redundancy import CORRELATED, EXPLAINED
from tidegate.model.feature_analysis.result import FeatureSignal, Pair
from tidegate.numerics.binning import Array

#: A feature with a larger share of the label's entropy has more than all others can add.
LEAK_SHARE: Final = 0.5
#: With this AUC of one feature, at most one of twenty pairs of a positive and a negative row is
#: ranked wrongly. It detects leaks for rare labels, where a share of the entropy means little.
LEAK_AUC: Final = 0.95
#: Cells reveal a class if this share of their rows is of it ...
PURE: Final = 0.99
_PURE_ROWS: Final = 30
#: ... and they hold this share of a class with less than half of all rows.
CAUGHT: Final = 0.1
#: If chance reaches a larger share than this, a feature below it cannot be judged.
TELLING: Final = 0.02
#: A feature whose held-out share is below this part of its own share does not generalise.
CARRIED: Final = 0.1
#: A text column with this share of distinct values identifies rows.
UNIQUE: Final = 0.9


def given_away(learnt: Array, held: Array) -> tuple[float, str] | None:
    """Find cells that reveal a class of a binary label.

    For example, a refund's date reveals a return. Cells are chosen by the first part of the rows,
    and judged by the second.

    Args:
        learnt: Counts of shape (cells, 2).
        held: Counts of the held-out rows, of the same shape.

    Returns:
        The share of the class that they hold, and the class; None if no cells reveal one.
    """
    for k in (0, 1):
        sizes = learnt.sum(axis=1)
        if learnt[:, k].sum() >= learnt.sum() / 2 or not held[:, k].sum():
            continue
        pure = (sizes >= _PURE_ROWS) & (learnt[:, k] >= PURE * sizes)
        caught, all_held = held[pure, k].sum(), held[pure].sum()
        share = float(caught / held[:, k].sum())
        if share >= CAUGHT and caught >= PURE * all_held:
            return share, str(k)
    return None


def advise(
    features: Sequence[FeatureSignal],
    pairs: Sequence[Pair],
    *,
    rows: int,
    classes: Sequence[str],
    given: dict[str, tuple[float, str]],
    carries: bool,
) -> tuple[FeatureSignal, ...]:
    """Give every column that should be checked a code and a reason.

    Args:
        features: The measured features.
        pairs: The redundant pairs.
        rows: The number of measured rows.
        classes: The classes of the label, in the order of its cells.
        given: The results of `given_away`, by column.
        carries: Whether the second part of the rows is a split of its own, so that results in it
            generalise beyond the groups of training rows.
    """
    found = [_alone(f, rows, classes, given.get(f.name), carries) for f in features]
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
    classes: Sequence[str],
    given: tuple[float, str] | None,
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
    if reason := _too_good(feature, classes, given):
        return say("leak", reason)
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


def _too_good(
    feature: FeatureSignal, classes: Sequence[str], given: tuple[float, str] | None
) -> str:
    doubt = "is it known before the label is?"
    if feature.share >= LEAK_SHARE:
        own = percent(feature.share)
        return f"it tells {own} of the label by itself, more than all others can add: {doubt}"
    if feature.auc is not None and np.isfinite(feature.auc) and feature.auc >= LEAK_AUC:
        return f"by itself it ranks rows with an AUC of {fixed(feature.auc, 3)}: {doubt}"
    if given is not None:
        share, k = given
        return (
            f"some of its values are there for label {classes[int(k)]} alone, and give away "
            f"{percent(share)} of these rows: {doubt}"
        )
    return ""


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
