"""Compare each feature over the pairs of rows with the same key.

Terms follow TFDV's `FeatureSkewDetector`: training is its base and serving its test; its
`base_only` is `missing_in_serving` here and its `test_only` `missing_in_training`, its
`match_count` is `equal` and `both_missing` together, its `diff_count` is `differing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from tidegate.comparison.skew.equality import Comparison
from tidegate.comparison.skew.join import Pairs, as_text
from tidegate.comparison.skew.pattern import pattern
from tidegate.comparison.skew.result import Confusion, FeatureSkew, FeatureStatus, Keys, Texts
from tidegate.contract import Contract
from tidegate.core.text import number

#: The most confusion pairs or ranges shown for a feature, and the most pairs of rows.
TOP: Final = 10
SAMPLE: Final = 5
#: The most features that are explained, those with the most differing pairs: each takes queries.
MAX_EXPLAINED: Final = 100
#: The number of features counted in one query.
_AT_ONCE: Final = 50
#: Numbers are shown one by one if ten pairs of values cover this share of the differences, else
#: in bins.
_RECURRING: Final = 0.5


def compare_pairs(pairs: Pairs, contract: Contract) -> tuple[Keys, tuple[FeatureSkew, ...]]:
    """Compare every feature that both sides have.

    Columns that no model sees are recorded and not judged, unless the contract gives them a limit
    by name.

    Args:
        pairs: At least one pair of rows.
        contract: The contract with the limits in `gates.skew.mismatch`.

    Returns:
        How rows were joined, with the number of pairs that differ; and the features in the order
        of the training data.
    """
    counted = [
        _judged(feature, contract, counts, pairs.keys.pairs)
        for start in range(0, len(pairs.features), _AT_ONCE)
        for feature, counts in _counts(pairs, pairs.features[start : start + _AT_ONCE])
    ]
    how = dict(pairs.features)
    worst = sorted(counted, key=lambda f: -f.differing)[:MAX_EXPLAINED]
    explained = {f.feature for f in worst if f.differing}
    features = tuple(
        _explained(pairs, f, how[f.feature]) if f.feature in explained else f for f in counted
    )
    differing = [how[f.feature].differs for f in features if f.differing and f.limit is not None]
    keys = pairs.keys
    if differing:
        query = f"SELECT count(*) FROM pairs WHERE {' OR '.join(differing)}"  # noqa: S608
        keys = replace(keys, differing=pairs.database.row(query)[0])
    return keys, features


_Feature = tuple[str, Comparison]


def _counts(
    pairs: Pairs, features: Sequence[_Feature]
) -> list[tuple[_Feature, tuple[int, int, int, int]]]:
    """Count missing and differing values of each feature.

    For each feature: pairs with no value, none in training, none in serving, different values.
    """
    configured = [
        f"count(*) FILTER (WHERE {condition})"
        for _, how in features
        for condition in (
            f"{how.t} IS NULL AND {how.s} IS NULL",
            f"{how.t} IS NULL AND {how.s} IS NOT NULL",
            f"{how.t} IS NOT NULL AND {how.s} IS NULL",
            how.mismatched,
        )
    ]
    found = pairs.database.row(f"SELECT {', '.join(configured)} FROM pairs")  # noqa: S608
    return [
        (feature, (found[i], found[i + 1], found[i + 2], found[i + 3]))
        for i, feature in zip(range(0, len(found), 4), features, strict=True)
    ]


def _judged(
    feature: _Feature, contract: Contract, counts: tuple[int, int, int, int], pairs: int
) -> FeatureSkew:
    name, how = feature
    both_missing, missing_in_training, missing_in_serving, mismatched = counts
    compared = FeatureSkew(
        feature=name,
        pairs=pairs,
        equal=pairs - sum(counts),
        both_missing=both_missing,
        mismatched=mismatched,
        missing_in_training=missing_in_training,
        missing_in_serving=missing_in_serving,
        limit=limit_of(contract, name),
        tolerance=how.tolerance,
        status="report",
    )
    return replace(compared, status=_status(compared))


def limit_of(contract: Contract, name: str) -> float | None:
    """The tolerated share of differing pairs in a column; None for `report`."""
    mismatch = contract.gates.skew.mismatch
    unnamed = "report" if name in contract.not_features else mismatch.default
    configured = mismatch.features.get(name, unnamed)
    return None if isinstance(configured, str) else float(configured)


def _status(feature: FeatureSkew) -> FeatureStatus:
    if feature.limit is None:
        return "report"
    if feature.share > feature.limit:
        return "skew"
    if feature.compared and 0 < feature.limit < feature.interval[1]:
        return "too_few"
    return "tolerated" if feature.differing else "same"


def _explained(pairs: Pairs, feature: FeatureSkew, how: Comparison) -> FeatureSkew:
    confusion, binned = _confusion(pairs, feature, how)
    return replace(
        feature,
        pattern=pattern(pairs.database, how) if feature.mismatched else "",
        confusion=confusion,
        binned=binned,
        sample=_sample(pairs, how),
    )


def _confusion(
    pairs: Pairs, feature: FeatureSkew, how: Comparison
) -> tuple[tuple[Confusion, ...], bool]:
    rows = pairs.database.run(
        f"SELECT {as_text('t')}, {as_text('s')}, n FROM (SELECT {how.t} AS t, {how.s} AS s, "  # noqa: S608
        f"count(*) AS n FROM pairs WHERE {how.differs} GROUP BY ALL) "
        f"ORDER BY n DESC, t NULLS FIRST, s NULLS FIRST LIMIT {TOP}"
    )
    shown = sum(n for _, _, n in rows)
    if how.kind != "number" or how.mixed or shown >= _RECURRING * feature.differing:
        return tuple(Confusion(*row) for row in rows), False
    return tuple(_bins(pairs, how)), True


def _bins(pairs: Pairs, how: Comparison) -> list[Confusion]:
    """Group differing pairs by tenths of the training values.

    Pairs that lack one value follow.
    """
    rows = pairs.database.run(
        "SELECT min(a), max(a), median(b), min(b), max(b), count(*) FROM "  # noqa: S608
        f"(SELECT a, b, CASE WHEN a IS NOT NULL AND b IS NOT NULL THEN "
        f"ntile({TOP}) OVER (PARTITION BY a IS NULL OR b IS NULL ORDER BY a, b) "
        "WHEN a IS NULL THEN 0 ELSE -1 END AS bin "
        f"FROM (SELECT {how.a} AS a, {how.b} AS b FROM pairs WHERE {how.differs})) "
        "GROUP BY bin ORDER BY bin <= 0, bin"
    )
    made = []
    for low, high, middle, least, greatest, count in rows:
        serving = None if middle is None else f"{number(middle)} ({_range(least, greatest)})"
        made.append(Confusion(None if low is None else _range(low, high), serving, count))
    return made


def _range(low: Any, high: Any) -> str:
    return number(low) if low == high else f"{number(low)} to {number(high)}"


def _sample(pairs: Pairs, how: Comparison) -> tuple[Texts, ...]:
    names = ", ".join(f"k{i}" for i in range(len(pairs.keys.columns)))
    rows = pairs.database.run(
        f"SELECT {names}, {as_text(how.t)}, {as_text(how.s)} FROM pairs WHERE {how.differs} "  # noqa: S608
        f"ORDER BY hash({names}), {names} LIMIT {SAMPLE}"
    )
    return tuple(tuple(row) for row in rows)
