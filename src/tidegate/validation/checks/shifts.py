"""Check for covariate shift between the kept rows of two spans."""

from __future__ import annotations

from collections.abc import Iterator

from tidegate.comparison.shift import Shift, SpanRows, compare
from tidegate.contract import Contract
from tidegate.core.errors import SignalError
from tidegate.core.verdict import Finding, Severity
from tidegate.statistics.model import Statistics
from tidegate.statistics.row_names import unjudged


def measured(
    statistics: Statistics, baseline: Statistics | None, contract: Contract
) -> tuple[Shift | None, str]:
    """Measure the shift between the kept rows, or explain its absence.

    Returns:
        The shift, or None and the reason.
    """
    if baseline is None:
        return None, "there is no span before it to compare with"
    names = unjudged(statistics, baseline, contract)
    excluded = (*contract.features.exclude, *names)
    features = contract.features.model_copy(update={"exclude": excluded})
    sides = []
    for side in (statistics, baseline):
        if side.sample is None and side.facts is None:
            return None, f"of {side.span} there are statistics and no rows, which it needs"
        if side.sample is None:
            return None, f"no rows are kept of {side.span} (gates.shift.rows)"
        sides.append(SpanRows(side.span, side.sample, side.num_examples()))
    try:
        found = compare(sides[0], sides[1], contract.model_copy(update={"features": features}))
        found.left_out.update(names)
        return found, ""
    except SignalError as error:
        return None, str(error)


def findings(
    shift: Shift | None, skipped: str, baseline: Statistics | None, contract: Contract
) -> Iterator[Finding]:
    """Report a significant shift; hold beyond `gates.shift.max_auc`.

    A limit that cannot be judged holds too, once there is a baseline.
    """
    limit = contract.gates.shift.max_auc
    if shift is None:
        if limit is not None and baseline is not None:
            yield Finding(
                "covariate_shift_not_computable",
                "",
                "hold",
                f"gates.shift.max_auc is {limit:g} and cannot be judged: {skipped}; validate "
                f"{baseline.span} again, or take the limit away",
            )
        return
    if not shift.significant:
        return
    auc = shift.auc
    severity: Severity = "hold" if limit is not None and auc.low > limit else "info"
    most = sorted((f for f in shift.features if f.significant), key=lambda f: -f.weight)[:3]
    by = f", most by {', '.join(f.name for f in most)}" if most else ""
    beyond = (
        f", above the {limit:g} of gates.shift.max_auc; find out why, or raise it"
        if severity == "hold"
        else ""
    )
    yield Finding(
        "covariate_shift",
        "",
        severity,
        f"a classifier tells the rows of this span from those of {shift.baseline} with an AUC of "
        f"{auc.value:.3f} ({auc.low:.3f} to {auc.high:.3f}; 0.5 is a coin){by}{beyond}",
    )
