"""Read times from a column of any type."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def stated(moment: datetime) -> str:
    """Format in ISO 8601 without a zone, converted to UTC."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat()


def is_time(text: str) -> bool:
    """Whether a text is an ISO 8601 date, with or without time."""
    if not _DATE.match(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def microseconds(column: pa.Array) -> tuple[Any, int]:
    """The times of a column, and the number of unreadable values.

    Missing values are left out.

    Args:
        column: Timestamps, or text in ISO 8601 (a zone is turned into UTC).

    Returns:
        An array of datetime64[us], shape (n,), in the column's order, and a count.
    """
    values = column.drop_null()
    if pa.types.is_timestamp(values.type):
        return values.to_numpy(zero_copy_only=False).astype("datetime64[us]"), 0
    if not pa.types.is_string(values.type):
        return np.zeros(0, "datetime64[us]"), len(values)
    for kind in (pa.timestamp("us"), pa.timestamp("us", "UTC")):
        try:
            times = pc.cast(values, kind)
        except pa.ArrowInvalid:
            continue
        naive = pc.cast(times, pa.int64()).to_numpy(zero_copy_only=False)
        return naive.astype("datetime64[us]"), 0
    # Some are no times: slowly, one by one.
    found = [t for t in map(_read, values.to_pylist()) if t is not None]
    return np.array(found, "datetime64[us]"), len(values) - len(found)


def _read(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(stated(datetime.fromisoformat(text)))
    except ValueError:
        return None
