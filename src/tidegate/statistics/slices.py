"""Compute statistics of slices: rows with certain values in some columns.

A contract names column combinations (`slices: [[origin], [origin, carrier]]`). For each, the most
frequent values are slices, if they have enough rows to be compared. The rows of a slice are
gathered into chunks of its own, so its statistics do not depend on how the data lies in files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from tensorflow_metadata.proto.v0 import statistics_pb2

import tidegate.core._arrow  # noqa: F401
from tidegate.statistics import exact
from tidegate.statistics.partial import Partial, extract, merge, partial_of

#: The fewest rows of a slice; with fewer, chance alone gives more than the practical effect size
#: (see `comparison.drift`).
MIN_ROWS = 200
#: The most slices of one combination.
MOST = 20
#: The most slices times columns: it bounds time, memory and the size of the stored statistics.
MOST_COLUMNS = 10_000
#: The number of a slice's rows that are held before they are counted.
_CHUNK_ROWS = 16_384

#: Returns the rows, any number of times; with all columns, or the named ones.
Rows = Callable[[Sequence[str] | None], Iterable[pa.RecordBatch]]
Values = tuple[str, ...]


def name_of(columns: Sequence[str], values: Sequence[str]) -> str:
    """The name of a slice: `origin=JFK, carrier=UA`."""
    return ", ".join(f"{c}={v}" for c, v in zip(columns, values, strict=True))


def defines_slice(name: str, column: str) -> bool:
    """Whether a column is among those that define a slice."""
    return f", {column}=" in f", {name}"


def values_of(name: str, columns: Collection[str]) -> dict[str, str]:
    """Parse a slice's name into the value of each column.

    Args:
        name: The name, as made by `name_of`.
        columns: The columns of the data, which tell a value with a comma from two values; a value
            that contains `, ` and a column with `=` is taken for two.
    """
    found: dict[str, str] = {}
    last = ""
    for part in name.split(", "):
        column, mark, value = part.partition("=")
        if mark and column in columns:
            found[column], last = value, column
        elif last:
            found[last] += f", {part}"
    return found


def compute_slices(
    rows: Rows, combinations: Sequence[Sequence[str]], *, schema: pa.Schema
) -> tuple[Any, int]:
    """Compute the statistics of the largest slices of every combination.

    Rows in which a column of the combination has no value are in none of its slices. A combination
    has no slices if one of its columns is gone; the schema check judges that.

    Args:
        rows: Returns the data, twice.
        combinations: The columns that define slices.
        schema: All columns.

    Returns:
        A `DatasetFeatureStatisticsList` with one dataset for each slice, and the number of large
        enough slices that were left out.
    """
    there = [columns for columns in combinations if {*columns} <= {*schema.names}]
    chosen, left_out = _chosen(rows, there, width=len(schema.names))
    gathered = {key: _Gathered(schema) for key in chosen}
    for batch in rows(None) if chosen else ():
        for columns in dict.fromkeys(columns for columns, _ in chosen):
            for values, taken in _cut(batch, columns, {v for c, v in chosen if c == columns}):
                gathered[columns, values].add(taken)
    datasets = [
        _lean(extract(slice_.result(), name=name_of(*key), columns=schema.names))
        for key, slice_ in gathered.items()
    ]
    return statistics_pb2.DatasetFeatureStatisticsList(datasets=datasets), left_out


def _lean(dataset: Any) -> Any:
    """Drop what no comparison reads: ranks, values of near-unique columns, fine counts."""
    for feature in dataset.features:
        if (counts := exact.stored(feature)) is not None:
            exact.store(feature, counts.within(exact.LEAST))
        if not feature.HasField("string_stats"):
            continue
        strings = feature.string_stats
        strings.ClearField("rank_histogram")
        if 2 * strings.unique > strings.common_stats.num_non_missing:
            del strings.top_values[:]
    return dataset


def _chosen(
    rows: Rows, combinations: Sequence[Sequence[str]], *, width: int
) -> tuple[list[tuple[Values, Values]], int]:
    """The columns and values of each slice, largest first by combination."""
    chosen: list[tuple[Values, Values]] = []
    most = min(MOST, MOST_COLUMNS // max(width * len(combinations), 1))
    left_out = 0
    for columns in dict.fromkeys(tuple(c) for c in combinations):
        counts = Counter[Values]()
        for batch in rows(columns):
            counts.update(_counted(batch, columns))
        large = [values for values, count in counts.items() if count >= MIN_ROWS]
        large.sort(key=lambda values: (-counts[values], values))
        chosen += [(columns, values) for values in large[:most]]
        left_out += len(large[most:])
    return chosen, left_out


def _texts(batch: pa.RecordBatch, columns: Sequence[str]) -> pa.Table:
    arrays = [batch.column(batch.schema.get_field_index(c)) for c in columns]
    plain = [a.dictionary_decode() if pa.types.is_dictionary(a.type) else a for a in arrays]
    names = [str(i) for i in range(len(columns))]
    return pa.table([a.cast(pa.string()) for a in plain], names)


def _counted(batch: pa.RecordBatch, columns: Sequence[str]) -> dict[Values, int]:
    texts = _texts(batch, columns)
    texts = texts.append_column("n", pa.array([1] * len(texts), pa.int64()))
    keys = texts.column_names[:-1]
    grouped = texts.group_by(keys).aggregate([("n", "sum")])
    found = zip(*(grouped[k].to_pylist() for k in keys), strict=True)
    sums = grouped["n_sum"].to_pylist()
    return {v: n for v, n in zip(found, sums, strict=True) if None not in v}


def _cut(
    batch: pa.RecordBatch, columns: Sequence[str], wanted: set[Values]
) -> Iterator[tuple[Values, pa.RecordBatch]]:
    """The rows of a batch in each of the wanted slices."""
    texts = _texts(batch, columns)
    for values in sorted(wanted):
        mask = pc.equal(texts.column(0), values[0])
        for column, value in zip(texts.columns[1:], values[1:], strict=True):
            mask = pc.and_(mask, pc.equal(column, value))
        taken = batch.filter(pa.array(mask.to_pylist(), pa.bool_()))
        if taken.num_rows:
            yield values, taken


@dataclass
class _Gathered:
    """The rows of one slice, counted in chunks."""

    schema: pa.Schema
    held: list[pa.RecordBatch] = field(default_factory=list)
    partial: Partial | None = None

    def add(self, batch: pa.RecordBatch) -> None:
        self.held.append(batch)
        while sum(b.num_rows for b in self.held) >= _CHUNK_ROWS:
            table = pa.Table.from_batches(self.held).combine_chunks()
            self._count(table.slice(0, _CHUNK_ROWS))
            self.held = table.slice(_CHUNK_ROWS).to_batches()

    def result(self) -> Partial:
        if self.held or self.partial is None:
            self._count(pa.Table.from_batches(self.held, self.schema))
        return self.partial  # type: ignore[return-value]

    def _count(self, table: pa.Table) -> None:
        arrays = [c.combine_chunks() for c in table.columns]
        arrays = [a.chunk(0) if isinstance(a, pa.ChunkedArray) else a for a in arrays]
        made = partial_of(pa.RecordBatch.from_arrays(arrays, table.schema.names))
        self.partial = made if self.partial is None else merge(self.partial, made)
