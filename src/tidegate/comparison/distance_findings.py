"""What distances and shares mean for a verdict, in the words of the comparison they come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tidegate.comparison.drift.missing_and_new import Share
from tidegate.contract import Limits, Threshold
from tidegate.core.errors import ContractError
from tidegate.core.text import percent
from tidegate.core.verdict import Finding, Severity
from tidegate.numerics.distances import Distance
from tidegate.statistics.slice_findings import others


@dataclass(frozen=True)
class Wording:
    """How one comparison speaks of what it finds.

    Attributes:
        code: The finding of a distance that is too great; others begin with it.
        missing: The finding of missing values that became more or fewer.
        unseen: The finding of values that the baseline does not have.
        key: The key of the contract that has a limit by feature.
        noun: What is looked for.
        changed: What a feature did that has it.
        compared: Between what, at the end of `cannot be compared`.
        baseline: Where the values of the baseline are, after their number.
        counts: The numbers of values, of `{current}` and `{baseline}`.
        more: What to do where values are too few.
        source: What to mend.
        remedy: What to do about a feature that has it; the key follows.
        missing_message: Of `{name}`, the shares `{current}` and `{baseline}`, and `{threshold}`.
        unseen_message: Of the same, and `{values}`.
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
        """The key of the contract that has the limit of a feature."""
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
    """What one distance over all rows means; None where it means nothing."""
    key = wording.key_of(d.feature)
    if d.status == "drift":
        moves = "; ".join(
            f"{label}: {percent(past)} -> {percent(new)}" for label, past, new in d.moved
        )
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
            f"({d.measure_name} {d.value or 0:.3f}, and chance alone gives up to "
            f"{d.noise or 0:.3f}); {wording.more}",
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
    """What the distances of a feature mean that are too great in slices, and not over all rows.

    Args:
        found: Of one feature, of every such slice.
        severity: What it is where it holds nothing more.
        wording: Of the comparison.
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
    return (
        f"{what}{d.measure_name} {d.value:.3f} is above {d.threshold:.3f} ({d.origin}; chance "
        f"alone gives up to {d.noise or 0:.4f})"
    )


def share_finding(share: Share, wording: Wording) -> Finding | None:
    """What a share of missing or unseen values means; None where it means nothing."""
    remedy = "shown only, as the contract says"
    if share.judged:
        remedy = f"fix the {wording.source}, or set {wording.key_of(share.feature)} to report"
    if share.kind == "missing" and share.status != "ok":
        code, message = wording.missing, wording.missing_message
    elif share.kind == "unseen" and share.holds:
        code, message = wording.unseen, wording.unseen_message
    else:
        return None
    phrase = message.format(
        name=share.feature,
        current=percent(share.current),
        baseline=percent(share.baseline),
        threshold=percent(share.threshold),
        values=", ".join(map(repr, share.values)),
    )
    return Finding(code, share.feature, "hold" if share.holds else "warn", f"{phrase}; {remedy}")


def shares_finding(found: Sequence[Share], severity: Severity, wording: Wording) -> Finding:
    """What a share of a feature means that grew in slices, and not over all rows.

    Args:
        found: Of one feature and kind, of every slice where it holds.
        severity: What it is where it holds nothing more.
        wording: Of the comparison.
    """
    worst = max(found, key=lambda s: s.current - s.baseline)
    finding = share_finding(worst, wording)
    assert finding is not None  # noqa: S101 (it holds)
    message = f"in slice {worst.slice}, {finding.message}{others(worst, found)}"
    return replace(finding, severity=severity, message=message, slice=worst.slice)


def check_measures(
    limits: Mapping[str, Threshold | Limits], numbers: Iterable[str], wording: Wording
) -> None:
    """Check that no limit is set for a measure that a feature does not have.

    Args:
        limits: What the contract asks of each feature.
        numbers: The columns of numbers.
        wording: Of the comparison.

    Raises:
        ContractError: L-infinity is asked of numbers, where TFDV answers 0 whatever the data.
    """
    numeric = frozenset(numbers)
    for name, configured in limits.items():
        if name in numeric and isinstance(configured, Limits) and configured.l_infinity is not None:
            raise ContractError(
                f"{wording.key_of(name)} limits l_infinity, and {name!r} is a column of numbers, "
                "which have none; limit jensen_shannon, or name it in features.categorical"
            )
