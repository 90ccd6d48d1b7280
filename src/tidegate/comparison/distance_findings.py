"""Turn distances and shares into findings, worded for each comparison."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tidegate.comparison.drift.missing_and_new import Share
from tidegate.contract import Limits, Threshold
from tidegate.core.errors import ContractError
from tidegate.core.text import apart, fixed, percents
from tidegate.core.verdict import Finding, Severity
from tidegate.numerics.distances import Distance
from tidegate.statistics.slice_findings import others


@dataclass(frozen=True)
class Wording:
    """The wording of one comparison's findings.

    Attributes:
        code: Code of the finding for a distance above its limit; related codes begin with it.
        missing: Code of the finding for a changed share of missing values.
        unseen: Code of the finding for values that are absent from the baseline.
        key: The contract's key that holds the limits by feature.
        noun: The name of the effect, for example `drift`.
        changed: The verb phrase for a feature that shows the effect.
        compared: The end of the phrase `cannot be compared ...`.
        baseline: The phrase after the baseline's number of values.
        counts: Template for the numbers of values: `{current}` and `{baseline}`.
        more: The remedy for too few values.
        source: The thing to fix.
        remedy: The remedy for a feature that shows the effect; the contract's key follows.
        missing_message: Template with `{name}`, the shares `{current}` and `{baseline}`, and
            `{threshold}`.
        unseen_message: Template with the same fields and `{values}`.
    """

    code: str
    missing: str
    unseen: str
    key: str
    noun: str
    changed: str
    compared: str
    baseline: str
    counts: str
    more: str
    source: str
    remedy: str
    missing_message: str
    unseen_message: str

    def key_of(self, feature: str) -> str:
        """The contract's key for a feature's limit."""
        return f"{self.key}.{feature}"


#: A feature over time.
DRIFT: Final = Wording(
    code="drift",
    missing="missing_rate",
    unseen="drift",
    key="gates.drift.features",
    noun="drift",
    changed="drifted",
    compared="with the baseline",
    baseline="before",
    counts="{current:,} and {baseline:,} values",
    more="take longer spans",
    source="source",
    remedy="find out why, and accept it in gates.drift.accepted or set ",
    missing_message="feature {name!r} is empty in {current} of the rows, {baseline} in the "
    "baseline: a change of more than {threshold}",
    unseen_message="feature {name!r} drifted: {current} of its values are not in the baseline, "
    "more than {threshold}, such as {values}",
)
#: A feature in serving and in training.
SKEW: Final = Wording(
    code="distribution_skew",
    missing="distribution_skew_missing",
    unseen="distribution_skew_unseen",
    key="gates.skew.features",
    noun="skew",
    changed="is distributed otherwise in serving than in training",
    compared="between training and serving",
    baseline="in training",
    counts="{baseline:,} values in training and {current:,} in serving",
    more="take more logs",
    source="logs",
    remedy="find out why, or set ",
    missing_message="feature {name!r} is empty in {current} of the serving rows, and in "
    "{baseline} of the training rows: a change of more than {threshold}",
    unseen_message="{current} of the values of feature {name!r} in serving are not in the training "
    "data, more than {threshold}, such as {values}",
)


def distance_finding(d: Distance, wording: Wording) -> Finding | None:
    """Turn one distance over all rows into a finding, or None."""
    key = wording.key_of(d.feature)
    if d.status == "drift":
        moves = "; ".join(f"{label}: {past} -> {new}" for label, past, new in d.moves)
        return Finding(
            wording.code,
            d.feature,
            "hold",
            f"feature {d.feature!r} {wording.changed}: {_figures(d)}; what moved most: {moves}; "
            f"{wording.remedy}{key}",
        )
    if d.status == "too_few":
        counts = wording.counts.format(current=d.n_current, baseline=d.n_baseline)
        return Finding(
            f"{wording.code}_too_few",
            d.feature,
            "warn",
            f"feature {d.feature!r}: {counts} are too few to tell {wording.noun} from chance "
            f"({d.measure_name} {fixed(d.value or 0)}, and chance alone gives up to "
            f"{fixed(d.noise or 0)}); {wording.more}",
        )
    if d.status == "report" and d.value is None:
        return Finding(
            f"{wording.code}_not_judged",
            d.feature,
            "warn",
            f"feature {d.feature!r} has so many values that none can be compared "
            f"{wording.compared}; exclude it, or set {key} to report",
        )
    if d.status == "not_comparable" and d.n_current and d.n_baseline:
        return Finding(
            f"{wording.code}_not_computable",
            d.feature,
            "hold",
            f"feature {d.feature!r} cannot be compared {wording.compared}: {d.note}; fix the "
            f"source, or set {key} to report",
        )
    return None


def slices_finding(found: Sequence[Distance], severity: Severity, wording: Wording) -> Finding:
    """Report a feature whose distance is too great only in slices.

    Args:
        found: The distances of one feature, one for each slice where it is too great.
        severity: The severity of the finding.
        wording: The wording of the comparison.
    """
    worst = max(found, key=lambda d: d.ratio)
    return Finding(
        wording.code,
        worst.feature,
        severity,
        f"feature {worst.feature!r} {wording.changed} in slice {worst.slice} "
        f"({worst.n_current:,} values, {worst.n_baseline:,} {wording.baseline}), not over all "
        f"rows: {_figures(worst)}{others(worst, found)}; {wording.remedy}"
        f"{wording.key_of(worst.feature)}",
        slice=worst.slice,
    )


def _figures(d: Distance) -> str:
    what = f"{d.changed}; " if d.changed else ""
    value, threshold = apart((d.value or 0, d.threshold or 0), lambda v, n: f"{v:.{n}f}", 3)
    return (
        f"{what}{d.measure_name} {value} is above {threshold} ({d.origin}; chance alone gives up "
        f"to {fixed(d.noise or 0)})"
    )


def share_finding(share: Share, wording: Wording) -> Finding | None:
    """Turn a missing or unseen share into a finding, or None."""
    remedy = "shown only, as the contract says"
    if share.judged:
        remedy = f"fix the {wording.source}, or set {wording.key_of(share.feature)} to report"
    if share.kind == "missing" and share.status != "ok":
        code, message = wording.missing, wording.missing_message
    elif share.kind == "unseen" and share.holds:
        code, message = wording.unseen, wording.unseen_message
    else:
        return None
    current, baseline, threshold = percents(share.current, share.baseline, share.threshold)
    phrase = message.format(
        name=share.feature,
        current=current,
        baseline=baseline,
        threshold=threshold,
        values=", ".join(map(repr, share.values)),
    )
    return Finding(code, share.feature, "hold" if share.holds else "warn", f"{phrase}; {remedy}")


def shares_finding(found: Sequence[Share], severity: Severity, wording: Wording) -> Finding:
    """Report a share of a feature that grew only in slices.

    Args:
        found: The shares of one feature and kind, one for each slice where the share holds the run.
        severity: The severity of the finding.
        wording: The wording of the comparison.
    """
    worst = max(found, key=lambda s: s.current - s.baseline)
    finding = share_finding(worst, wording)
    assert finding is not None  # noqa: S101 (it holds)
    message = f"in slice {worst.slice}, {finding.message}{others(worst, found)}"
    return replace(finding, severity=severity, message=message, slice=worst.slice)


def check_measures(
    limits: Mapping[str, Threshold | Limits], numbers: Iterable[str], wording: Wording
) -> None:
    """Check that each limited measure exists for its feature.

    Args:
        limits: The configured limits by feature.
        numbers: The numeric columns.
        wording: The wording of the comparison.

    Raises:
        ContractError: L-infinity is limited for a numeric column, where TFDV returns 0 for any
            data.
    """
    numeric = frozenset(numbers)
    for name, configured in limits.items():
        if name in numeric and isinstance(configured, Limits) and configured.l_infinity is not None:
            raise ContractError(
                f"{wording.key_of(name)} limits l_infinity, and {name!r} is a column of numbers, "
                "which have none; limit jensen_shannon, or name it in features.categorical"
            )
