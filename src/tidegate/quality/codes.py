"""What the quality checks can find, and how severe each is unless the contract says otherwise."""

from __future__ import annotations

from typing import Final, Literal

Severity = Literal["hold", "warn", "info", "off"]

#: By code; `docs/quality.md` says what each means.
DEFAULTS: Final[dict[str, Literal["hold", "warn", "info"]]] = {
    "never_populated": "warn",
    "constant_column": "info",
    "near_unique_column": "warn",
    "placeholder_values": "warn",
    "unit_change": "warn",
}
