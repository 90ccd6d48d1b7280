"""Turn training-serving distances and shares into findings of the verdict."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from tidegate.comparison.distance_findings import (
    SKEW,
    distance_finding,
    share_finding,
    shares_finding,
    slices_finding,
)
from tidegate.comparison.drift.compare import configured_for
from tidegate.comparison.drift.missing_and_new import SHARES, Share
from tidegate.comparison.skew.result import FeatureSkew
from tidegate.contract import Contract
from tidegate.core.verdict import Finding
from tidegate.numerics.distances import Distance
from tidegate.statistics.slice_findings import by_feature

_OF_MISSING = {
    "feature_type_not_present",
    "feature_type_low_fraction_present",
    "feature_type_low_number_present",
}
_OF_VALUES = {"enum_type_unexpected_string_values"}


@dataclass(frozen=True)
class AlreadyReported:
    """Features that the schema or the key comparison holds already, by reason.

    Attributes:
        missing: Features whose values are missing in serving.
        filled: Features whose values are missing in training.
        values: Features whose values differ.
    """

    missing: frozenset[str]
    filled: frozenset[str]
    values: frozenset[str]


def already_reported(found: Iterable[Finding], features: Iterable[FeatureSkew]) -> AlreadyReported:
    """Collect the features whose fault is reported already.

    Args:
        found: Findings about the schema and about values by key, with their configured severity.
        features: The features that were compared by key.
    """
    holds = [f for f in found if f.severity == "hold"]
    by_key = {f.subject for f in holds if f.code == "feature_skew"}
    skewed = [f for f in features if f.feature in by_key]

    def beyond(part: str) -> set[str]:
        return {f.feature for f in skewed if getattr(f, part) > (f.limit or 0) * f.compared}

    return AlreadyReported(
        missing=frozenset(
            beyond("missing_in_serving") | {f.subject for f in holds if f.code in _OF_MISSING}
        ),
        filled=frozenset(beyond("missing_in_training")),
        values=frozenset(beyond("mismatched") | {f.subject for f in holds if f.code in _OF_VALUES}),
    )


def distribution_findings(
    distances: Iterable[Distance],
    shares: Iterable[Share],
    reported: AlreadyReported,
    contract: Contract,
) -> list[Finding]:
    """Judge the distribution of each feature.

    A feature whose distance is too great is reported once. A difference in a slice only is added,
    and so is one that is already reported; the latter does not hold the run again.

    Args:
        distances: The distances with training as the baseline, over all rows, then by slice.
        shares: The shares of missing and unseen values, in the same order.
        reported: The faults that hold already.
        contract: The contract; its `gates.drift` has the limits of `gates.skew`.
    """
    result = _by_distance(list(distances), reported, contract)
    moved = {f.subject for f in result if f.code == "distribution_skew" and not f.slice}
    return result + _by_share(list(shares), reported, moved, contract)


def _by_distance(
    distances: list[Distance], reported: AlreadyReported, contract: Contract
) -> list[Finding]:
    judged = [d for d in distances if configured_for(contract, d.feature) != "report"]
    whole: dict[str, Finding] = {}
    for finding in (distance_finding(d, SKEW) for d in judged if not d.slice):
        if finding is None:
            continue
        before = whole.get(finding.subject)
        if before is None or (finding.severity == "hold" and before.severity != "hold"):
            whole[finding.subject] = finding
    result = list(whole.values())
    moved = {f.subject for f in result if f.code == "distribution_skew"}
    apart = [d for d in judged if d.slice and d.status == "drift" and d.feature not in moved]
    values = {d.feature: d.n_current for d in distances if not d.slice}
    for found, severity in by_feature(apart, values, contract):
        again = found[0].feature in reported.values
        result.append(slices_finding(found, "info" if again else severity, SKEW))
    return result


def _by_share(
    shares: list[Share], reported: AlreadyReported, moved: Collection[str], contract: Contract
) -> list[Finding]:
    found = [_share(s, again=_again(s, reported, moved)) for s in shares if not s.slice]
    result = [finding for finding in found if finding is not None]
    rows = {s.feature: s.n_current for s in shares if not s.slice}
    for kind in SHARES:
        code = SKEW.missing if kind == "missing" else SKEW.unseen
        everywhere = {f.subject for f in result if f.code == code}
        grown = [s for s in shares if s.kind == kind and s.slice and s.holds]
        hidden = [s for s in grown if s.feature not in everywhere]
        for sliced, severity in by_feature(hidden, rows, contract):
            finding = shares_finding(sliced, severity, SKEW)
            worst = next(s for s in sliced if s.slice == finding.slice)
            again = _again(worst, reported, moved)
            result.append(replace(finding, severity="info") if again else finding)
    return result


def _again(share: Share, reported: AlreadyReported, moved: Collection[str]) -> bool:
    if share.kind == "unseen":
        return share.feature in reported.values or share.feature in moved
    return share.feature in (reported.missing if share.status == "more" else reported.filled)


def _share(share: Share, *, again: bool) -> Finding | None:
    """Turn a share into a finding; `info` if it is reported already."""
    finding = share_finding(share, SKEW)
    return replace(finding, severity="info") if finding and again else finding
