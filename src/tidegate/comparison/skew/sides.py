"""Prepare both sides of a comparison: Parquet files and statistics."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa

import tidegate.core._arrow  # noqa: F401
from tidegate.comparison.skew.spelling import conversions, converted
from tidegate.contract import Serving
from tidegate.core.errors import ContractError, SourceError
from tidegate.core.text import nearest
from tidegate.data.examples import Examples
from tidegate.data.facts import Gatherer
from tidegate.data.sources import BadRecords
from tidegate.data.sources.types import INT
from tidegate.statistics import Statistics, compute_table
from tidegate.statistics.recorded import recording, with_slices


@dataclass(frozen=True)
class JoinSide:
    """The training or the serving data.

    Attributes:
        statistics: The statistics of all rows and of slices; `span` names the data.
        schema: The columns, by their training names, of int64, double, string, timestamp(us) or
            null.
        files: Parquet files with these columns in this order; none if there are no rows.
        names: The original name of each renamed column.
        bad_records: The number of unreadable records that were set aside.
        bad_reasons: The most frequent reasons, each with its number of records.
        left_out: The columns that were not read, each with what it holds.
    """

    statistics: Statistics
    schema: pa.Schema
    files: tuple[Path, ...]
    names: Mapping[str, str]
    bad_records: int = 0
    bad_reasons: tuple[tuple[str, int], ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self.statistics.num_examples()

    def calls(self, column: str) -> str:
        """The name of a column in the original data."""
        return self.names.get(column, column)


def of_examples(examples: Examples, statistics: Statistics) -> JoinSide:
    """The training side from ingested examples."""
    files = tuple(f for split in examples.splits for f in examples.files(split))
    facts = examples.facts
    return JoinSide(
        statistics,
        examples.schema,
        files,
        {},
        facts.bad_records,
        facts.bad_reasons,
        dict(facts.left_out),
    )


def recorded(
    batches: Iterable[pa.RecordBatch],
    *,
    name: str,
    directory: Path,
    digest: str = "",
    logs: Serving | None = None,
    bad: BadRecords | None = None,
    slices: Sequence[Sequence[str]] = (),
    like: JoinSide | None = None,
) -> JoinSide:
    """Read rows once: write them for the join, and compute their statistics.

    Args:
        batches: Batches of one schema.
        name: The name of the data, for reports.
        directory: Where the rows are written; it must outlive the result.
        digest: The digest of the content they were read from.
        logs: The serving section, which maps column names and lists columns to leave out.
        bad: The collector of unreadable records; complete once the rows are read.
        slices: Combinations of columns, by their training names, that define slices; a column that
            is absent defines none.
        like: The training side, if equal times and booleans are to be spelled as there.

    Raises:
        ContractError: `logs` names a column that is not there, or gives one name to two columns.
        SourceError: there are no batches; rows cannot be written.
        StatisticsError: a column's type has no statistics.
    """
    iterator = iter(batches)
    first = next(iterator, None)
    if first is None:
        raise SourceError(f"{name} has no rows; there is nothing to compare")
    chosen = (
        {c: c for c in first.schema.names}
        if logs is None
        else _named(first.schema, logs, name, left_out=() if bad is None else bad.left_out)
    )
    schema = pa.schema([pa.field(new, first.schema.field(old).type) for new, old in chosen.items()])
    file = directory / "rows.parquet"
    whole = [i for i, type_ in enumerate(schema.types) if type_ == INT]
    wholes = [schema.names[i] for i in whole]
    gatherer = Gatherer(None, None)

    def chosen_columns() -> Iterator[pa.RecordBatch]:
        for batch in itertools.chain([first], iterator):
            at = [batch.schema.get_field_index(old) for old in chosen.values()]
            columns = [batch.column(i) for i in at]
            gatherer.add(pa.RecordBatch.from_arrays([columns[i] for i in whole], names=wholes))
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    rows = recording(chosen_columns(), file, schema)
    try:
        statistics = compute_table(rows, schema=schema, span=name, content_digest=digest)
    except OSError as error:
        raise SourceError(f"the rows of {name} cannot be kept in {directory}: {error}") from None
    texts = tuple(bad.text_values.values()) if bad is not None else ()
    named = tuple(n for n in chosen if chosen[n] in bad.partitions) if bad is not None else ()
    facts = replace(gatherer.result(), text_values=texts, partitions=named)
    statistics = replace(statistics, facts=facts)
    names = {new: old for new, old in chosen.items() if new != old}
    if like is not None:
        changes = conversions((like.schema, like.files), (schema, (file,)))
        if changes:
            again = directory / "alike"
            again.mkdir()
            rows = converted((file,), schema, changes)
            alike = recorded(
                rows, name=name, directory=again, digest=digest, bad=bad, slices=slices
            )
            return replace(alike, names=names)
    side = JoinSide(with_slices(statistics, file, schema, slices), schema, (file,), names)
    if bad is None:
        return side
    return replace(
        side, bad_records=len(bad.records), bad_reasons=bad.reasons(), left_out=bad.left_out
    )


def _named(
    schema: pa.Schema, logs: Serving, name: str, *, left_out: Iterable[str]
) -> dict[str, str]:
    """Map the kept columns' training names to their original names."""
    training_name = {old: new for new, old in logs.columns.items()}
    known = {"serving.columns": schema.names, "serving.exclude": [*schema.names, *left_out]}
    named = {"serving.columns": logs.columns.values(), "serving.exclude": logs.exclude}
    for where, columns in named.items():
        for old in columns:
            if old not in known[where]:
                raise ContractError(
                    f"{where} names the column {old!r}, which {name} does not have"
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
