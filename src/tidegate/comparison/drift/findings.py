"""What the comparison with the baseline means for the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from tidegate.comparison.drift.compare import asked_of
from tidegate.comparison.drift.missing_and_new import SHARES, Share, compare_shares
from tidegate.contract import Contract
from tidegate.core.verdict import Finding, Severity
from tidegate.numerics.distances import Distance
from tidegate.statistics.model import Statistics
from tidegate.statistics.slice_findings import by_feature, others

#: What to do about a drift; then comes the key that sets the limit.
_REMEDY = "; find out why, and accept it in gates.drift.accepted or set "
#: What is right where somebody says so. A distance that cannot be computed is not.
_ACCEPTABLE = {"drift", "missing_rate"}

NAMES = {"jensen_shannon": "Jensen-Shannon divergence", "l_infinity": "L-infinity distance"}


def drift_findings(distances: Iterable[Distance], contract: Contract) -> list[Finding]:
    """What the distances mean for the verdict; a feature that drifted is told of once.

    Of a feature that is calm over all rows the slice that moved furthest is told, if any drifted.
    It holds if it has `gates.drift.min_slice_share` of the rows, else it warns.
    """
    result: list[Finding] = []
    told: set[str] = set()
    values: dict[str, int] = {}
    sliced: list[Distance] = []
    for d in distances:
        if d.feature in told or asked_of(contract, d.feature) == "report":
            continue
        if d.slice:
            sliced += [d] if d.status == "drift" else []
            continue
        values[d.feature] = d.n_current
        finding = _finding(d)
        if finding is not None:
            result.append(finding)
            if finding.code == "drift":
                told.add(d.feature)
    for found, severity in by_feature(sliced, values, contract):
        result.append(_sliced(found, severity))
    return result


def accepted(findings: Iterable[Finding], contract: Contract, *, span: str) -> Iterator[Finding]:
    """The findings, of which those that `gates.drift.accepted` names for the span do not hold.

    Args:
        findings: About drift and missing values.
        contract: Its gates.
        span: That is judged.
    """
    reasons = contract.gates.drift.accepted.get(span, {})
    for finding in findings:
        reason = reasons.get(finding.subject)
        if finding.severity == "hold" and finding.code in _ACCEPTABLE and reason is not None:
            said = f"{finding.message.partition(_REMEDY)[0]}; accepted: {reason}"
            yield replace(finding, severity="warn", message=said)
        else:
            yield finding


def _sliced(found: list[Distance], severity: Severity) -> Finding:
    worst = max(found, key=lambda d: (d.value or 0) / (d.threshold or 1))
    return Finding(
        "drift",
        worst.feature,
        severity,
        f"feature {worst.feature!r} drifted in slice {worst.slice} ({worst.n_current:,} values, "
        f"{worst.n_baseline:,} before), not over all rows: {worst.changed}; "
        f"{NAMES[worst.measure]} {worst.value:.3f} is above {worst.threshold:.3f} ({worst.origin}; "
        f"chance alone gives up to {worst.noise or 0:.4f}){others(worst, found)}{_REMEDY}"
        f"gates.drift.features.{worst.feature}",
        slice=worst.slice,
    )


def _finding(d: Distance) -> Finding | None:
    key = f"gates.drift.features.{d.feature}"
    if d.status == "drift" and d.value is not None and d.threshold is not None:
        moves = "; ".join(f"{label}: {a:.1%} -> {b:.1%}" for label, a, b in d.moved)
        said = f"{d.changed}; " if d.changed else ""
        return Finding(
            "drift",
            d.feature,
            "hold",
            f"feature {d.feature!r} drifted: {said}{NAMES[d.measure]} {d.value:.3f} is above "
            f"{d.threshold:.3f} ({d.origin}; chance alone gives up to {d.noise or 0:.4f}); what "
            f"moved most: {moves}{_REMEDY}{key}",
        )
    if d.status == "too_few":
        return Finding(
            "drift_too_few",
            d.feature,
            "warn",
            f"feature {d.feature!r}: {d.n_current:,} and {d.n_baseline:,} values are too few to "
            f"tell drift from chance ({NAMES[d.measure]} {d.value or 0:.3f}, and chance alone "
            f"gives up to {d.noise or 0:.3f}); take longer spans",
        )
    if d.status == "report" and d.value is None:
        return Finding(
            "drift_not_judged",
            d.feature,
            "warn",
            f"feature {d.feature!r} has so many values that none can be compared with the "
            f"baseline; exclude it, or set {key} to report",
        )
    if d.status == "not_comparable" and d.n_current and d.n_baseline:
        return Finding(
            "drift_not_computable",
            d.feature,
            "hold",
            f"feature {d.feature!r} cannot be compared with the baseline: {d.note}; fix the "
            f"source, or set {key} to report",
        )
    return None


def share_findings(
    statistics: Statistics,
    baseline: Statistics,
    contract: Contract,
    *,
    moved: Sequence[Finding] = (),
) -> list[Finding]:
    """Features that are missing more, or less, often than in the baseline, or full of new values.

    More missing values, or values the baseline does not have, hold if they are more than a tenth
    of the rows and more than chance; fewer missing values are shown. Of features that drifted by a
    distance new values are not told again, and of slices only what all rows do not show.

    Args:
        statistics: Of the span.
        baseline: Of what it is compared with.
        contract: Its gates.
        moved: What `drift_findings` found.
    """
    drifted = {f.subject for f in moved if f.code == "drift" and not f.slice}
    shares = compare_shares(statistics, baseline, contract)
    result = [
        found
        for share in shares
        if not share.slice and not (share.kind == "unseen" and share.feature in drifted)
        for found in _share(share)
    ]
    told = {f.subject for f in result} | {f.subject for f in moved if f.code == "drift"}
    rows = {s.feature: s.n_current for s in shares if not s.slice}
    grown = [s for s in shares if s.slice and s.holds and s.feature not in told]
    for kind in SHARES:
        of_kind = [s for s in grown if s.kind == kind]
        for found, severity in by_feature(of_kind, rows, contract):
            worst = max(found, key=lambda s: s.now - s.before)
            (finding,) = _share(worst)
            said = f"in slice {worst.slice}, {finding.message}{others(worst, found)}"
            result.append(replace(finding, severity=severity, message=said, slice=worst.slice))
    return result


def _share(share: Share) -> list[Finding]:
    name, remedy = share.feature, "shown only, as the contract says"
    if share.judged:
        remedy = f"fix the source, or set gates.drift.features.{share.feature} to report"
    if share.kind == "missing" and share.status != "ok":
        return [
            Finding(
                "missing_rate",
                name,
                "hold" if share.holds else "warn",
                f"feature {name!r} is empty in {share.now:.1%} of the rows, {share.before:.1%} in "
                f"the baseline: a change of more than {share.threshold:.0%}; {remedy}",
            )
        ]
    if share.kind == "unseen" and share.holds:
        return [
            Finding(
                "drift",
                name,
                "hold",
                f"feature {name!r} drifted: {share.now:.1%} of its values are not in the baseline, "
                f"more than {share.threshold:.0%}, such as {', '.join(map(repr, share.values))}; "
                f"{remedy}",
            )
        ]
    return []
