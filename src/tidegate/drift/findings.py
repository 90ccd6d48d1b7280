"""What the comparison with the baseline means for the verdict."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence

from tidegate.contract import Contract
from tidegate.distances import Distance
from tidegate.drift.compare import asked_of, level_of
from tidegate.drift.customary import unseen
from tidegate.drift.tails import gamma_quantile, normal_quantile
from tidegate.drift.thresholds import PRACTICAL
from tidegate.statistics.model import FeatureSummary, Statistics
from tidegate.verdict import Finding, Severity

NAMES = {"jensen_shannon": "Jensen-Shannon divergence", "l_infinity": "L-infinity distance"}


def drift_findings(distances: Iterable[Distance], contract: Contract) -> list[Finding]:
    """What the distances mean for the verdict; a feature that drifted is told of once."""
    result: list[Finding] = []
    told: set[str] = set()
    for d in distances:
        if d.feature in told or asked_of(contract, d.feature) == "report":
            continue
        finding = _finding(d)
        if finding is not None:
            result.append(finding)
            if finding.code == "drift":
                told.add(d.feature)
    return result


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
    drifted: Collection[str] = (),
) -> list[Finding]:
    """Features that are missing more, or less, often than in the baseline, or full of new values.

    More missing values, or values the baseline does not have, hold if they are more than a tenth
    of the rows and more than chance; fewer missing values are shown. Of features that `drifted` by
    a distance new values are not told again.
    """
    now, before = statistics.features(), baseline.features()
    level = level_of(now, before, contract)
    result: list[Finding] = []
    for name, current in now.items():
        past = before.get(name)
        if past is None or not current.rows or not past.rows or name in contract.not_features:
            continue
        reported = asked_of(contract, name) == "report"
        result += _missing(current, past, level, reported=reported)
        if name not in drifted:
            result += _unseen(current, past, level, reported=reported)
    return result


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
