"""The values for which a column of numbers is read as text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_THOUSANDS: Final = re.compile(
    r"[+-]?\d{1,3}([,.' \u00a0\u202f])\d{3}(\1\d{3})*([,.]\d+)?", re.ASCII
)
_DECIMAL: Final = re.compile(r"[+-]?\d+,\d+", re.ASCII)


@dataclass(frozen=True)
class TextValues:
    """The first values of a column that are no numbers, where others are.

    Attributes:
        column: The column.
        values: At most three, in the order of the data.
        places: For each, the object and line.
        padded: Whether they are whole numbers with leading zeros, which are names.
    """

    column: str
    values: tuple[str, ...]
    places: tuple[str, ...]
    padded: bool

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> TextValues:
        """Restore from plain values."""
        lists = {n: tuple(plain[n]) for n in ("values", "places")}
        return cls(**{**plain, **lists})

    @property
    def examples(self) -> str:
        """The values with their places, as a phrase."""
        return ", ".join(
            f"{v[:40]!r} in {p}" for v, p in zip(self.values, self.places, strict=True)
        )

    @property
    def remedy(self) -> str:
        """The setting that reads the values as numbers or declares them names; or empty."""
        if self.padded:
            return (
                "numbers with leading zeros are names: declare the column with --text (contract: "
                "features.categorical), or as numbers in features.numeric"
            )
        if len(marks := {m[1] for v in self.values if (m := _THOUSANDS.fullmatch(v.strip()))}) == 1:
            mark = marks.pop()
            return (
                f"{mark!r} stands between thousands: read them with --thousands '{mark}' "
                f'(contract: source.thousands: "{mark}")'
            )
        if all(_DECIMAL.fullmatch(v.strip()) for v in self.values):
            return (
                "',' stands before decimals: read them with --decimal ',' (contract: "
                'source.decimal: ",")'
            )
        return ""
