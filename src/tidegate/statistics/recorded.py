"""Rows that can be read once: kept as Parquet while they pass, and read again for slices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tidegate.statistics.model import Statistics
from tidegate.statistics.slices import compute_slices


def recording(
    batches: Iterable[pa.RecordBatch], file: Path, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """Pass batches on, and write each to a Parquet file on the way.

    Raises:
        OSError: the file cannot be written.
    """
    # Level 1, since what is read once more and thrown away should be written fast.
    with pq.ParquetWriter(file, schema, compression="zstd", compression_level=1) as writer:
        for batch in batches:
            writer.write_table(pa.Table.from_batches([batch]))
            yield batch


def with_slices(
    statistics: Statistics, file: Path, schema: pa.Schema, combinations: Sequence[Sequence[str]]
) -> Statistics:
    """Add the statistics of slices, which are cut from the rows that were recorded.

    Args:
        statistics: Of all rows.
        file: Where `recording` wrote them.
        schema: Theirs.
        combinations: The columns that cut slices; one that is not there cuts none.
    """
    if not combinations:
        return statistics

    def rows(columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        with pq.ParquetFile(file) as parquet:
            yield from parquet.iter_batches(columns=None if columns is None else list(columns))

    slices, left_out = compute_slices(rows, combinations, schema=schema)
    return replace(statistics, slices=slices, slices_left_out=left_out)
