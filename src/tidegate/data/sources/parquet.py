"""Read Parquet, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from tidegate.contract import Contract
from tidegate.core._arrow import PARQUET, VERIFIES_PAGES
from tidegate.core.errors import SourceError
from tidegate.data.sources.objects import SourceObject, check_columns, check_same_columns, one_line
from tidegate.data.sources.parquet_pages import check_pages
from tidegate.data.sources.quarantine import BadRecords
from tidegate.data.sources.types import (
    DOUBLE,
    EXACT_DIGITS,
    INT,
    NULL,
    STRING,
    convert,
    may_not_fit,
    normal_type,
    wider,
)
from tidegate.platform.storage import Store

_BATCH_ROWS: Final = 65_536

#: What Arrow says of a valid file that this version of it cannot read.
_NOT_YET: Final = (
    "logicaltype that is not recognized",
    "not yet implemented",
    "not implemented",
    "unsupported encoding",
    "unknown encoding",
    "unknown compression",
    "not built with support",
)
_ENCRYPTED: Final = ("decrypt", "encrypted")


def schema(
    store: Store, objects: Sequence[SourceObject], contract: Contract, bad: BadRecords
) -> pa.Schema:
    """The schema of these objects' rows.

    Footers tell it, except where values may not fit their type: those are read. Columns come in the
    first object's order; an integer column in one file and a float column in another are double
    together. Columns that hold no plain values are left out, and named in `bad`.

    Raises:
        SourceError: naming the object and column.
    """
    first = objects[0]
    merged: dict[str, pa.DataType | None] = {}
    fractional: set[str] = set()
    for item in objects:
        with _opened(store, item) as (file, raw):
            found = file.schema_arrow
            rows = _rows(file)
            bad.good += rows
            if not rows:
                bad.empty.append(item.label)
            check_columns(found.names, where=item.label)
            types = {f.name: _inside(f, item, contract, bad) for f in found}
            plain = {name for name, type_ in types.items() if type_ is not None}
            if not VERIFIES_PAGES:
                check_pages(raw, plain, where=item.label)
            if rows:
                fractional |= {f.name for f in found if normal_type(f.type) != INT}
            unsure = [f for f in found if f.name in plain and may_not_fit(f.type)]
            types |= _tried(file, unsure, types, item, bad)
            if not rows:
                # A part without rows has no values, and its writer had no types to tell.
                types |= dict.fromkeys(plain, NULL)
        if item is first:
            merged = types
            continue
        check_same_columns(found.names, list(merged), where=item.label, first_where=first.label)
        for name, type_ in types.items():
            if name not in fractional and {merged[name], type_} == {INT, STRING}:
                merged[name] = STRING
            else:
                merged[name] = _both(name, merged[name], type_, item)
    made = pa.schema([(name, type_) for name, type_ in merged.items() if type_ is not None])
    bad.require_a_column(made.names, first.label)
    return made


def batches(
    store: Store, item: SourceObject, schema: pa.Schema, _contract: Contract
) -> Iterator[pa.RecordBatch]:
    """Read the rows of one object in the schema from `schema`."""
    rows = 0
    with _opened(store, item) as (file, _):
        for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=schema.names):
            names = batch.schema.names
            columns = []
            for field in schema:
                values = batch.column(names.index(field.name))
                try:
                    columns.append(convert(values, field.type))
                except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                    raise SourceError(
                        f"{item.label}: column {field.name!r} ({values.type}) cannot be read as "
                        f"{field.type}: {one_line(error)}"
                    ) from None
            rows += batch.num_rows
            yield pa.RecordBatch.from_arrays(columns, schema=schema)
        if rows != _rows(file):
            raise SourceError(
                f"{item.label} has {_rows(file):,} rows by its footer, and {rows:,} were read; "
                "write it again"
            )


def _rows(file: Any) -> int:
    # Some writers leave the number of all rows at 0; row groups are what is read.
    return sum(file.metadata.row_group(i).num_rows for i in range(file.num_row_groups))


def _inside(
    field: pa.Field, item: SourceObject, contract: Contract, bad: BadRecords
) -> pa.DataType | None:
    """The internal type by the footer; None for a column that is left out."""
    type_ = normal_type(field.type)
    if type_ is None:
        bad.leave_out(field.name, f"{field.type}, which is no plain value", item.label)
        return None
    if field.name in contract.features.numeric:
        if type_ not in (INT, DOUBLE, NULL):
            raise SourceError(
                f"{item.label}: column {field.name!r} is {field.type}, and the contract names it "
                "in features.numeric; write numbers, or take it out there"
            )
        return NULL if type_ == NULL else DOUBLE
    if field.name in contract.features.categorical:
        return STRING
    if (
        field.name in contract.key
        and pa.types.is_decimal(field.type)
        and field.type.scale > 0
        and field.type.precision > EXACT_DIGITS
    ):
        raise SourceError(
            f"{item.label}: column {field.name!r} is {field.type} and the key, and no double holds "
            f"more than {EXACT_DIGITS} digits exactly; write it as text or as whole numbers"
        )
    return type_


def _tried(
    file: Any,
    fields: Sequence[pa.Field],
    types: dict[str, pa.DataType | None],
    item: SourceObject,
    bad: BadRecords,
) -> dict[str, pa.DataType | None]:
    """The types of the columns whose values must be read to know whether they fit."""
    found: dict[str, pa.DataType | None] = {f.name: types[f.name] for f in fields}
    left = [f for f in fields if found[f.name] != DOUBLE]
    if not left:
        return found
    for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=[f.name for f in left]):
        for field in list(left):
            try:
                convert(batch.column(batch.schema.get_field_index(field.name)), found[field.name])
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
                left.remove(field)
                found[field.name] = STRING if found[field.name] == INT else None
                if found[field.name] is None:
                    bad.leave_out(field.name, f"{field.type}, and not UTF-8 text", item.label)
    return found


def _both(
    name: str, one: pa.DataType | None, other: pa.DataType | None, item: SourceObject
) -> pa.DataType | None:
    if one is None or other is None:
        return None
    both = wider(one, other)
    if both is None:
        raise SourceError(
            f"{item.label}: column {name!r} is {other} here and {one} in the files before; write "
            "it as one type"
        )
    return both


@contextmanager
def _opened(store: Store, item: SourceObject) -> Iterator[tuple[Any, Any]]:
    try:
        with store.open(item.name) as raw:
            # An instant of int96 beyond 2262 would wrap around in nanoseconds.
            yield pq.ParquetFile(raw, coerce_int96_timestamp_unit="us", **PARQUET), raw
    except UnicodeDecodeError:
        raise SourceError(
            f"{item.label} is not a whole Parquet file: the name of a column is not UTF-8; write "
            "it again"
        ) from None
    except (pa.ArrowException, OSError, EOFError) as error:
        raise SourceError(_unreadable(item, error)) from None


def _unreadable(item: SourceObject, error: BaseException) -> str:
    said = one_line(error)
    lower = said.lower()
    if any(word in lower for word in _ENCRYPTED):
        return (
            f"{item.label} is encrypted ({said}), and Tidegate takes no keys for Parquet; write it "
            "without encryption"
        )
    if isinstance(error, pa.ArrowNotImplementedError) or any(word in lower for word in _NOT_YET):
        return (
            f"{item.label} uses what pyarrow {pa.__version__} does not read: {said}; a newer "
            "pyarrow may (that of Python 3.12 and later is newer), or DuckDB: let it copy the "
            "file, or write the file without it"
        )
    return f"{item.label} is not a whole Parquet file: {said}; write it again"
