"""The two sides that are compared: rows as Parquet, for a join, and their statistics."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import tidegate._arrow  # noqa: F401
from tidegate.contract import Serving, nearest
from tidegate.errors import ContractError, SourceError
from tidegate.examples import Examples
from tidegate.sources import BadRecords
from tidegate.statistics import Statistics, compute_table


@dataclass(frozen=True)
class Side:
    """The training or the serving data.

    Attributes:
        statistics: Of all rows; `span` says what they are.
        schema: The columns, as the training data calls them, of int64, double, string,
            timestamp(us) or null.
        files: Parquet with these columns in this order; none where there are no rows.
        names: What the data itself calls a column that was renamed.
        bad_records: Records that could not be read and were set aside.
    """

    statistics: Statistics
    schema: pa.Schema
    files: tuple[Path, ...]
    names: Mapping[str, str]
    bad_records: int = 0

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.statistics.num_examples()

    def calls(self, column: str) -> str:
        """What the data itself calls a column."""
        return self.names.get(column, column)


def of_examples(examples: Examples, statistics: Statistics) -> Side:
    """The training data as it was ingested."""
    files = tuple(f for split in examples.splits for f in examples.files(split))
    return Side(statistics, examples.schema, files, {})


def recorded(
    batches: Iterable[pa.RecordBatch],
    *,
    name: str,
    directory: Path,
    digest: str = "",
    logs: Serving | None = None,
    bad: BadRecords | None = None,
) -> Side:
    """Read rows once: keep them for the join, and measure them.

    Args:
        batches: All of one schema.
        name: What they are, for reports.
        directory: Where the rows are written; it must outlive what this returns.
        digest: Of the content they were read from.
        logs: Says which columns these rows call otherwise than the training data, and which are
            to be left out.
        bad: Has the records that were set aside once the rows are read.

    Raises:
        ContractError: `logs` names a column that is not there, or two of one name come of it.
        SourceError: there are no batches; rows cannot be kept.
        StatisticsError: a column's type has no statistics.
    """
    iterator = iter(batches)
    first = next(iterator, None)
    if first is None:
        raise SourceError(f"{name} has no rows; there is nothing to compare")
    chosen = (
        {c: c for c in first.schema.names} if logs is None else _named(first.schema, logs, name)
    )
    schema = pa.schema([pa.field(new, first.schema.field(old).type) for new, old in chosen.items()])
    file = directory / "rows.parquet"

    def kept() -> Iterator[pa.RecordBatch]:
        # Level 1, since what is read once more and thrown away should be written fast.
        with pq.ParquetWriter(file, schema, compression="zstd", compression_level=1) as writer:
            for batch in itertools.chain([first], iterator):
                at = [batch.schema.get_field_index(old) for old in chosen.values()]
                mine = pa.RecordBatch.from_arrays([batch.column(i) for i in at], schema=schema)
                writer.write_table(pa.Table.from_batches([mine]))
                yield mine

    try:
        statistics = compute_table(kept(), schema=schema, span=name, content_digest=digest)
    except OSError as error:
        raise SourceError(f"the rows of {name} cannot be kept in {directory}: {error}") from None
    names = {new: old for new, old in chosen.items() if new != old}
    return Side(statistics, schema, (file,), names, len(bad.records) if bad else 0)


def _named(schema: pa.Schema, logs: Serving, name: str) -> dict[str, str]:
    """The columns to keep: what training calls them, and what the rows do."""
    training_name = {old: new for new, old in logs.columns.items()}
    for old in logs.columns.values():
        if old not in schema.names:
            raise ContractError(
                f"serving.columns names the column {old!r}, which {name} does not have"
                + nearest(old, schema.names)
            )
    chosen: dict[str, str] = {}
    for old in schema.names:
        if old in logs.exclude:
            continue
        new = training_name.get(old, old)
        if new in chosen:
            raise ContractError(
                f"{name} has both {chosen[new]!r} and {old!r} for the column {new!r}; leave one "
                "out with serving.exclude, or correct serving.columns"
            )
        chosen[new] = old
    if not chosen:
        raise ContractError(f"serving.exclude leaves no column of {name}")
    return chosen
