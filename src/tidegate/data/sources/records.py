"""Read formats of single records: types, bad records, batches.

Each record becomes a mapping of names to int, float, str or None. A column is int64 if all its
values in the span are integers that fit, string if all are integers and some do not fit, double if
all are numbers, string if all are texts; numbers in one record and text in another are an error,
because either conversion would silently change the meaning. A column that a record lacks is missing
there.

A column of lists or objects is left out. A list in a column of plain values makes its record bad.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from tidegate.contract import Contract
from tidegate.core.errors import SourceError
from tidegate.data.sources.objects import SourceObject, check_columns
from tidegate.data.sources.quarantine import BadRecordError, BadRecords
from tidegate.data.sources.types import DOUBLE, INT, NULL, STRING
from tidegate.platform.storage import Store


@dataclass(frozen=True)
class NotPlain:
    """A value that is no plain one.

    Attributes:
        what: What it is, e.g. `a list`.
        fault: What is wrong with a record that has it in a column of plain values.
    """

    what: str
    fault: str


Value = int | float | str | NotPlain | None
#: A record's line or number, its bytes, and its fault if that is known already.
Frame = tuple[int, bytes, str | None]
OnBad = Callable[[str, int, str, bytes], None]

_BATCH_RECORDS: Final = 16_384
#: Stands for whole numbers beyond int64 while types are decided.
_WHOLE: Final = pa.decimal128(38, 0)


@dataclass(frozen=True)
class RecordFormat:
    """A format of single records.

    Attributes:
        frames: Yields the records of an object.
        parse: Parses a record; raises BadRecordError if it cannot.
        leaves_out: Whether a column without plain values is left out; otherwise only a column that
            the contract excludes is.
    """

    frames: Callable[[Store, SourceObject], Iterator[Frame]]
    parse: Callable[[bytes], Mapping[str, Value]]
    leaves_out: bool

    def schema(
        self, store: Store, objects: Sequence[SourceObject], contract: Contract, bad: BadRecords
    ) -> pa.Schema:
        """The schema of all good records, in order of first appearance.

        Args:
            store: The store of the objects.
            objects: The objects of the span.
            contract: The contract, which names the categorical and numeric columns.
            bad: The collector of records that cannot be read.

        Raises:
            SourceError: a column holds numbers and text, or a record is bad and none may be.
        """
        plain: set[str] = set()
        while True:
            columns = _Columns(contract, plain, leaves_out=self.leaves_out)
            records, good = len(bad.records), bad.good
            for item in objects:
                for number, record in self._good(store, item, contract, columns, bad.add):
                    bad.good += 1
                    columns.add(record, f"{item.label}:{number}")
            if not columns.mixed:
                break
            # Lists stand in columns of plain values: read again, and take their records for bad.
            plain |= columns.mixed
            del bad.records[records:]
            bad.good = good
        bad.left_out |= columns.left_out
        names = [name for name in columns.found if name not in bad.left_out]
        bad.require_a_column(names, objects[0].label)
        check_columns(names, where=objects[0].label)
        return pa.schema([(n, _decide(n, columns.found[n], contract)) for n in names])

    def batches(
        self, store: Store, item: SourceObject, schema: pa.Schema, contract: Contract, /
    ) -> Iterator[pa.RecordBatch]:
        """Read the good records of one object in the schema from `schema`."""
        chunk: list[Mapping[str, Value]] = []
        columns = _Columns(contract, set(schema.names), leaves_out=self.leaves_out)
        for _, record in self._good(store, item, contract, columns, lambda *_: None):
            chunk.append(record)
            if len(chunk) == _BATCH_RECORDS:
                yield _batch(chunk, schema)
                chunk = []
        if chunk:
            yield _batch(chunk, schema)

    def _good(
        self,
        store: Store,
        item: SourceObject,
        contract: Contract,
        columns: _Columns,
        on_bad: OnBad,
    ) -> Iterator[tuple[int, Mapping[str, Value]]]:
        for number, raw, fault in self.frames(store, item):
            reason = fault
            if reason is None:
                try:
                    record = _as_contract(dict(self.parse(raw)), contract)
                    columns.require_plain(record)
                    yield number, record
                    continue
                except BadRecordError as error:
                    reason = str(error)
            on_bad(item.label, number, reason, raw)


class _Columns:
    """The columns of the records seen so far, and what is required of their values.

    Attributes:
        found: The kinds of plain values of each column, each with the place of the first.
    """

    def __init__(self, contract: Contract, plain: Collection[str], *, leaves_out: bool) -> None:
        """Start without records; values of the columns in `plain` must be plain."""
        self.found: dict[str, dict[pa.DataType, str]] = {}
        self._not_plain: dict[str, str] = {}
        self._contract = contract
        self._excluded = set(contract.features.exclude)
        self._plain = plain
        self._leaves_out = leaves_out
        self._required: dict[str, bool] = {}

    def require_plain(self, record: Mapping[str, Value]) -> None:
        """Check the values that are not plain.

        Raises:
            BadRecordError: its column may not be left out.
        """
        for name, value in record.items():
            if isinstance(value, NotPlain) and self._is_required(name):
                raise BadRecordError(value.fault)

    def add(self, record: Mapping[str, Value], where: str) -> None:
        """Note the kinds of a record's values."""
        for name, value in record.items():
            kinds = self.found.setdefault(name, {})
            if isinstance(value, NotPlain):
                self._not_plain.setdefault(name, value.what)
            elif value is not None and (kind := _kind(value)) not in kinds:
                kinds[kind] = where

    @property
    def left_out(self) -> Mapping[str, str]:
        """The columns that hold no plain values, with what they hold."""
        return {n: f"{what}, which is no plain value" for n, what in self._not_plain.items()}

    @property
    def mixed(self) -> set[str]:
        """The columns that hold both, and are not excluded."""
        return {n for n in self._not_plain if self.found[n] and n not in self._excluded}

    def _is_required(self, name: str) -> bool:
        if name not in self._required:
            self._required[name] = name in self._plain or (
                name not in self._excluded
                and (not self._leaves_out or bool(self._contract.role(name)))
            )
        return self._required[name]


