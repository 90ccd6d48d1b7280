"""Summarize slices for pages, the furthest moved first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tidegate.comparison.drift.missing_and_new import Share
    from tidegate.comparison.skew import Skew
    from tidegate.numerics.distances import Distance
    from tidegate.statistics import Statistics
    from tidegate.validation import Validation


@dataclass(frozen=True)
class SliceLine:
    """One slice, compared with the same slice of the baseline.

    Attributes:
        name: Its name, such as `origin=JFK`.
        rows: Its current rows.
        baseline: Its rows in the baseline.
        drifted: The features that drifted in it, the furthest moved first; then the features with
            too many missing or new values.
        few: The number of features with too few rows in it to judge.
        furthest: The distance that is furthest above, or nearest to, its threshold; None if nothing
            is judged.
    """

    name: str
    rows: int
    baseline: int
    drifted: tuple[str, ...]
    few: int
    furthest: Distance | None

    @property
    def ratio(self) -> float:
        """The furthest distance as a multiple of its threshold."""
        return self.furthest.ratio if self.furthest is not None else 0.0


def shown_slices(
    compared: Validation | Skew,
    statistics: Statistics,
    baseline: Statistics | None,
    *,
    shares: Iterable[Share] = (),
) -> list[SliceLine]:
    """Sort the compared slices, drifted ones first.

    Args:
        compared: The result whose distances are shown.
        statistics: The current statistics.
        baseline: The baseline's statistics.
        shares: The shares of missing and unseen values.
    """
    by_slice: dict[str, list[Distance]] = {}
    beyond: dict[str, list[str]] = {}
    for share in shares:
        if share.slice and share.holds:
            beyond.setdefault(share.slice, []).append(share.feature)
    for distance in compared.distances:
        if distance.slice:
            by_slice.setdefault(distance.slice, []).append(distance)
    current_slices = statistics.by_slice()
    baseline_slices = baseline.by_slice() if baseline is not None else {}
    lines = []
    for name, distances in by_slice.items():
        ranked = sorted((d for d in distances if d.threshold), key=lambda d: d.ratio, reverse=True)
        drifted = [d.feature for d in ranked if d.status == "drift"]
        moved = dict.fromkeys([*drifted, *beyond.get(name, ())])
        few = {d.feature for d in distances if d.status == "too_few"}
        lines.append(
            SliceLine(
                name=name,
                rows=current_slices[name].num_examples() if name in current_slices else 0,
                baseline=baseline_slices[name].num_examples() if name in baseline_slices else 0,
                drifted=tuple(moved),
                few=len(few),
                furthest=ranked[0] if ranked else None,
            )
        )
    return sorted(lines, key=lambda line: (not line.drifted, -line.ratio, line.name))
