"""Compute statistics reproducibly, however the work is divided.

The statistics of files, tables and examples are the same to the byte. Rows are cut by position,
never by the file's row groups or a reader's batches: chunks of 65,536 rows, each with accumulators
of its own, folded from the first to the last into units of 16, and the units folded in the same
way. Sketches and sums of floats depend only on that shape, so any reader and any number of
processes give the same bytes.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial as bind
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
from tensorflow_metadata.proto.v0 import statistics_pb2

from tidegate.core._arrow import PARQUET
from tidegate.core.errors import StatisticsError
from tidegate.data.sampling import kept_rows, sample
from tidegate.statistics import exact
from tidegate.statistics.model import Statistics
from tidegate.statistics.partial import Partial, copy, extract, merge, partial_of
from tidegate.statistics.slices import compute_slices

if TYPE_CHECKING:
    from tidegate.data.examples import Examples

CHUNK_ROWS = 65_536
UNIT_ROWS = 16 * CHUNK_ROWS
#: A further process takes about 4 s to import TensorFlow: it pays off from about this many values.
_VALUES_PER_PROCESS = 150_000_000

#: Called with the number of processed rows and the number of all rows.
Progress = Callable[[int, int], None]


def compute(
    examples: Examples, *, processes: int | None = None, on_progress: Progress | None = None
) -> Statistics:
    """Compute the statistics of examples: all rows, splits and slices.

    They include a sample of the rows if the contract keeps any.

    Args:
        examples: The ingested examples.
        processes: The number of processes; by default one for every 150 million values, at most the
            number of processors. Each takes about 0.7 GB. The result is the same.
        on_progress: Called now and then with processed rows and all rows.

    Raises:
        StatisticsError: a file cannot be read, or a column's type has no statistics.
    """
    computed = compute_files(
        {split: examples.files(split) for split in examples.splits},
        schema=examples.schema,
        span=examples.span,
        content_digest=examples.content_digest,
        processes=processes,
        on_progress=on_progress,
    )
    slices, left_out, sampled = None, 0, None

    def rows(columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        for split in examples.splits:
            yield from examples.batches(split, columns=columns)

    if examples.sample_rows and examples.sample_columns and examples.num_rows():
        limit = kept_rows(examples.sample_rows, len(examples.sample_columns))
        sampled, _ = sample(rows(examples.sample_columns), limit)
    if examples.slices:
        slices, left_out = compute_slices(rows, examples.slices, schema=examples.schema)
    return replace(
        computed,
        leakage=examples.leakage,
        facts=examples.facts,
        slices=slices,
        slices_left_out=left_out,
        sample=sampled,
    )


def compute_files(
    splits: dict[str, Sequence[Path]],
    *,
    schema: pa.Schema | None = None,
    span: str = "",
    content_digest: str = "",
    processes: int | None = None,
    on_progress: Progress | None = None,
) -> Statistics:
    """Compute the statistics of Parquet files, given by split.

    Args:
        splits: The files of each split; their order is the order of the rows.
        schema: The columns; the first file's columns by default. Every file must have them.
        span: Recorded in the result.
        content_digest: Recorded in the result.
        processes: See `compute`.
        on_progress: See `compute`.

    Raises:
        StatisticsError: a file cannot be read, or a column's type has no statistics.
    """
    rows = {name: sum(map(_num_rows, files)) for name, files in splits.items()}
    if schema is None:
        first = next((f for files in splits.values() for f in files), None)
        if first is None:
            raise StatisticsError("there are no files to compute statistics of")
        schema = pq.read_schema(first)
    units = [
        (name, tuple(files), start, min(start + UNIT_ROWS, rows[name]))
        for name, files in splits.items()
        for start in range(0, rows[name], UNIT_ROWS)
    ]
    total = sum(rows.values())
    if processes is None:
        wanted = total * len(schema.names) // _VALUES_PER_PROCESS
        processes = max(1, min(wanted, os.cpu_count() or 1))
    parts = {name: _empty(schema) for name in splits}
    done = 0
    for (name, _, start, stop), part in zip(
        units, _run(units, schema=schema, processes=processes), strict=True
    ):
        parts[name] = merge(parts[name], part)
        done += stop - start
        if on_progress is not None:
            on_progress(done, total)
    return _assemble(parts, schema=schema, span=span, content_digest=content_digest)


def compute_table(
    batches: Iterable[pa.RecordBatch],
    *,
    schema: pa.Schema,
    span: str = "",
    content_digest: str = "",
) -> Statistics:
    """Compute the statistics of Arrow batches as one dataset, `all`.

    The batches may have any size; none of them is kept.

    Raises:
        StatisticsError: a column's type has no statistics.
    """
    total, unit, filled = _empty(schema), _empty(schema), 0
    for chunk in chunks(batches):
        unit = merge(unit, partial_of(chunk))
        filled += chunk.num_rows
        if filled == UNIT_ROWS:
            total, unit, filled = merge(total, unit), _empty(schema), 0
    if filled:
        total = merge(total, unit)
    return _assemble({"all": total}, schema=schema, span=span, content_digest=content_digest)


def chunks(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Regroup rows into batches of exactly 65,536, the last one shorter."""
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        while rows + batch.num_rows >= CHUNK_ROWS:
            taken = CHUNK_ROWS - rows
            yield _joined([*held, batch.slice(0, taken)])
            held, rows, batch = [], 0, batch.slice(taken)
        if batch.num_rows:
            held.append(batch)
            rows += batch.num_rows
    if held:
        yield _joined(held)


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    if len(batches) == 1:
        return batches[0]
    return pa.RecordBatch.from_arrays(
        [pa.concat_arrays(columns) for columns in zip(*(b.columns for b in batches), strict=True)],
        schema=batches[0].schema,
    )


