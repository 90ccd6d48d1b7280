"""Read Parquet, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

import tidegate.core._arrow  # noqa: F401
from tidegate.contract import Contract
from tidegate.core.errors import SourceError
from tidegate.data.sources.objects import SourceObject, check_columns, check_same_columns, one_line
from tidegate.data.sources.quarantine import BadRecords
from tidegate.data.sources.types import DOUBLE, INT, NULL, STRING, convert, normal_type, wider
from tidegate.platform.storage import Store

_BATCH_ROWS: Final = 65_536


def schema(
    store: Store, objects: Sequence[SourceObject], contract: Contract, bad: BadRecords
) -> pa.Schema:
    """The schema of these objects' rows, from their footers.

    Columns come in the first object's order; an integer column in one file and a float column in
    another are double together.

    Raises:
        SourceError: naming the object and column.
    """
    first = objects[0]
    merged: dict[str, pa.DataType] = {}
    for item in objects:
        with _opened(store, item) as file:
            found = file.schema_arrow
            rows = file.metadata.num_rows
        bad.good += rows
        if not rows:
            bad.empty.append(item.name)
        check_columns(found.names, where=item.name)
        # A part without rows has no values, and its writer had no types to tell.
        types = {f.name: _inside(f, item, contract) if rows else NULL for f in found}
        if item is first:
            merged = types
            continue
        check_same_columns(found.names, list(merged), where=item.name, first_where=first.name)
        for name, type_ in types.items():
            both = wider(merged[name], type_)
            if both is None:
                raise SourceError(
                    f"{item.name}: column {name!r} is {type_} here and {merged[name]} in the files "
                    "before; write it as one type"
                )
            merged[name] = both
    return pa.schema(list(merged.items()))


def batches(
    store: Store, item: SourceObject, schema: pa.Schema, _contract: Contract
) -> Iterator[pa.RecordBatch]:
    """Read the rows of one object in the schema from `schema`."""
    with _opened(store, item) as file:
        for batch in file.iter_batches(batch_size=_BATCH_ROWS):
            names = batch.schema.names
            columns = []
            for field in schema:
                values = batch.column(names.index(field.name))
                try:
                    columns.append(convert(values, field.type))
                except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                    raise SourceError(
                        f"{item.name}: column {field.name!r} ({values.type}) cannot be read as "
                        f"{field.type}: {one_line(error)}"
                    ) from None
            yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _inside(field: pa.Field, item: SourceObject, contract: Contract) -> pa.DataType:
    type_ = normal_type(field.type)
    if type_ is None:
        raise SourceError(
            f"{item.name}: column {field.name!r} is {field.type}, which is not a plain value; "
            "flatten it into columns of numbers, texts or times, or drop it"
        )
    if field.name in contract.features.numeric:
        if type_ not in (INT, DOUBLE, NULL):
            raise SourceError(
                f"{item.name}: column {field.name!r} is {field.type}, and the contract names it in "
                "features.numeric; write numbers, or take it out there"
            )
        return NULL if type_ == NULL else DOUBLE
    return STRING if field.name in contract.features.categorical else type_


@contextmanager
def _opened(store: Store, item: SourceObject) -> Iterator[Any]:
    try:
        with store.open(item.name) as raw:
            yield pq.ParquetFile(raw)
    except (pa.ArrowException, OSError, EOFError) as error:
        raise SourceError(
            f"{item.name} is not a whole Parquet file: {one_line(error)}; write it again"
        ) from None
