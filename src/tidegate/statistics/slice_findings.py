"""Choose which slices' findings are reported, and their severity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol, TypeVar

from tidegate.contract import Contract
from tidegate.core.verdict import Severity

#: The most slices that are named beside the reported one.
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
        """The number of rows, or values, in the slice."""


S = TypeVar("S", bound=Sliced)


def by_feature(
    found: Iterable[S], whole: Mapping[str, int], contract: Contract
) -> Iterator[tuple[list[S], Severity]]:
    """Group slices by feature, with the severity of each group.

    If slices hold, only these are returned, and not slices that are merely further away.

    Args:
        found: The changes in slices.
        whole: `n_current` over all rows, by feature.
        contract: The contract with `gates.drift`.
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
    """The severity of a change that only a slice shows.

    Args:
        share: The share of all rows that are in the slice, in [0, 1].
        contract: The contract with `gates.drift.min_slice_share`.
    """
    least = contract.gates.drift.min_slice_share
    return "hold" if least < 1 and share >= least else "warn"


def others(worst: S, found: Iterable[S]) -> str:
    """The slices beside the reported one, as the end of a sentence.

    Empty if there are none.
    """
    names = sorted({s.slice for s in found} - {worst.slice})
    if not names:
        return ""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"; also in {', '.join(names[:_NAMED])}{more}"