def _empty(schema: pa.Schema) -> Partial:
    arrays = [pa.array([], type=field.type) for field in schema]
    return partial_of(pa.RecordBatch.from_arrays(arrays, schema.names))


def _assemble(
    parts: dict[str, Partial], *, schema: pa.Schema, span: str, content_digest: str
) -> Statistics:
    if "all" not in parts:
        whole = reduce(merge, (copy(part) for part in parts.values()), _empty(schema))
        parts = {"all": whole, **parts}
    datasets = [extract(p, name=name, columns=schema.names) for name, p in parts.items()]
    # Only whole spans and slices are compared.
    for feature in (f for dataset in datasets if dataset.name != "all" for f in dataset.features):
        exact.drop(feature)
    proto = statistics_pb2.DatasetFeatureStatisticsList(datasets=datasets)
    return Statistics(proto, span, content_digest)


Unit = tuple[str, tuple[Path, ...], int, int]


def _run(units: list[Unit], *, schema: pa.Schema, processes: int) -> Iterator[Partial]:
    work = bind(_unit, schema=schema)
    if processes == 1 or len(units) < 2:
        yield from map(work, units)
        return
    # Not forked: a fork of a process with TensorFlow's threads can deadlock.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, len(units)), mp_context=context) as pool:
        yield from pool.map(work, units)


def _unit(unit: Unit, *, schema: pa.Schema) -> Partial:
    _, files, start, stop = unit
    result = _empty(schema)
    for chunk in chunks(_rows(files, start, stop, schema)):
        result = merge(result, partial_of(chunk))
    return result


def _rows(
    files: Sequence[Path], start: int, stop: int, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """The rows in [start, stop) of the files laid end to end."""
    position = 0
    for file in files:
        rows = _num_rows(file)
        if position < stop and position + rows > start:
            yield from _rows_of_file(file, start - position, stop - position, schema)
        position += rows


def _rows_of_file(file: Path, start: int, stop: int, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    try:
        with pq.ParquetFile(file, **PARQUET) as parquet:
            position, groups, skipped = 0, [], 0
            for index in range(parquet.num_row_groups):
                rows = parquet.metadata.row_group(index).num_rows
                if position + rows <= start:
                    skipped += rows
                elif position < stop:
                    groups.append(index)
                position += rows
            position = skipped
            for batch in parquet.iter_batches(CHUNK_ROWS, row_groups=groups, columns=schema.names):
                if not batch.schema.equals(schema):
                    batch = _conform(batch, schema, file)
                low, high = max(start - position, 0), min(stop - position, batch.num_rows)
                position += batch.num_rows
                if low < high:
                    yield batch.slice(low, high - low)
    except (OSError, pa.ArrowException) as error:
        raise StatisticsError(f"cannot read {file}: {error}; ingest the span again") from None


def _conform(batch: pa.RecordBatch, schema: pa.Schema, file: Path) -> pa.RecordBatch:
    columns = []
    for field in schema:
        index = batch.schema.get_field_index(field.name)
        if index < 0:
            raise StatisticsError(f"{file} has no column {field.name!r}, which the first file has")
        column = batch.column(index)
        if column.type != field.type:
            raise StatisticsError(
                f"column {field.name!r} of {file} is of type {column.type}, elsewhere of "
                f"{field.type}; ingest the span again"
            )
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _num_rows(file: Path) -> int:
    try:
        return int(pq.read_metadata(file).num_rows)
    except (OSError, pa.ArrowException) as error:
        raise StatisticsError(f"cannot read {file}: {error}; ingest the span again") from None
