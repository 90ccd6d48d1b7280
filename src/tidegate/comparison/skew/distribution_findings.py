"""What distances and shares between training and serving mean for the verdict."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from tidegate.comparison.drift.compare import asked_of
from tidegate.comparison.drift.findings import NAMES
from tidegate.comparison.drift.missing_and_new import SHARES, Share
from tidegate.comparison.skew.result import FeatureSkew
from tidegate.contract import Contract
from tidegate.core.text import percent
from tidegate.core.verdict import Finding, Severity
from tidegate.numerics.distances import Distance
from tidegate.statistics.slice_findings import by_feature, others

_CODES = {"missing": "distribution_skew_missing", "unseen": "distribution_skew_unseen"}
_OF_MISSING = {
    "feature_type_not_present",
    "feature_type_low_fraction_present",
    "feature_type_low_number_present",
}
_OF_VALUES = {"enum_type_unexpected_string_values"}


@dataclass(frozen=True)
class Told:
    """Features that are held already, by the schema or by key, and for what.

    Attributes:
        missing: For values that serving lacks.
        filled: For values that training lacks.
        values: For values that are other ones.
    """

    missing: frozenset[str]
    filled: frozenset[str]
    values: frozenset[str]


def already_told(found: Iterable[Finding], features: Iterable[FeatureSkew]) -> Told:
    """What need not hold once more, for it is the same fault.

    Args:
        found: About the schema and about values by key, as severe as the contract says.
        features: What was compared by key.
    """
    holds = [f for f in found if f.severity == "hold"]
    by_key = {f.subject for f in holds if f.code == "feature_skew"}
    skewed = [f for f in features if f.feature in by_key]

    def beyond(part: str) -> set[str]:
        return {f.feature for f in skewed if getattr(f, part) > (f.limit or 0) * f.compared}

    return Told(
        missing=frozenset(
            beyond("missing_in_serving") | {f.subject for f in holds if f.code in _OF_MISSING}
        ),
        filled=frozenset(beyond("missing_in_training")),
        values=frozenset(beyond("mismatched") | {f.subject for f in holds if f.code in _OF_VALUES}),
    )


def distribution_findings(
    distances: Iterable[Distance], shares: Iterable[Share], told: Told, contract: Contract
) -> list[Finding]:
    """What is to be said of the distribution of each feature.

    A feature whose distance is too great is told of once. What only a slice shows, and what is told
    already, is said in addition; it holds nothing that does not hold without it.

    Args:
        distances: With training as the baseline, over all rows, then by slice.
        shares: Of missing and unseen values, in the same way.
        told: What is held already.
        contract: Its `gates.drift` has the limits of `gates.skew`.
    """
    result = _by_distance(list(distances), told, contract)
    moved = {f.subject for f in result if f.code == "distribution_skew" and not f.slice}
    return result + _by_share(list(shares), told, moved, contract)


def _by_distance(distances: list[Distance], told: Told, contract: Contract) -> list[Finding]:
    judged = [d for d in distances if asked_of(contract, d.feature) != "report"]
    whole: dict[str, Finding] = {}
    for finding in (f for d in judged if not d.slice for f in _finding(d)):
        before = whole.get(finding.subject)
        if before is None or (finding.severity == "hold" and before.severity != "hold"):
            whole[finding.subject] = finding
    result = list(whole.values())
    moved = {f.subject for f in result if f.code == "distribution_skew"}
    apart = [d for d in judged if d.slice and d.status == "drift" and d.feature not in moved]
    values = {d.feature: d.n_current for d in distances if not d.slice}
    for found, severity in by_feature(apart, values, contract):
        worst = max(found, key=lambda d: (d.value or 0) / (d.threshold or 1))
        result.append(
            Finding(
                "distribution_skew",
                worst.feature,
                "info" if worst.feature in told.values else severity,
                f"feature {worst.feature!r} is distributed otherwise in serving than in training "
                f"in slice {worst.slice} ({worst.n_current:,} values, {worst.n_baseline:,} in "
                f"training), not over all rows: {_figures(worst)}{others(worst, found)}; find out "
                f"why, or set {_key(worst.feature)}",
                worst.slice,
            )
        )
    return result


def _finding(d: Distance) -> Iterator[Finding]:
    if d.status == "drift":
        moves = "; ".join(f"{label}: {a:.1%} -> {b:.1%}" for label, a, b in d.moved)
        yield Finding(
            "distribution_skew",
            d.feature,
            "hold",
            f"feature {d.feature!r} is distributed otherwise in serving than in training: "
            f"{_figures(d)}; what moved most: {moves}; find out why, or set {_key(d.feature)}",
        )
    elif d.status == "too_few":
        yield Finding(
            "distribution_skew_too_few",
            d.feature,
            "warn",
            f"feature {d.feature!r}: {d.n_baseline:,} values in training and {d.n_current:,} "
            "in serving are too few to tell skew from chance; take more logs",
        )
    elif d.status == "report" and d.value is None:
        yield Finding(
            "distribution_skew_not_judged",
            d.feature,
            "warn",
            f"feature {d.feature!r} has so many values that none can be compared between "
            f"training and serving; exclude it, or set {_key(d.feature)} to report",
        )
    elif d.status == "not_comparable" and d.n_current and d.n_baseline:
        yield Finding(
            "distribution_skew_not_computable",
            d.feature,
            "hold",
            f"feature {d.feature!r} cannot be compared between training and serving: "
            f"{d.note}; fix the source, or set {_key(d.feature)} to report",
        )


def _figures(d: Distance) -> str:
    said = f"{d.changed}; " if d.changed else ""
    return f"{said}{NAMES[d.measure]} {d.value:.3f} is above {d.threshold:.3f} ({d.origin})"


def _key(feature: str) -> str:
    return f"gates.skew.features.{feature}"


def _by_share(
    shares: list[Share], told: Told, moved: Collection[str], contract: Contract
) -> list[Finding]:
    result = [
        finding
        for share in shares
        if not share.slice
        for finding in _share(share, again=_again(share, told, moved))
    ]
    rows = {s.feature: s.n_current for s in shares if not s.slice}
    for kind in SHARES:
        everywhere = {f.subject for f in result if f.code == _CODES[kind]}
        grown = [s for s in shares if s.kind == kind and s.slice and s.holds]
        hidden = [s for s in grown if s.feature not in everywhere]
        for found, severity in by_feature(hidden, rows, contract):
            worst = max(found, key=lambda s: s.now - s.before)
            (finding,) = _share(worst, again=_again(worst, told, moved))
            said = f"in slice {worst.slice}, {finding.message}{others(worst, found)}"
            as_told = finding.severity if finding.severity == "info" else severity
            result.append(replace(finding, severity=as_told, message=said, slice=worst.slice))
    return result


def _again(share: Share, told: Told, moved: Collection[str]) -> bool:
    if share.kind == "unseen":
        return share.feature in told.values or share.feature in moved
    return share.feature in (told.missing if share.status == "more" else told.filled)


def _share(share: Share, *, again: bool) -> Iterator[Finding]:
    """What is to be said of a share; as context if it is the same fault again."""
    name = share.feature
    remedy = "shown only, as the contract says"
    if share.judged:
        remedy = f"fix the logs, or set {_key(name)} to report"
    severity: Severity = "hold" if share.holds else "warn"
    if share.kind == "missing" and share.status != "ok":
        yield Finding(
            _CODES["missing"],
            name,
            "info" if again else severity,
            f"feature {name!r} is empty in {percent(share.now)} of the serving rows, and in "
            f"{percent(share.before)} of the training rows: a change of more than "
            f"{percent(share.threshold)}; {remedy}",
        )
    if share.kind == "unseen" and share.holds:
        yield Finding(
            _CODES["unseen"],
            name,
            "info" if again else severity,
            f"{percent(share.now)} of the values of feature {name!r} in serving are not in the "
            f"training data, more than {percent(share.threshold)}, such as "
            f"{', '.join(map(repr, share.values))}; {remedy}",
        )
