"""Read CSV in two passes: first the types, then the rows.

A type that is guessed from the first block depends on where the block ends. So the first pass reads
every value: a column is int64 if all its values are whole decimal numbers, double if all are
numbers, else string. Text is parsed by Arrow, in the columns' own threads.
"""

from __future__ import annotations

import codecs
import csv as text_csv
import io
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import repeat
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from tidegate.contract import Contract
from tidegate.core.errors import SourceError
from tidegate.data.sources.csv_rows import whole_rows
from tidegate.data.sources.objects import SourceObject, check_columns, check_same_columns, one_line
from tidegate.data.sources.quarantine import BadRecords
from tidegate.data.sources.streams import READ_ERRORS, open_stream, rest_of_csv
from tidegate.data.sources.types import DOUBLE, INT, NULL, STRING
from tidegate.platform.storage import Store

#: The number of bytes parsed at a time; no row may be longer.
BLOCK_SIZE = 1 << 22

_PROBED: Final = 64

_NOT_NUMERIC: Final = (
    "column {name!r} has {text!r}, and the contract names it in features.numeric; fix the source, "
    "or add the text to source.null_values if it means a missing value"
)


def schema(
    store: Store, objects: Sequence[SourceObject], contract: Contract, bad: BadRecords
) -> pa.Schema:
    """The schema of all rows of these objects.

    Columns come in the first object's order. A column without any value is of type null; a
    categorical column of the contract is a string, a numeric one a double.

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
            can_be[name] = _still(can_be[name], values)
            if name in features.numeric and not can_be[name]:
                message = _NOT_NUMERIC.format(name=name, text=_no_numbers(values)[0])
                raise SourceError(f"{item.name}: {message}")

    with ThreadPoolExecutor(pa.cpu_count()) as threads:
        for item in objects:
            mine = names if item is first else _header(store, item, contract)
            check_same_columns(mine, names, where=item.name, first_where=first.name)
            ragged: list[str] = []
            unfit: dict[int, str] = {}
            rows = 0
            for batch in _texts(store, item, mine, contract, ragged):
                good, found = _set_aside(batch, contract)
                unfit |= {rows + row: reason for row, reason in found.items()}
                rows += batch.num_rows
                list(threads.map(narrow, mine, good.columns, repeat(item)))
            if ragged or unfit:
                _locate(store, item, contract, len(mine), len(ragged), unfit, bad)
            elif not rows:
                raise SourceError(_no_rows(item))
            bad.good += rows - len(unfit)

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
    """Read the rows of one object in the schema from `schema`."""
    names = _header(store, item, contract)
    with ThreadPoolExecutor(pa.cpu_count()) as threads:
        for whole in _texts(store, item, names, contract, []):
            batch, _ = _set_aside(whole, contract)
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
        # Text fails at once here, and not after all of it was trimmed.
        _parse(values.slice(0, _PROBED), type_)
        _parse(values, type_)
    except pa.ArrowInvalid:
        return False
    return True


def _still(types: set[pa.DataType], values: pa.Array) -> set[pa.DataType]:
    """The candidate types that fit every value seen so far."""
    if not types or (types == {INT, DOUBLE} and _parses(values, INT) and not _has_x(values)):
        # What Arrow takes for an integer is decimal or hexadecimal, and if decimal a double too.
        return types
    left = {t for t in types if _parses(values, t)}
    return left if INT in left or not _has_plus(values) else set()


def _has_x(values: pa.Array) -> bool:
    data = values.buffers()[2]
    bytes_ = np.frombuffer(data or b"", np.uint8)
    return bool(((bytes_ | 0x20) == ord("x")).any())


def _has_plus(values: pa.Array) -> bool:
    # A telephone number is no double; newer Arrow would take it for one, older would not.
    return bool(pc.any(pc.starts_with(pc.ascii_ltrim_whitespace(values), "+")).as_py())


def _no_numbers(values: pa.Array) -> list[str]:
    different = values.unique().drop_null() if values.null_count else values.unique()
    ones = (different.slice(i, 1) for i in range(len(different)))
    return [str(v[0]) for v in ones if not _parses(v, DOUBLE) or _has_plus(v)]


def _set_aside(batch: pa.RecordBatch, contract: Contract) -> tuple[pa.RecordBatch, dict[int, str]]:
    """Separate rows with valid numeric columns from bad rows.

    Both passes call it, so that they leave out the same rows.

    Returns:
        The good rows; and the reason for each bad row, by its place.
    """
    reasons: dict[int, str] = {}
    if contract.source.bad_records == "error":
        return batch, reasons
    for name in contract.features.numeric:
        if name not in batch.schema.names:
            continue
        values = batch.column(batch.schema.names.index(name))
        if _parses(values, DOUBLE) and not _has_plus(values):
            continue
        wrong = pc.is_in(values, value_set=pa.array(_no_numbers(values), STRING))
        for row in pc.indices_nonzero(wrong).to_pylist():
            reasons.setdefault(row, _NOT_NUMERIC.format(name=name, text=str(values[row])))
    if not reasons:
        return batch, reasons
    kept = [row not in reasons for row in range(batch.num_rows)]
    return batch.filter(pa.array(kept, pa.bool_())), reasons


def _locate(
    store: Store,
    item: SourceObject,
    contract: Contract,
    width: int,
    ragged: int,
    unfit: dict[int, str],
    bad: BadRecords,
) -> None:
    """Find the lines of bad rows with a line-counting parser.

    It adds them to `bad`.

    Args:
        store: The store of the object.
        item: The object.
        contract: The contract, which describes how the object is written.
        width: Its number of columns.
        ragged: The number of rows of another width that Arrow's parser found.
        unfit: The reason for a bad row, by its place among the rows of the right width.
        bad: The collector of bad records.

    Raises:
        SourceError: the two parsers do not agree on the rows; nothing is guessed then.
    """
    lines: list[str] = []
    place = found = 0
    with _located(store, item, contract, None), _open(store, item, contract) as file:
        text = io.TextIOWrapper(file, "utf-8-sig", newline="")
        rows = text_csv.reader(_kept(text, lines), **_dialect(contract))
        start, header = 1, True
        for row in rows:
            raw, line = "".join(lines), start
            lines.clear()
            start = rows.line_num + 1
            if not row or header:
                header = header and not row
            elif len(row) != width:
                found += 1
                bad.add(item.name, line, _ragged(width, len(row)), raw.encode())
            else:
                if place in unfit:
                    bad.add(item.name, line, unfit[place], raw.encode())
                place += 1
    if found != ragged or any(row >= place for row in unfit):
        raise SourceError(
            f"{item.name}: its bad rows cannot be told from the good ones with certainty; is a "
            "quotation mark unclosed?"
        )


def _kept(lines: Iterator[str], seen: list[str]) -> Iterator[str]:
    for line in lines:
        seen.append(line)
        yield line


def _ragged(expected: int, found: int) -> str:
    return f"expected {expected} columns, found {found}"


def _dialect(contract: Contract) -> dict[str, Any]:
    source = contract.source
    return {
        "delimiter": source.delimiter,
        "quotechar": source.quote,
        "quoting": text_csv.QUOTE_NONE if source.quote is None else text_csv.QUOTE_MINIMAL,
        "escapechar": source.escape,
    }


def _open(store: Store, item: SourceObject, contract: Contract) -> Any:
    return open_stream(store, item, contract.source.encoding)


def _header(store: Store, item: SourceObject, contract: Contract) -> list[str]:
    with _located(store, item, contract, None), _open(store, item, contract) as file:
        text = io.TextIOWrapper(file, "utf-8-sig", newline="")
        rows = text_csv.reader(text, **_dialect(contract))
        names = next((row for row in rows if row), None)
    if names is None:
        raise SourceError(f"{item.name} is empty; a CSV file begins with its column names")
    check_columns(names, where=item.name)
    return names


def _texts(
    store: Store,
    item: SourceObject,
    names: Sequence[str],
    contract: Contract,
    ragged: list[str],
) -> Iterator[pa.RecordBatch]:
    """Read all fields as strings, with the contract's null values as null.

    If the contract sets bad records aside, rows of another width are left out and their texts
    appended to `ragged`.
    """
    source = contract.source

    def skip(row: Any) -> str:
        ragged.append(row.text)
        return "skip"

    def options(size: int, *, header: bool, use_threads: bool) -> dict[str, Any]:
        return {
            "read_options": arrow_csv.ReadOptions(
                block_size=size,
                use_threads=use_threads,
                column_names=None if header else list(names),
            ),
            "parse_options": arrow_csv.ParseOptions(
                delimiter=source.delimiter,
                quote_char=source.quote or False,
                escape_char=source.escape or False,
                newlines_in_values=True,
                invalid_row_handler=skip if source.bad_records == "quarantine" else None,
            ),
            "convert_options": arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, STRING),
                null_values=list(source.null_values),
                strings_can_be_null=True,
            ),
        }

    def check_header(found: pa.Schema) -> None:
        if found != pa.schema([(n, STRING) for n in names]):
            raise SourceError(f"{item.name}: the line of column names cannot be read as CSV")

    def parse(text: bytes, header: bool) -> list[Any]:
        given = options(len(text) + 1, header=header, use_threads=False)
        table = arrow_csv.read_csv(pa.BufferReader(text), **given)
        check_header(table.schema)
        return list(table.to_batches())

    with (
        _located(store, item, contract, len(names)),
        _open(store, item, contract) as file,
        ThreadPoolExecutor(pa.cpu_count()) as threads,
    ):
        parsed: deque[Future[list[Any]]] = deque()
        header = True
        dialect = (source.delimiter, source.quote, source.escape)
        for text, whole in whole_rows(file, *dialect, size=BLOCK_SIZE):
            if not whole:
                while parsed:
                    yield from parsed.popleft().result()
                given = options(BLOCK_SIZE, header=header, use_threads=True)
                with rest_of_csv(text, file, **given) as reader:
                    check_header(reader.schema)
                    yield from reader
                return
            if any(byte not in b"\r\n" for byte in text):
                parsed.append(threads.submit(parse, text, header))
                header = False
            if len(parsed) > pa.cpu_count():
                yield from parsed.popleft().result()
        while parsed:
            yield from parsed.popleft().result()


@contextmanager
def _located(
    store: Store, item: SourceObject, contract: Contract, width: int | None
) -> Iterator[None]:
    """Turn a parser's error into one line with its place."""
    try:
        yield
    except UnicodeError:
        message = _bad_text(store, item, contract)
        message = message or f"{item.name} is not {contract.source.encoding} text"
        raise SourceError(message) from None
    except READ_ERRORS as error:
        raise SourceError(f"{item.name} cannot be read: {one_line(error)}") from None
    except (pa.ArrowException, text_csv.Error) as error:
        found = _bad_text(store, item, contract) or _bad_row(store, item, contract, width)
        raise SourceError(found or f"{item.name} is not valid CSV: {one_line(error)}") from None