def _as_contract(record: dict[str, Value], contract: Contract) -> dict[str, Value]:
    for name in contract.features.categorical:
        value = record.get(name)
        if value is not None and not isinstance(value, NotPlain):
            record[name] = str(value)
    for name in contract.features.numeric:
        if isinstance(value := record.get(name), str):
            raise BadRecordError(
                f"column {name!r} has {value!r}, and the contract names it in features.numeric"
            )
    return record


def _kind(value: int | float | str) -> pa.DataType:
    if isinstance(value, str):
        return STRING
    if isinstance(value, float):
        return DOUBLE
    return INT if -(2**63) <= value < 2**63 else _WHOLE


def _decide(name: str, found: Mapping[pa.DataType, str], contract: Contract) -> pa.DataType:
    if not found:
        return NULL
    if STRING in found and len(found) > 1:
        number = next(place for kind, place in found.items() if kind != STRING)
        raise SourceError(
            f"column {name!r} is text in {found[STRING]} and a number in {number}; write it as one "
            "type, or name it in features.categorical to read it as text"
        )
    if DOUBLE in found or (STRING not in found and name in contract.features.numeric):
        return DOUBLE
    return INT if set(found) == {INT} else STRING


def _batch(records: Sequence[Mapping[str, Value]], schema: pa.Schema) -> pa.RecordBatch:
    columns = []
    for field in schema:
        values: list[Any] = [record.get(field.name) for record in records]
        if field.type == DOUBLE:
            values = [None if v is None else float(v) for v in values]
        elif field.type == STRING:
            values = [None if v is None else str(v) for v in values]
        columns.append(pa.array(values, field.type))
    return pa.RecordBatch.from_arrays(columns, schema=schema)
