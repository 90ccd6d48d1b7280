"""What the comparison with the baseline means for the verdict."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from tidegate.contract import Contract
from tidegate.distances import Distance
from tidegate.drift.compare import asked_of, level_of, slices_of
from tidegate.drift.customary import unseen
from tidegate.drift.tails import gamma_quantile, normal_quantile
from tidegate.drift.thresholds import PRACTICAL
from tidegate.statistics.model import FeatureSummary, Statistics
from tidegate.verdict import Finding, Severity

NAMES = {"jensen_shannon": "Jensen-Shannon divergence", "l_infinity": "L-infinity distance"}


def drift_findings(distances: Iterable[Distance], contract: Contract) -> list[Finding]:
    """What the distances mean for the verdict; a feature that drifted is told of once.

    Of a feature that is calm over all rows the slice that moved furthest is told, if any drifted.
    It holds if it has `gates.drift.min_slice_share` of the rows, else it warns.
    """
    result: list[Finding] = []
    told: set[str] = set()
    values: dict[str, int] = {}
    sliced: dict[str, list[Distance]] = {}
    for d in distances:
        if d.feature in told or asked_of(contract, d.feature) == "report":
            continue
        if d.slice:
            if d.status == "drift":
                sliced.setdefault(d.feature, []).append(d)
            continue
        values[d.feature] = d.n_current
        finding = _finding(d)
        if finding is not None:
            result.append(finding)
            if finding.code == "drift":
                told.add(d.feature)
    for feature, found in sliced.items():
        # What holds is told before what is only further away.
        large = [d for d in found if _holds(d.n_current / max(values[feature], 1), contract)]
        result.append(_sliced(large or found, "hold" if large else "warn"))
    return result


def _holds(share: float, contract: Contract) -> bool:
    """Whether a slice of this share of the rows may hold by itself."""
    least = contract.gates.drift.min_slice_share
    return least < 1 and share >= least


def _sliced(found: list[Distance], severity: Severity) -> Finding:
    worst = max(found, key=lambda d: (d.value or 0) / (d.threshold or 1))
    others = sorted({d.slice for d in found} - {worst.slice})
    also = f"; also in {', '.join(others[:3])}" if others else ""
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    return Finding(
        "drift",
        worst.feature,
        severity,
        f"feature {worst.feature!r} drifted in slice {worst.slice} ({worst.n_current:,} values, "
        f"{worst.n_baseline:,} before), not over all rows: {worst.changed}; "
        f"{NAMES[worst.measure]} {worst.value:.3f} is above {worst.threshold:.3f} ({worst.origin}; "
        f"chance alone gives up to {worst.noise or 0:.4f}){also}{more}; find out why, or set "
        f"gates.drift.features.{worst.feature}",
        slice=worst.slice,
    )


def _finding(d: Distance) -> Finding | None:
    remedy = f"set gates.drift.features.{d.feature}"
    if d.status == "drift" and d.value is not None and d.threshold is not None:
        moves = "; ".join(f"{label}: {a:.1%} -> {b:.1%}" for label, a, b in d.moved)
        said = f"{d.changed}; " if d.changed else ""
        return Finding(
            "drift",
            d.feature,
            "hold",
            f"feature {d.feature!r} drifted: {said}{NAMES[d.measure]} {d.value:.3f} is above "
            f"{d.threshold:.3f} ({d.origin}; chance alone gives up to {d.noise or 0:.4f}); what "
            f"moved most: {moves}; find out why, or {remedy}",
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
            f"baseline; exclude it, or {remedy} to report",
        )
    if d.status == "not_comparable" and d.n_current and d.n_baseline:
        return Finding(
            "drift_not_computable",
            d.feature,
            "hold",
            f"feature {d.feature!r} cannot be compared with the baseline: {d.note}; fix the "
            f"source, or {remedy} to report",
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
    level = level_of(statistics, baseline, contract)
    result = list(_shares(statistics, baseline, contract, level, drifted))
    for name, now, before in slices_of(statistics, baseline):
        told = {f.subject for f in result} | {f.subject for f in moved if f.code == "drift"}
        for finding in _shares(now, before, contract, level, told):
            if finding.severity == "hold" and finding.subject not in told:
                large = _holds(now.num_examples() / max(statistics.num_examples(), 1), contract)
                severity: Severity = "hold" if large else "warn"
                said = f"in slice {name}, {finding.message}"
                result.append(replace(finding, severity=severity, message=said, slice=name))
    return result


def _shares(
    statistics: Statistics,
    baseline: Statistics,
    contract: Contract,
    level: float,
    drifted: Collection[str],
) -> Iterator[Finding]:
    before = baseline.features()
    for name, current in statistics.features().items():
        past = before.get(name)
        if past is None or not current.rows or not past.rows or name in contract.not_features:
            continue
        reported = asked_of(contract, name) == "report"
        yield from _missing(current, past, level, reported=reported)
        if name not in drifted:
            yield from _unseen(current, past, level, reported=reported)


def _missing(
    current: FeatureSummary, past: FeatureSummary, level: float, *, reported: bool
) -> Iterator[Finding]:
    a, b = past.missing_fraction, current.missing_fraction
    pooled = (past.missing + current.missing) / (past.rows + current.rows)
    deviation = math.sqrt(pooled * (1 - pooled) * (1 / past.rows + 1 / current.rows))
    threshold = max(PRACTICAL, normal_quantile(level / 2) * deviation)
    if abs(b - a) > threshold:
        severity: Severity = "hold" if b > a and not reported else "warn"
        yield Finding(
            "missing_rate",
            current.name,
            severity,
            f"feature {current.name!r} is empty in {b:.1%} of the rows, {a:.1%} in the baseline: a "
            f"change of more than {threshold:.0%}; {_remedy(current.name, reported)}",
        )


def _unseen(
    current: FeatureSummary, past: FeatureSummary, level: float, *, reported: bool
) -> Iterator[Finding]:
    share = unseen(current, past) if current.type == past.type == "string" else None
    if share is None or reported:
        return
    seen = [count for _, count in past.top_values]
    threshold = max(PRACTICAL, unseen_by_chance(seen, current.count, level))
    if share > threshold:
        known = {value for value, _ in past.top_values}
        new = [value for value, _ in current.top_values if value not in known]
        yield Finding(
            "drift",
            current.name,
            "hold",
            f"feature {current.name!r} drifted: {share:.1%} of its values are not in the baseline, "
            f"more than {threshold:.0%}, such as {', '.join(map(repr, new[:3]))}; "
            f"{_remedy(current.name, reported)}",
        )


def unseen_by_chance(counts: Sequence[int], n: int, level: float) -> float:
    """The share of unseen values that chance exceeds with probability `level`.

    New values have about the share of those that were seen once (Good 1953), one more at least,
    with a variance from those seen once and twice (Esty 1983), and that of a share of `n`; the
    quantile is that of the gamma distribution with these two moments. A frequent value that falls
    into one of two samples only is none of these: the probability that it does so halves with
    every row where the samples are equal.

    Args:
        counts: How often each value occurs in the baseline.
        n: Values in the span.
        level: In (0, 0.5].
    """
    m, once, twice = sum(counts), counts.count(1), counts.count(2)
    expected = (once + 1) / (m + 1)
    variance = (once + 2 * twice) / m**2 + expected * (1 - expected) / n
    rare = gamma_quantile(expected**2 / variance, level) * variance / expected
    alone = math.log(level / len(counts)) / math.log(n / (n + m)) / n
    return max(rare, alone)


def _remedy(name: str, reported: bool) -> str:
    if reported:
        return "shown only, as the contract says"
    return f"fix the source, or set gates.drift.features.{name} to report"
