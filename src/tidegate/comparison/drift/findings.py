"""Turn the comparison with the baseline into findings of the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from tidegate.comparison.distance_findings import (
    DRIFT,
    distance_finding,
    share_finding,
    shares_finding,
    slices_finding,
)
from tidegate.comparison.drift.compare import configured_for
from tidegate.comparison.drift.missing_and_new import SHARES, compare_shares
from tidegate.contract import Contract
from tidegate.core.verdict import Finding
from tidegate.numerics.distances import Distance
from tidegate.statistics.model import Statistics
from tidegate.statistics.slice_findings import by_feature

#: Codes that `gates.drift.accepted` can accept. A distance that cannot be computed is not one.
_ACCEPTABLE = {"drift", "missing_rate"}


def drift_findings(distances: Iterable[Distance], contract: Contract) -> list[Finding]:
    """Turn distances into findings, one for each feature that drifted.

    For a feature without drift over all rows, the slice that moved furthest is reported, if any
    drifted. It holds if it has `gates.drift.min_slice_share` of the rows, otherwise it warns.
    """
    result: list[Finding] = []
    reported: set[str] = set()
    values: dict[str, int] = {}
    sliced: list[Distance] = []
    for d in distances:
        if d.feature in reported or configured_for(contract, d.feature) == "report":
            continue
        if d.slice:
            sliced += [d] if d.status == "drift" else []
            continue
        values[d.feature] = d.n_current
        finding = distance_finding(d, DRIFT)
        if finding is not None:
            result.append(finding)
            if finding.code == "drift":
                reported.add(d.feature)
    for found, severity in by_feature(sliced, values, contract):
        result.append(slices_finding(found, severity, DRIFT))
    return [_with_role(f, contract) for f in result]


def _with_role(finding: Finding, contract: Contract) -> Finding:
    """Call the label a label, which no feature is."""
    if finding.subject != contract.label:
        return finding
    old, new = f"feature {finding.subject!r}", f"label {finding.subject!r}"
    return replace(finding, message=finding.message.replace(old, new, 1))


def with_accepted_changes(
    findings: Iterable[Finding], contract: Contract, *, span: str
) -> Iterator[Finding]:
    """Downgrade to warnings the findings that `gates.drift.accepted` lists.

    Args:
        findings: Findings about drift and missing values.
        contract: The contract with the gates.
        span: The span that is judged.
    """
    reasons = contract.gates.drift.accepted.get(span, {})
    for finding in findings:
        reason = reasons.get(finding.subject)
        if finding.severity == "hold" and finding.code in _ACCEPTABLE and reason is not None:
            phrase = f"{finding.message.partition(f'; {DRIFT.remedy}')[0]}; accepted: {reason}"
            yield replace(finding, severity="warn", message=phrase)
        else:
            yield finding


def share_findings(
    statistics: Statistics,
    baseline: Statistics,
    contract: Contract,
    *,
    moved: Sequence[Finding] = (),
) -> list[Finding]:
    """Report changed shares of missing values and new values.

    More missing values, or values that are absent from the baseline, hold if they are more than a
    tenth of the rows and more than chance; fewer missing values are shown. New values are not
    reported again for a feature that drifted by a distance, and slices only for what all rows do
    not show.

    Args:
        statistics: The statistics of the span.
        baseline: The statistics of the baseline.
        contract: The contract with the gates.
        moved: The findings of `drift_findings`.
    """
    drifted = {f.subject for f in moved if f.code == "drift" and not f.slice}
    shares = compare_shares(statistics, baseline, contract)
    found = [
        share_finding(share, DRIFT)
        for share in shares
        if not share.slice and not (share.kind == "unseen" and share.feature in drifted)
    ]
    result = [finding for finding in found if finding is not None]
    reported = {f.subject for f in result} | {f.subject for f in moved if f.code == "drift"}
    rows = {s.feature: s.n_current for s in shares if not s.slice}
    grown = [s for s in shares if s.slice and s.holds and s.feature not in reported]
    for kind in SHARES:
        of_kind = [s for s in grown if s.kind == kind]
        for sliced, severity in by_feature(of_kind, rows, contract):
            result.append(shares_finding(sliced, severity, DRIFT))
    return [_with_role(f, contract) for f in result]
