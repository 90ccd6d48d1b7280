"""The two sides that are compared: rows as Parquet, for a join, and their statistics."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

import tidegate.core._arrow  # noqa: F401
from tidegate.contract import Serving
from tidegate.core.errors import ContractError, SourceError
from tidegate.core.text import nearest
from tidegate.data.examples import Examples
from tidegate.data.sources import BadRecords
from tidegate.statistics import Statistics, compute_table
from tidegate.statistics.recorded import recording, with_slices


@dataclass(frozen=True)
class JoinSide:
    """The training or the serving data.

    Attributes:
        statistics: Of all rows and of slices; `span` says what they are.
        schema: The columns, as the training data calls them, of int64, double, string,
            timestamp(us) or null.
        files: Parquet with these columns in this order; none where there are no rows.
        names: What the data itself calls a column that was renamed.
        bad_records: Records that could not be read and were set aside.
        bad_reasons: The most frequent reasons, with how many records each was said of.
    """

    statistics: Statistics
    schema: pa.Schema
    files: tuple[Path, ...]
    names: Mapping[str, str]
    bad_records: int = 0
    bad_reasons: tuple[tuple[str, int], ...] = ()

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.statistics.num_examples()

    def calls(self, column: str) -> str:
        """What the data itself calls a column."""
        return self.names.get(column, column)


def of_examples(examples: Examples, statistics: Statistics) -> JoinSide:
    """The training data as it was ingested."""
    files = tuple(f for split in examples.splits for f in examples.files(split))
    facts = examples.facts
    return JoinSide(statistics, examples.schema, files, {}, facts.bad_records, facts.bad_reasons)


def recorded(
    batches: Iterable[pa.RecordBatch],
    *,
    name: str,
    directory: Path,
    digest: str = "",
    logs: Serving | None = None,
    bad: BadRecords | None = None,
    slices: Sequence[Sequence[str]] = (),
) -> JoinSide:
    """Read rows once: keep them for the join, and measure them.

    Args:
        batches: All of one schema.
        name: What they are, for reports.
        directory: Where the rows are written; it must outlive what this returns.
        digest: Of the content they were read from.
        logs: Says which columns these rows call otherwise than the training data, and which are
            to be left out.
        bad: Has the records that were set aside once the rows are read.
        slices: Combinations of columns, as the training data calls them, that cut slices; one that
            is not there cuts none.

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

    def chosen_columns() -> Iterator[pa.RecordBatch]:
        for batch in itertools.chain([first], iterator):
            at = [batch.schema.get_field_index(old) for old in chosen.values()]
            yield pa.RecordBatch.from_arrays([batch.column(i) for i in at], schema=schema)

    rows = recording(chosen_columns(), file, schema)
    try:
        statistics = compute_table(rows, schema=schema, span=name, content_digest=digest)
    except OSError as error:
        raise SourceError(f"the rows of {name} cannot be kept in {directory}: {error}") from None
    names = {new: old for new, old in chosen.items() if new != old}
    side = JoinSide(with_slices(statistics, file, schema, slices), schema, (file,), names)
    if bad is None:
        return side
    return replace(side, bad_records=len(bad.records), bad_reasons=bad.reasons())


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
