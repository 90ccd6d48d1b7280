"""Gather facts on the rows of a span while they are ingested.

Every fact here needs the rows, some in the order of the source; what the statistics already contain
(missing values, quantiles, frequent values) is not gathered again. Constant memory.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegate.data.joins import Joined, Joins
from tidegate.data.text_problems import TextProblems, problems
from tidegate.data.text_values import TextValues
from tidegate.data.times import microseconds, stated

if TYPE_CHECKING:
    from tidegate.data.sources.quarantine import BadRecords


#: Numbers that writers use for missing values.
PLACEHOLDERS: Final = tuple(
    float(sign * value) for value in (999, 9999, 99999, 999999, 9999999) for sign in (1, -1)
)
#: Dates that clocks and databases use for missing values.
PLACEHOLDER_DAYS: Final = ("0001-01-01", "1900-01-01", "1970-01-01", "9999-12-31")
_BITS: Final = 1 << 20
#: Above two rows a bit, the estimate of distinct integers is meaningless.
_MOST_COUNTED: Final = 2 * _BITS

#: A feature with different values in this share of its rows is a name, not a feature.
NEAR_UNIQUE: Final = 0.95


@dataclass(frozen=True)
class Times:
    """Facts about the contract's time column.

    Attributes:
        first: The oldest time, ISO 8601 without a zone (UTC if the data name one); None if no time
            could be read.
        last: The newest time, in the same form.
        read: Rows that have a time.
        unreadable: Rows whose value is no time.
        out_of_order: Rows that are older than the row before, in the source's order.
        outside: Rows before or after the span's own period; None if spans are no times.
    """

    first: str | None
    last: str | None
    read: int
    unreadable: int
    out_of_order: int
    outside: int | None


@dataclass(frozen=True)
class Numbers:
    """Facts about a numeric or time column, beyond the statistics.

    Attributes:
        column: Its name.
        placeholders: The suspicious values that occur, with their counts.
        rest_min: The least of all other finite values, in microseconds since 1970 for times; None
            if there are none.
        rest_max: The greatest of them.
        distinct: The approximate number of distinct integers (linear counting, Whang et al. 1990,
            within about 1 %); None for other types and beyond two million rows.
    """

    column: str
    placeholders: Mapping[str, int]
    rest_min: float | None
    rest_max: float | None
    distinct: int | None


@dataclass(frozen=True)
class Facts:
    """The facts recorded while a span was ingested.

    Attributes:
        period: When the span begins and ends (exclusive), ISO 8601; None if spans are no times.
        times: Facts about the contract's time column; None if it names none.
        numbers: Facts about numeric and time columns, in the data's order.
        texts: Facts about text columns with broken or padded values.
        joins: The results of the joins.
        bad_records: The number of records that were set aside.
        bad_reasons: The most frequent reasons, with counts, at most five.
        left_out: The columns that were not read because they hold no plain values, each with what
            it holds.
        text_values: Of columns of numbers, the values for which they are read as text.
        empty_objects: The number of objects without rows.
        partitions: The columns that folders name.
        distinct_rows: The number of different rows; None if a key tells rows apart.
    """

    period: tuple[str, str] | None = None
    times: Times | None = None
    numbers: tuple[Numbers, ...] = ()
    texts: tuple[TextProblems, ...] = ()
    joins: tuple[Joined, ...] = ()
    bad_records: int = 0
    bad_reasons: tuple[tuple[str, int], ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    text_values: tuple[TextValues, ...] = ()
    empty_objects: int = 0
    partitions: tuple[str, ...] = ()
    distinct_rows: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Convert to plain values."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self), allow_nan=False))
        return plain

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Facts:
        """Restore facts from `to_json`.

        Raises:
            KeyError, TypeError, ValueError: the document has another form.
        """
        period = plain["period"]
        return cls(
            period=None if period is None else (period[0], period[1]),
            times=None if plain["times"] is None else Times(**plain["times"]),
            numbers=tuple(Numbers(**n) for n in plain["numbers"]),
            texts=tuple(TextProblems(**t) for t in plain["texts"]),
            joins=tuple(Joined(**j) for j in plain["joins"]),
            bad_records=plain["bad_records"],
            bad_reasons=tuple((r[0], r[1]) for r in plain["bad_reasons"]),
            left_out=tuple((c[0], c[1]) for c in plain.get("left_out", ())),
            text_values=tuple(TextValues.of(t) for t in plain.get("text_values", ())),
            empty_objects=plain.get("empty_objects", 0),
            partitions=tuple(plain.get("partitions", ())),
            distinct_rows=plain.get("distinct_rows"),
        )


class Gatherer:
    """A gatherer of facts, fed with batches in the source's order."""

    def __init__(self, time: str | None, period: tuple[datetime, datetime] | None) -> None:
        """Start without rows; `time` is the contract's time column."""
        self._time = _TimeColumn(period) if time else None
        self._time_name = time
        self._period = period
        self._numbers: dict[str, _NumberColumn] = {}
        self._texts: dict[str, TextProblems] = {}

    def add(self, batch: pa.RecordBatch) -> None:
        """Add the rows of a batch."""
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            if pa.types.is_string(column.type):
                if found := problems(name, column):
                    self._texts[name] = self._texts.get(name, TextProblems(name)) + found
            elif not pa.types.is_null(column.type):
                self._numbers.setdefault(name, _NumberColumn(column.type)).add(column)
            if self._time is not None and name == self._time_name:
                self._time.add(column)

    def result(self, joins: Joins | None = None, bad: BadRecords | None = None) -> Facts:
        """The facts of all added rows.

        Args:
            joins: The joins applied to the rows, or None.
            bad: The collector of unreadable records, or None.
        """
        period = self._period
        return Facts(
            period=None if period is None else (stated(period[0]), stated(period[1])),
            times=self._time.result() if self._time else None,
            numbers=tuple(column.result(name) for name, column in self._numbers.items()),
            texts=tuple(self._texts.values()),
            joins=joins.results if joins else (),
            bad_records=len(bad.records) if bad else 0,
            bad_reasons=bad.reasons() if bad else (),
            left_out=tuple(bad.left_out.items()) if bad else (),
            text_values=tuple(bad.text_values.values()) if bad else (),
            empty_objects=len(bad.empty) if bad else 0,
            partitions=bad.partitions if bad else (),
        )


