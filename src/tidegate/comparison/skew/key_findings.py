"""Turn the key comparison's figures into findings with remedies."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Final

from tidegate.comparison.skew.result import Confusion, FeatureSkew, Keys
from tidegate.contract import Contract
from tidegate.core.text import count, percent
from tidegate.core.verdict import Finding
from tidegate.numerics.intervals import Z

#: The most confusion pairs that a message names.
_NAMED: Final = 3


def pairs_needed(limit: float) -> int:
    """The fewest pairs that can show a differing share below `limit`.

    They can show it only if no pair differs. The upper end of Wilson's interval for no case in n is
    z^2 / (n + z^2).
    """
    return math.ceil(Z**2 * (1 - limit) / limit) if limit > 0 else 1


def key_findings(keys: Keys, contract: Contract) -> Iterator[Finding]:
    """Report how well the keys of both sides match."""
    named = ", ".join(keys.columns)
    if not contract.serving_key:
        yield Finding("no_join_key", "", "warn", keys.problem)
        return
    if keys.problem:
        yield Finding("no_common_keys", "", "hold", keys.problem)
        return
    for side, rows, without in (
        ("training", keys.training_rows, keys.training_without_key),
        ("serving", keys.serving_rows, keys.serving_without_key),
    ):
        if without:
            yield Finding(
                "rows_without_key",
                side,
                "warn",
                f"{without:,} of {rows:,} rows of the {side} data have no {named} and were not "
                "compared; write the key in every row",
            )
    for side, distinct, duplicates in (
        ("training", keys.training_keys, keys.training_duplicates),
        ("serving", keys.serving_keys, keys.serving_duplicates),
    ):
        if duplicates:
            yield Finding(
                "duplicate_join_keys",
                side,
                "warn",
                f"{duplicates:,} of {distinct:,} keys ({named}) stand in several rows of the "
                f"{side} data and were not compared, for nothing says which row belongs to which; "
                "write each once, or give a key that tells them apart",
            )
    if not keys.pairs:
        yield Finding("no_common_keys", "", "hold", _nothing_compared(keys))
        return
    for side, other, missing, of in (
        ("serving", "training", keys.missing_in_serving, keys.training_keys),
        ("training", "serving", keys.missing_in_training, keys.serving_keys),
    ):
        if missing:
            yield Finding(
                f"keys_missing_in_{side}",
                "",
                "info",
                f"{missing:,} of {of:,} keys of the {other} data ({percent(missing / of)}) are "
                f"not in the {side} data",
            )
    limit = contract.gates.skew.mismatch.default
    if isinstance(limit, str):
        return
    needed = pairs_needed(limit)
    if keys.pairs < needed:
        yield Finding(
            "too_few_pairs",
            "",
            "hold",
            f"only {count(keys.pairs, 'pair')} of rows could be compared, and at least "
            f"{needed:,} are needed to tell that fewer than {_limit(limit)} differ; take more "
            "logs, or raise gates.skew.mismatch",
        )


def _nothing_compared(keys: Keys) -> str:
    named = ", ".join(keys.columns)
    if keys.common:
        return (
            f"none of the {keys.common:,} keys ({named}) that both sides have stands in one row of "
            "each, so no values could be compared; give a key that identifies a row in serving.key"
        )
    examples = [
        f"{side} has {', '.join(str(part) for part in shown[0])}"
        for side, shown in (("training", keys.training_only), ("serving", keys.serving_only))
        if shown
    ]
    phrase = f" ({'; '.join(examples)})" if examples else ""
    return (
        f"no key ({named}) is in both the training data ({keys.training_keys:,} keys) and the "
        f"serving data ({keys.serving_keys:,}){phrase}, so no values could be compared; take logs "
        "of the same period, or correct serving.key and serving.columns"
    )


def feature_findings(features: Iterable[FeatureSkew], *, enough: bool) -> Iterator[Finding]:
    """Report the differing values of each feature.

    Args:
        features: The features, compared over the same pairs.
        enough: Whether there are enough pairs; if not, that is reported once for all features.
    """
    for f in features:
        if f.limit is None:
            continue
        figures = f"{f.differing:,} of {f.compared:,} pairs ({percent(f.share)})"
        if f.status == "skew":
            yield Finding(
                "feature_skew",
                f.feature,
                "hold",
                f"feature {f.feature!r} differs between training and serving in {figures}, more "
                f"than the {_limit(f.limit)} of gates.skew.mismatch: {_differs_most(f)}; compute "
                "it in the same way on both sides",
            )
        elif f.status == "too_few" and enough:
            yield Finding(
                "feature_skew_too_few",
                f.feature,
                "warn",
                f"feature {f.feature!r} differs in {figures}: too few to tell that fewer than "
                f"{_limit(f.limit)} do (95% interval up to {percent(f.interval[1])}); take more "
                "logs",
            )
        elif f.differing:
            yield Finding(
                "feature_skew_tolerated",
                f.feature,
                "warn",
                f"feature {f.feature!r} differs between training and serving in {figures}: "
                f"{_differs_most(f)}; the contract tolerates {_limit(f.limit)}",
            )


def _limit(share: float) -> str:
    return f"{share * 100:g}%"


def _differs_most(feature: FeatureSkew) -> str:
    parts = [feature.pattern] if feature.pattern else []
    if feature.missing_in_serving:
        parts.append(f"{feature.missing_in_serving:,} have no value in serving")
    if feature.missing_in_training:
        parts.append(f"{feature.missing_in_training:,} have no value in training")
    shown = [] if feature.binned else [_pair(c) for c in feature.confusion[:_NAMED]]
    if not shown and feature.sample:
        training, serving = feature.sample[0][-2:]
        shown = [_pair(Confusion(training, serving, 1))]
    return "; ".join([*parts, f"for example {', '.join(shown)}"] if shown else parts)


def _pair(pair: Confusion) -> str:
    times = f" ({pair.count:,} times)" if pair.count > 1 else ""
    return f"{_value(pair.training)} is {_value(pair.serving)}{times}"


def _value(text: str | None) -> str:
    return "missing" if text is None else repr(text)
