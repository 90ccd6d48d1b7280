"""Read CSV in two passes: first the types, then the rows.

A type that is guessed from the first block depends on where the block ends. So the first pass reads
every value: a column is int64 if all its values are whole decimal numbers, double if all are
numbers, else string; whole numbers with leading zeros are names, and make it a string. Text is
parsed by Arrow, in the columns' own threads.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from tidegate.contract import Contract
from tidegate.core.errors import SourceError
from tidegate.data.sources.csv_faults import lines_of, located, open_text, set_aside
from tidegate.data.sources.csv_layout import Layout, find_layout
from tidegate.data.sources.csv_rows import whole_rows
from tidegate.data.sources.csv_types import ColumnType, Marks, are_numbers, no_numbers, parse
from tidegate.data.sources.objects import SourceObject, check_same_columns
from tidegate.data.sources.quarantine import BadRecords
from tidegate.data.sources.streams import rest_of_csv
from tidegate.data.sources.types import DOUBLE, INT, STRING
from tidegate.data.text_values import TextValues
from tidegate.platform.storage import Store

#: The number of bytes parsed at a time; no row may be longer.
BLOCK_SIZE = 1 << 22

#: The bytes of a column from which a thread of its own is worth it.
_MUCH: Final = 1 << 14

_NOT_NUMERIC: Final = (
    "column {name!r} has {text!r}, and the contract names it in features.numeric; fix the source, "
    "or add the text to source.null_values if it means a missing value"
)
_HEADER_AGAIN: Final = (
    "the column names stand here again, as in files that were put together with their headers; "
    "take the line out, or have it set aside with --max-bad-records 1 (contract: "
    "source.bad_records: quarantine)"
)
_BEHIND_THE_LAST: Final = "a value stands behind the last delimiter, where no column has a name"


def schema(
    store: Store, objects: Sequence[SourceObject], contract: Contract, bad: BadRecords
) -> pa.Schema:
    """The schema of all rows of these objects.

    Columns come in the first object's order. A column without any value is of type null; a
    categorical column of the contract is a string, a numeric one a double.

    Raises:
        SourceError: naming the object and, where it can be known, line and column.
    """
    names: tuple[str, ...] = ()
    types: dict[str, ColumnType] = {}
    with ThreadPoolExecutor(pa.cpu_count()) as threads:
        for item in objects:
            layout = _layout(store, item, contract)
            names = names or layout.names
            types = types or {n: _column_type(n, contract) for n in names}
            check_same_columns(layout.names, names, where=item.label, first_where=objects[0].label)
            _narrow(store, item, contract, layout, types, bad, threads)
    if len(bad.empty) == len(objects):
        what = objects[0].label if len(objects) == 1 else f"each of {len(objects)} objects"
        raise SourceError(f"{what} has a header and no rows; remove it or fill it")
    return pa.schema([(n, column.type) for n, column in types.items()])


def batches(
    store: Store, item: SourceObject, schema: pa.Schema, contract: Contract
) -> Iterator[pa.RecordBatch]:
    """Read the rows of one object in the schema from `schema`."""
    layout = _layout(store, item, contract)
    marks = Marks.of(contract.source)
    with ThreadPoolExecutor(pa.cpu_count()) as threads:
        for whole in _texts(store, item, layout, contract, []):
            batch, _ = _good(whole, layout, contract)
            texts = [batch.column(layout.names.index(f.name)) for f in schema]
            spread = _spread(whole, threads)
            columns = list(spread(parse, texts, schema.types, [marks] * len(texts)))
            yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _spread(batch: pa.RecordBatch, threads: ThreadPoolExecutor) -> Callable[..., Iterable[Any]]:
    """Map over columns, in threads if there is enough to do: a thread has its own cost a column."""
    return threads.map if batch.nbytes > _MUCH * max(batch.num_columns, 1) else map


def _layout(store: Store, item: SourceObject, contract: Contract) -> Layout:
    with located(store, item, contract, None), open_text(store, item, contract) as file:
        found = find_layout(file, item, contract)
    if found is None:
        raise SourceError(f"{item.label} is empty; a CSV file begins with its column names")
    return found


def _column_type(name: str, contract: Contract) -> ColumnType:
    features, marks = contract.features, Marks.of(contract.source)
    if name in features.numeric:
        return ColumnType({DOUBLE}, marks, forced=True)
    forced = name in features.categorical
    return ColumnType(set() if forced else {INT, DOUBLE}, marks, forced=forced)


def _narrow(
    store: Store,
    item: SourceObject,
    contract: Contract,
    layout: Layout,
    types: dict[str, ColumnType],
    bad: BadRecords,
    threads: ThreadPoolExecutor,
) -> None:
    """Narrow the types by the rows of one object, and count these."""
    ragged: list[str] = []
    unfit: dict[int, str] = {}
    text_values: dict[str, dict[int, str]] = {}
    rows = 0

    def narrow(name: str, values: pa.Array) -> None:
        column = types[name]
        if not column.add(values):
            return
        if name in contract.features.numeric:
            message = _NOT_NUMERIC.format(name=name, text=no_numbers(values, column.marks)[0])
            raise SourceError(f"{item.label}: {message}")
        if column.texts:
            places = [row for row in range(whole.num_rows) if row not in found]
            text_values[name] = {rows + places[r]: text for r, text in column.texts.items()}

    for whole in _texts(store, item, layout, contract, ragged):
        good, found = _good(whole, layout, contract)
        list(_spread(whole, threads)(narrow, layout.names, good.columns))
        unfit |= {rows + row: reason for row, reason in found.items()}
        rows += whole.num_rows
    if ragged or unfit:
        set_aside(store, item, contract, layout, len(ragged), unfit, bad)
    elif not rows:
        bad.empty.append(item.label)
    bad.good += rows - len(unfit)
    wanted = {row for texts in text_values.values() for row in texts}
    lines = lines_of(store, item, contract, layout, wanted) if wanted else {}
    for name, texts in text_values.items():
        places = tuple(f"{item.label}:{lines[row]}" for row in texts)
        bad.text_values[name] = TextValues(name, tuple(texts.values()), places, types[name].padded)


def _good(
    batch: pa.RecordBatch, layout: Layout, contract: Contract
) -> tuple[pa.RecordBatch, dict[int, str]]:
    """Separate the good rows from bad ones of the right width.

    Both passes call it, so that they leave out the same rows.

    Returns:
        The good rows without an empty last field; and the reason for each bad row, by its place.
    """
    reasons: dict[int, str] = {}
    columns = batch.columns
    if layout.trailing:
        behind = pc.not_equal(columns[-1], "").fill_null(False)
        reasons |= dict.fromkeys(pc.indices_nonzero(behind).to_pylist(), _BEHIND_THE_LAST)
        columns = columns[:-1]
        batch = pa.RecordBatch.from_arrays(columns, list(layout.names))
    reasons |= dict.fromkeys(_headers(batch), _HEADER_AGAIN)
    if contract.source.bad_records == "quarantine":
        for row, reason in _not_numeric(batch, contract).items():
            reasons.setdefault(row, reason)
    if not reasons:
        return batch, reasons
    kept = [row not in reasons for row in range(batch.num_rows)]
    return batch.filter(pa.array(kept, pa.bool_())), reasons


def _headers(batch: pa.RecordBatch) -> list[int]:
    """The rows that repeat the column names."""
    if len(batch.columns) < 2:
        return []
    same: Any = None
    for name, values in zip(batch.schema.names, batch.columns, strict=True):
        equal = pc.equal(values, name).fill_null(False)
        same = equal if same is None else pc.and_(same, equal)
        if not pc.any(same).as_py():
            return []
    return list(pc.indices_nonzero(same).to_pylist())


def _not_numeric(batch: pa.RecordBatch, contract: Contract) -> dict[int, str]:
    reasons: dict[int, str] = {}
    marks = Marks.of(contract.source)
    for name in contract.features.numeric:
        if name not in batch.schema.names:
            continue
        values = batch.column(batch.schema.names.index(name))
        if are_numbers(values, marks):
            continue
        wrong = pc.is_in(values, value_set=pa.array(no_numbers(values, marks), STRING))
        for row in pc.indices_nonzero(wrong).to_pylist():
            reasons.setdefault(row, _NOT_NUMERIC.format(name=name, text=str(values[row])))
    return reasons


def _texts(
    store: Store, item: SourceObject, layout: Layout, contract: Contract, ragged: list[str]
) -> Iterator[pa.RecordBatch]:
    """Read all fields as strings, with the contract's null values as null.

    If the contract sets bad records aside, rows of another width are left out and their texts
    appended to `ragged`.
    """
    source = contract.source
    names = layout.fields

    def skip(row: Any) -> str:
        ragged.append(row.text)
        return "skip"

    def options(size: int, *, use_threads: bool) -> dict[str, Any]:
        return {
            "read_options": arrow_csv.ReadOptions(
                block_size=size, use_threads=use_threads, column_names=list(names)
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

    def parsed_text(text: bytes) -> list[Any]:
        given = options(len(text) + 1, use_threads=False)
        return list(arrow_csv.read_csv(pa.BufferReader(text), **given).to_batches())

    with (
        located(store, item, contract, layout, block_size=BLOCK_SIZE),
        open_text(store, item, contract) as file,
        ThreadPoolExecutor(pa.cpu_count()) as threads,
    ):
        parsed: deque[Future[list[Any]]] = deque()
        dialect = (source.delimiter, source.quote, source.escape)
        for text, whole in whole_rows(file, *dialect, size=BLOCK_SIZE, skip=layout.skipped):
            if not whole:
                while parsed:
                    yield from parsed.popleft().result()
                with rest_of_csv(text, file, **options(BLOCK_SIZE, use_threads=True)) as reader:
                    yield from reader
                return
            if any(byte not in b"\r\n" for byte in text):
                parsed.append(threads.submit(parsed_text, text))
            if len(parsed) > pa.cpu_count():
                yield from parsed.popleft().result()
        while parsed:
            yield from parsed.popleft().result()
