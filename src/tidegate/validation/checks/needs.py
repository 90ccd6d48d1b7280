"""Check whether the data serves its users' needs, from `needs`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tidegate.contract import Contract, Need
from tidegate.core.text import nearest, percent
from tidegate.core.verdict import Finding
from tidegate.statistics.model import FeatureSummary


def needs_findings(
    columns: Mapping[str, FeatureSummary], contract: Contract, *, absent: str | None = None
) -> Iterator[Finding]:
    """Hold on unserved needs, and list features that serve none.

    NaN is no value here. A contract without `needs` gives no finding.

    Args:
        columns: Every column of a span that has rows.
        contract: The contract with needs and features.
        absent: A column that is not expected in this data (the label, in serving) and not judged.
    """
    for need in contract.needs:
        wrong = [w for c in need.data if c != absent and (w := _wrong(c, need, columns))]
        if wrong:
            yield Finding(
                "need_not_served",
                need.user,
                "hold",
                f"the need {need.user!r} is not served: {'; '.join(wrong)}; fix the source, or "
                "change needs in the contract",
            )
    served = {column for need in contract.needs for column in need.data}
    idle = [c for c in columns if c not in served and c not in contract.not_features]
    if contract.needs and idle:
        yield Finding(
            "serves_no_need",
            "",
            "info",
            f"features that serve no need: {', '.join(idle)}; name the need they serve, or stop "
            "collecting them",
        )


def _wrong(column: str, need: Need, columns: Mapping[str, FeatureSummary]) -> str | None:
    """Explain why a column does not serve a need, or return None."""
    summary = columns.get(column)
    if summary is None:
        return f"there is no column {column!r}" + nearest(column, tuple(columns)).replace(
            "; ", ", "
        )
    values = summary.count - summary.nans
    if not values:
        return f"column {column!r} has no value in {summary.rows:,} rows"
    if need.populated is not None and values < need.populated * summary.rows:
        return (
            f"column {column!r} has a value in {values:,} of {summary.rows:,} rows, fewer than "
            f"the {percent(need.populated)} of populated"
        )
    return None
