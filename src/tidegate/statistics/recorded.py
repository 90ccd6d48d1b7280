"""Record rows as Parquet while they pass, to read them again.

Slices need the rows a second time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tidegate.core._arrow import PARQUET
from tidegate.statistics.model import Statistics
from tidegate.statistics.slices import compute_slices


def recording(
    batches: Iterable[pa.RecordBatch], file: Path, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """Yield batches, and write each to a Parquet file.

    Raises:
        OSError: the file cannot be written.
    """
    # Level 1, because a file that is read once more and deleted should be written fast.
    with pq.ParquetWriter(file, schema, compression="zstd", compression_level=1) as writer:
        for batch in batches:
            writer.write_table(pa.Table.from_batches([batch]))
            yield batch


def with_slices(
    statistics: Statistics, file: Path, schema: pa.Schema, combinations: Sequence[Sequence[str]]
) -> Statistics:
    """Add the slices of recorded rows to the statistics.

    Args:
        statistics: The statistics of all rows.
        file: The file that `recording` wrote.
        schema: The schema of the rows.
        combinations: The columns that define slices; a missing one defines none.
    """
    if not combinations:
        return statistics

    def rows(columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        with pq.ParquetFile(file, **PARQUET) as parquet:
            yield from parquet.iter_batches(columns=None if columns is None else list(columns))

    slices, left_out = compute_slices(rows, combinations, schema=schema)
    return replace(statistics, slices=slices, slices_left_out=left_out)