def _bad_text(store: Store, item: SourceObject, contract: Contract) -> str | None:
    encoding = contract.source.encoding
    if encoding != "utf-8":
        return _bad_encoded(store, item, encoding)
    with _open(store, item, contract) as file:
        for number, line in enumerate(io.BufferedReader(file), start=1):
            if number == 1 and line[:2] in (b"\xff\xfe", b"\xfe\xff"):
                return f"{item.name} is UTF-16; save it as UTF-8, or set source.encoding"
            try:
                line.decode()
            except UnicodeDecodeError as error:
                return (
                    f"{item.name}:{number}: byte {error.start + 1} (0x{line[error.start]:02x}) "
                    "is not UTF-8; save the file as UTF-8, or set source.encoding"
                )
    return None


def _bad_encoded(store: Store, item: SourceObject, encoding: str) -> str | None:
    number, decoder = 1, codecs.getincrementaldecoder(encoding)()
    with open_stream(store, item) as file:
        try:
            while chunk := file.read(1 << 16):
                number += decoder.decode(chunk).count("\n")
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            number += error.object[: error.start].decode(encoding, "ignore").count("\n")
            return f"{item.name}, about line {number}, is not {encoding} text: {one_line(error)}"
    return None


def _bad_row(store: Store, item: SourceObject, contract: Contract, width: int | None) -> str | None:
    """Describe the first bad row, found by a line-counting parser."""
    line, rows_seen, longest, longest_line = 1, 0, 0, 1
    with _open(store, item, contract) as file:
        text = io.TextIOWrapper(file, "utf-8-sig", newline="")
        rows = text_csv.reader(text, **_dialect(contract))
        try:
            for row in rows:
                if row and width is not None and len(row) != width:
                    message = f"{item.name}:{line}: {_ragged(width, len(row))}"
                    if (lines := rows.line_num - line + 1) > 1:
                        message += f"; its quotation marks span {lines} lines: is one unclosed?"
                    return message
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
