"""CSV, streamed twice: once to find every column's type, once to read it.

A type that is guessed from the first block depends on where the block ends. So the first pass
looks at every value: a column is int64 if all its values are whole decimal numbers, double if all
are numbers, else string. Text is parsed by Arrow, in the columns' own threads.
"""

from __future__ import annotations

import csv as text_csv
import io
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import repeat
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from tidegate.contract import Contract
from tidegate.errors import SourceError
from tidegate.sources.objects import SourceObject, check_columns, check_same_columns, one_line
from tidegate.sources.types import DOUBLE, INT, NULL, STRING
from tidegate.storage import Store

#: Bytes parsed at a time; no row may be longer.
BLOCK_SIZE = 1 << 22

_COMPRESSION: Final = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}


def schema(store: Store, objects: Sequence[SourceObject], contract: Contract) -> pa.Schema:
    """The schema of all rows of these objects.

    Columns come in the first object's order. A column without any value is of type null; one that
    the contract calls categorical is a string, one it calls numeric a double.

    Raises:
        SourceError: naming the object and, where it can be known, line and column.
    """
    first = objects[0]
    names = _header(store, first, contract)
    features = contract.features
    can_be = {n: {INT, DOUBLE} for n in names}
    can_be |= {n: set() for n in features.categorical} | {n: {DOUBLE} for n in features.numeric}
    has_values = dict.fromkeys(names, False)

    def narrow(name: str, values: pa.Array, item: SourceObject) -> None:
        if len(values) > values.null_count:
            has_values[name] = True
            can_be[name] = {t for t in can_be[name] if _parses(values, t)}
            if INT not in can_be[name] and _has_plus(values):
                can_be[name] = set()
            if name in features.numeric and not can_be[name]:
                raise SourceError(
                    f"{item.name}: column {name!r} has {_no_number(values)!r}, and the contract "
                    "names it in features.numeric; fix the source, or add the text to "
                    "source.null_values if it means a missing value"
                )

    with ThreadPoolExecutor(pa.cpu_count()) as threads:
        for item in objects:
            mine = names if item is first else _header(store, item, contract)
            check_same_columns(mine, names, where=item.name, first_where=first.name)
            rows = 0
            for batch in _texts(store, item, mine, contract):
                rows += batch.num_rows
                list(threads.map(narrow, mine, batch.columns, repeat(item)))
            if not rows:
                raise SourceError(_no_rows(item))

    def decide(name: str) -> pa.DataType:
        if not has_values[name]:
            return NULL
        # Hexadecimal passes for an integer and not for a double; it is a name, not a number.
        return (
            INT if {INT, DOUBLE} == can_be[name] else DOUBLE if DOUBLE in can_be[name] else STRING
        )

    return pa.schema([(n, decide(n)) for n in names])


def batches(
    store: Store, item: SourceObject, schema: pa.Schema, contract: Contract
) -> Iterator[pa.RecordBatch]:
    """The rows of one object, in the schema that `schema` gave."""
    names = _header(store, item, contract)
    with ThreadPoolExecutor(pa.cpu_count()) as threads:
        for batch in _texts(store, item, names, contract):
            texts = [batch.column(names.index(f.name)) for f in schema]
            columns = list(threads.map(_parse, texts, schema.types))
            yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _parse(values: pa.Array, type_: pa.DataType) -> pa.Array:
    if type_ == NULL:
        return pa.nulls(len(values))
    if type_ == STRING:
        return values
    try:
        return pc.cast(values, type_)
    except pa.ArrowInvalid:
        return pc.cast(pc.ascii_trim_whitespace(values), type_)


def _parses(values: pa.Array, type_: pa.DataType) -> bool:
    try:
        _parse(values, type_)
    except pa.ArrowInvalid:
        return False
    return True


def _has_plus(values: pa.Array) -> bool:
    # A telephone number is no double; newer Arrow would take it for one, older would not.
    return bool(pc.any(pc.starts_with(pc.ascii_ltrim_whitespace(values), "+")).as_py())


def _no_number(values: pa.Array) -> str:
    ones = (values.slice(i, 1) for i in range(len(values)))
    return next(str(v[0]) for v in ones if not _parses(v, DOUBLE) or _has_plus(v))


