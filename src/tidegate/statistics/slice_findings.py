"""What slices show and all rows do not: which of them is told, and whether it holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol, TypeVar

from tidegate.contract import Contract
from tidegate.core.verdict import Severity

#: Slices that are named beside the one that is told.
_NAMED = 3


class Sliced(Protocol):
    """A distance or a share of a feature in a slice."""

    @property
    def feature(self) -> str:
        """The column."""

    @property
    def slice(self) -> str:
        """The slice, as `column=value`."""

    @property
    def n_current(self) -> int:
        """How many rows, or values, of the slice it is of."""


S = TypeVar("S", bound=Sliced)


def by_feature(
    found: Iterable[S], whole: Mapping[str, int], contract: Contract
) -> Iterator[tuple[list[S], Severity]]:
    """What to tell of each feature, and how severe it is.

    Slices that hold are told, and not those that are only further away.

    Args:
        found: What changed in slices.
        whole: By feature, what `n_current` is over all rows.
        contract: Its `gates.drift`.
    """
    grouped: dict[str, list[S]] = {}
    for one in found:
        grouped.setdefault(one.feature, []).append(one)
    for feature, slices in grouped.items():
        large = [
            s
            for s in slices
            if slice_severity(s.n_current / max(whole[feature], 1), contract) == "hold"
        ]
        yield (large, "hold") if large else (slices, "warn")


def slice_severity(share: float, contract: Contract) -> Severity:
    """What a change in a slice is that all rows do not show.

    Args:
        share: Of all rows that are in the slice, in [0, 1].
        contract: Its `gates.drift.min_slice_share`.
    """
    least = contract.gates.drift.min_slice_share
    return "hold" if least < 1 and share >= least else "warn"


def others(worst: S, found: Iterable[S]) -> str:
    """The slices beside the one that is told, as the end of a sentence; empty if there are none."""
    names = sorted({s.slice for s in found} - {worst.slice})
    if not names:
        return ""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"; also in {', '.join(names[:_NAMED])}{more}"
