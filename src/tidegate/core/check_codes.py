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
    "outliers": "info",
    "extreme_values": "warn",
    "text_of_numbers": "info",
    "text_of_times": "info",
    "stale": "hold",
    "times_unreadable": "warn",
    "times_outside_span": "warn",
    "times_in_future": "warn",
    "times_out_of_order": "info",
    "unusual_volume": "warn",
    "duplicate_keys": "warn",
    "broken_text": "warn",
    "padded_text": "warn",
    "low_match_rate": "hold",
    "quarantined_records": "warn",
}
