"""Read formats of single records: types, bad records, batches.

Each record becomes a mapping of names to int, float, str or None. A column is int64 if all its
values in the span are integers that fit, double if all are numbers, string if all are texts;
numbers in one record and text in another are an error, because either conversion would silently
change the meaning. A column that a record lacks is missing there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from tidegate.contract import Contract
from tidegate.core.errors import SourceError
from tidegate.data.sources.objects import SourceObject, check_columns
from tidegate.data.sources.quarantine import BadRecordError, BadRecords
from tidegate.data.sources.types import DOUBLE, INT, NULL, STRING
from tidegate.platform.storage import Store

Value = int | float | str | None
#: A record's line or number, its bytes, and its fault if that is known already.
Frame = tuple[int, bytes, str | None]
OnBad = Callable[[str, int, str, bytes], None]

_BATCH_RECORDS: Final = 16_384


@dataclass(frozen=True)
class RecordFormat:
    """A format of single records.

    Attributes:
        frames: Yields the records of an object.
        parse: Parses a record; raises BadRecordError if it cannot.
    """

    frames: Callable[[Store, SourceObject], Iterator[Frame]]
    parse: Callable[[bytes], Mapping[str, Value]]

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
        places: dict[str, dict[pa.DataType, str]] = {}
        for item in objects:
            for number, record in self._good(store, item, contract, bad.add):
                bad.good += 1
                for name, value in record.items():
                    found = places.setdefault(name, {})
                    if value is not None and (kind := _kind(value)) not in found:
                        found[kind] = f"{item.name}:{number}"
        check_columns(list(places), where=objects[0].name)
        return pa.schema([(n, _decide(n, found, contract)) for n, found in places.items()])

    def batches(
        self, store: Store, item: SourceObject, schema: pa.Schema, contract: Contract, /
    ) -> Iterator[pa.RecordBatch]:
        """Read the good records of one object in the schema from `schema`."""
        chunk: list[Mapping[str, Value]] = []
        for _, record in self._good(store, item, contract, lambda *_: None):
            chunk.append(record)
            if len(chunk) == _BATCH_RECORDS:
                yield _batch(chunk, schema)
                chunk = []
        if chunk:
            yield _batch(chunk, schema)

    def _good(
        self, store: Store, item: SourceObject, contract: Contract, on_bad: OnBad
    ) -> Iterator[tuple[int, Mapping[str, Value]]]:
        for number, raw, fault in self.frames(store, item):
            reason = fault
            if reason is None:
                try:
                    yield number, _as_contract(dict(self.parse(raw)), contract)
                    continue
                except BadRecordError as error:
                    reason = str(error)
            on_bad(item.name, number, reason, raw)


def _as_contract(record: dict[str, Value], contract: Contract) -> dict[str, Value]:
    for name in contract.features.categorical:
        value = record.get(name)
        if value is not None:
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
    return INT if isinstance(value, int) and -(2**63) <= value < 2**63 else DOUBLE


def _decide(name: str, found: Mapping[pa.DataType, str], contract: Contract) -> pa.DataType:
    if not found:
        return NULL
    if STRING in found and len(found) > 1:
        number = found.get(INT) or found[DOUBLE]
        raise SourceError(
            f"column {name!r} is text in {found[STRING]} and a number in {number}; write it as one "
            "type, or name it in features.categorical to read it as text"
        )
    if STRING in found:
        return STRING
    return DOUBLE if DOUBLE in found or name in contract.features.numeric else INT


def _batch(records: Sequence[Mapping[str, Value]], schema: pa.Schema) -> pa.RecordBatch:
    columns = []
    for field in schema:
        values: list[Any] = [record.get(field.name) for record in records]
        if field.type == DOUBLE:
            values = [None if v is None else float(v) for v in values]
        columns.append(pa.array(values, field.type))
    return pa.RecordBatch.from_arrays(columns, schema=schema)