class _TimeColumn:
    def __init__(self, period: tuple[datetime, datetime] | None) -> None:
        self._period = None if period is None else tuple(np.datetime64(p, "us") for p in period)
        self._first: Any = None
        self._last: Any = None
        self._before: Any = None
        self._read = self._unreadable = self._disordered = self._outside = 0

    def add(self, column: pa.Array) -> None:
        times, unreadable = microseconds(column)
        self._unreadable += unreadable
        if not len(times):
            return
        self._read += len(times)
        self._disordered += int(np.count_nonzero(times[1:] < times[:-1]))
        if self._before is not None and times[0] < self._before:
            self._disordered += 1
        self._before = times[-1]
        low, high = times.min(), times.max()
        self._first = low if self._first is None else min(self._first, low)
        self._last = high if self._last is None else max(self._last, high)
        if self._period is not None:
            begin, end = self._period
            self._outside += int(np.count_nonzero((times < begin) | (times >= end)))

    def result(self) -> Times:
        return Times(
            first=None if self._first is None else str(self._first),
            last=None if self._last is None else str(self._last),
            read=self._read,
            unreadable=self._unreadable,
            out_of_order=self._disordered,
            outside=None if self._period is None else self._outside,
        )


class _NumberColumn:
    def __init__(self, kind: pa.DataType) -> None:
        self._times = pa.types.is_timestamp(kind)
        self._seen = np.zeros(_BITS, bool) if pa.types.is_int64(kind) else None
        self._count = 0
        self._placeholders: dict[str, int] = {}
        self._min, self._max = math.inf, -math.inf
        # In microseconds for times, so that both are compared as floats.
        days = {day: float(np.datetime64(day, "us").astype(np.int64)) for day in PLACEHOLDER_DAYS}
        self._suspects = days if self._times else {f"{p:g}": p for p in PLACEHOLDERS}
        self._sorted = np.sort(np.array(list(self._suspects.values())))

    def add(self, column: pa.Array) -> None:
        values = column.drop_null()
        if self._times:
            values = pc.cast(values, pa.int64())
        numbers = values.to_numpy(zero_copy_only=False)
        self._count += len(numbers)
        if self._seen is not None:
            # Fibonacci hashing: the upper bits of a product with 2^64 over the golden ratio.
            hashed = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
            self._seen[(hashed >> np.uint64(44)).astype(np.int64)] = True
        floats = numbers.astype(np.float64)
        floats = floats[np.isfinite(floats)]
        if not len(floats):
            return
        rest = floats
        low, high = float(floats.min()), float(floats.max())
        # Most columns lie between two suspects, and none of them can be there.
        if np.searchsorted(self._sorted, low, "left") < np.searchsorted(
            self._sorted, high, "right"
        ):
            suspect = np.isin(floats, self._sorted)
            rest = floats[~suspect]
            for text, value in self._suspects.items():
                if found := int(np.count_nonzero(floats[suspect] == value)):
                    self._placeholders[text] = self._placeholders.get(text, 0) + found
        if len(rest):
            self._min, self._max = min(self._min, rest.min()), max(self._max, rest.max())

    def result(self, name: str) -> Numbers:
        known = self._min <= self._max
        return Numbers(
            column=name,
            placeholders=self._placeholders,
            rest_min=float(self._min) if known else None,
            rest_max=float(self._max) if known else None,
            distinct=self._distinct(),
        )

    def _distinct(self) -> int | None:
        if self._seen is None or self._count > _MOST_COUNTED:
            return None
        empty = _BITS - int(np.count_nonzero(self._seen))
        estimate = _BITS * math.log(_BITS / empty) if empty else math.inf
        return min(self._count, round(estimate)) if math.isfinite(estimate) else None