def _open(store: Store, item: SourceObject) -> Any:
    suffix = item.name[item.name.rfind(".") :]
    return pa.input_stream(store.open(item.name), compression=_COMPRESSION.get(suffix))


def _header(store: Store, item: SourceObject, contract: Contract) -> list[str]:
    with _located(store, item, contract, None), _open(store, item) as file:
        text = io.TextIOWrapper(file, "utf-8-sig", newline="")
        rows = text_csv.reader(text, delimiter=contract.source.delimiter)
        names = next((row for row in rows if row), None)
    if names is None:
        raise SourceError(f"{item.name} is empty; a CSV file begins with its column names")
    check_columns(names, where=item.name)
    return names


def _texts(
    store: Store, item: SourceObject, names: Sequence[str], contract: Contract
) -> Iterator[pa.RecordBatch]:
    """All fields as strings; null where the contract says that a text means a missing value."""
    with _located(store, item, contract, len(names)), _open(store, item) as file:
        reader = arrow_csv.open_csv(
            file,
            read_options=arrow_csv.ReadOptions(block_size=BLOCK_SIZE),
            parse_options=arrow_csv.ParseOptions(
                delimiter=contract.source.delimiter, newlines_in_values=True
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, STRING),
                null_values=list(contract.source.null_values),
                strings_can_be_null=True,
            ),
        )
        if reader.schema != pa.schema([(n, STRING) for n in names]):
            raise SourceError(f"{item.name}: the line of column names cannot be read as CSV")
        yield from reader


@contextmanager
def _located(
    store: Store, item: SourceObject, contract: Contract, width: int | None
) -> Iterator[None]:
    """Turn a parser's error into one line that says where in the object it is."""
    try:
        yield
    except UnicodeDecodeError:
        raise SourceError(_bad_text(store, item) or f"{item.name} is not UTF-8 text") from None
    except (OSError, EOFError) as error:
        raise SourceError(f"{item.name} cannot be read: {one_line(error)}") from None
    except (pa.ArrowException, text_csv.Error) as error:
        found = _bad_text(store, item) or _bad_row(store, item, contract, width)
        raise SourceError(found or f"{item.name} is not valid CSV: {one_line(error)}") from None


def _bad_text(store: Store, item: SourceObject) -> str | None:
    with _open(store, item) as file:
        for number, line in enumerate(io.BufferedReader(file), start=1):
            if number == 1 and line[:2] in (b"\xff\xfe", b"\xfe\xff"):
                return f"{item.name} is UTF-16; save it as UTF-8"
            try:
                line.decode()
            except UnicodeDecodeError as error:
                return (
                    f"{item.name}:{number}: byte {error.start + 1} (0x{line[error.start]:02x}) "
                    "is not UTF-8; save the file as UTF-8"
                )
    return None


def _bad_row(store: Store, item: SourceObject, contract: Contract, width: int | None) -> str | None:
    """What is wrong with which row, in the words of a slower parser that counts lines."""
    line, rows_seen, longest, longest_line = 1, 0, 0, 1
    with _open(store, item) as file:
        text = io.TextIOWrapper(file, "utf-8-sig", newline="")
        rows = text_csv.reader(text, delimiter=contract.source.delimiter)
        try:
            for row in rows:
                if row and width is not None and len(row) != width:
                    told = f"{item.name}:{line}: expected {width} columns, found {len(row)}"
                    if (lines := rows.line_num - line + 1) > 1:
                        told += f"; its quotation marks span {lines} lines: is one unclosed?"
                    return told
                if (length := sum(map(len, row))) > longest:
                    longest, longest_line = length, line
                rows_seen += bool(row)
                line = rows.line_num + 1
        except text_csv.Error:
            return f"{item.name}:{line}: a quotation mark is not closed, or a field is too long"
    if rows_seen < 2:
        return _no_rows(item)
    if longest > BLOCK_SIZE // 2:
        return f"{item.name}:{longest_line}: a row of {longest:,} characters is too long"
    return None


def _no_rows(item: SourceObject) -> str:
    return f"{item.name} has a header and no rows; remove it or fill it"
