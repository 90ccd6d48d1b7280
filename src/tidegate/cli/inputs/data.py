"""Compute statistics of files, or of a contract's spans.

Every command begins with it.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from tidegate.cli.inputs import slicing
from tidegate.cli.inputs.dialect import Dialect, as_text, reading_of
from tidegate.cli.inputs.files import STATISTICS, Files, found
from tidegate.contract import Contract
from tidegate.core import text
from tidegate.core.errors import SourceError
from tidegate.data import sources
from tidegate.data.examples import Examples, Part
from tidegate.data.facts import NEAR_UNIQUE, Gatherer
from tidegate.data.joins import Joins
from tidegate.data.sampling import Sampler, kept_rows
from tidegate.data.sources import tfrecord
from tidegate.data.sources.lookups import find
from tidegate.data.splits import LeakageCheck, Rows
from tidegate.data.times import is_time
from tidegate.platform.storage import open_store
from tidegate.report import terminal

if TYPE_CHECKING:
    from tidegate.statistics import FeatureSummary, Statistics

#: Why a column that folders name is not compared: every period has another.
FROM_FOLDERS: Final = "the names of folders"
#: The most files that a message names.
_SHOWN: Final = 6


def measure(
    arguments: Sequence[str],
    contract: Contract | None,
    how: Dialect,
    *,
    text_columns: Collection[str] = (),
    keep: Path | None = None,
    by: slicing.By | None = (),
) -> Measured:
    """Compute the statistics of files, or of a contract's spans.

    With a contract, an argument that names no file is a selection of spans.

    Args:
        arguments: Files and directories, read as one; or one selection of spans.
        contract: The contract with format and columns; without one, the file names decide.
        how: The dialect, if there is no contract.
        text_columns: Columns to read as text, beside those of contract or dialect.
        keep: A directory to write the rows to, for queries about single rows.
        by: The columns that define slices, all of which must be there; None: the contract's, where
            a missing one is left to the schema.

    Raises:
        TidegateError: they cannot be read.
    """
    if contract is not None:
        how.require_none()
    if contract is not None and len(arguments) == 1 and is_span(arguments[0]):
        return _measure_span(arguments[0], as_text(contract, text_columns), keep, by)
    with found(arguments, read_as=how.read_as) as files:
        if files.format == STATISTICS:
            return _recorded(files, reading_of(files, contract, how), by)
        reading = as_text(reading_of(files, contract, how), text_columns)
        bad = sources.BadRecords(reading)
        rows = sources.read_objects(files.root, files.objects, reading, bad=bad)
        inputs = sources.Inputs(files.name, files.objects, files.root, (), find(reading))
        measured = _measured(inputs, rows, reading, bad, None, keep, by)
        if contract is None:
            reading.require_columns(measured.statistics.columns)
        return measured


def _recorded(files: Files, reading: Contract, by: slicing.By | None) -> Measured:
    """Statistics that TFDV or TFX wrote."""
    from tidegate.statistics import tfdv_files

    names = [item.label for item in files.objects]
    if len(names) > 1:
        raise SourceError(
            f"{files.name} holds {len(names)} files of statistics ({', '.join(names[:_SHOWN])}); "
            "name one of them"
        )
    if by:
        raise SourceError(f"{files.name} holds statistics and no rows, and slices need rows")
    (item,) = files.objects
    store = open_store(files.root)
    if "tfrecord" in item.name:
        records = [data for _, data, fault in tfrecord.frames(store, item) if not fault]
    else:
        records = [store.read(item.name)[0]]
    proto = tfdv_files.parse(item.name, records)
    statistics, left_out = tfdv_files.of_proto(proto, span=files.name, content_digest=item.sha256)
    note_left_out(left_out, reading)
    terminal.note(
        f"{files.name} holds statistics and no rows: rows told apart, duplicate keys, rules over "
        "rows and the checks of single values need the data itself"
    )
    return Measured(statistics, reading)


@dataclass(frozen=True)
class Measured:
    """Statistics, the contract used, and the kept rows."""

    statistics: Statistics
    contract: Contract
    examples: Examples | None = None

    @property
    def padded(self) -> frozenset[str]:
        """The columns that are text because of numbers with leading zeros."""
        facts = self.statistics.facts
        return frozenset(t.column for t in facts.text_values if t.padded) if facts else frozenset()


def is_span(argument: str) -> bool:
    """Whether an argument names no file, and may select spans."""
    return "://" not in argument and not Path(argument).exists()


def _measure_span(
    selection: str, contract: Contract, keep: Path | None, by: slicing.By | None
) -> Measured:
    inputs = sources.resolve(contract, selection)
    bad = sources.BadRecords(contract)
    rows = sources.read(inputs, contract, bad=bad)
    period = sources.period(contract, inputs)
    return _measured(inputs, rows, contract, bad, period, keep, by)


def _measured(
    inputs: sources.Inputs,
    rows: Iterable[pa.RecordBatch],
    contract: Contract,
    bad: sources.BadRecords,
    period: tuple[datetime, datetime] | None,
    keep: Path | None,
    by: slicing.By | None,
) -> Measured:
    if keep is None and (by or (by is None and contract.slices)):
        # Slices need rows that can be read again.
        with tempfile.TemporaryDirectory(prefix="tidegate-rows-") as scratch:
            made = _measured(inputs, rows, contract, bad, period, Path(scratch), by)
            return replace(made, examples=None)
    if keep is None:
        return Measured(_statistics(inputs, rows, contract, bad, period), contract)
    from tidegate.statistics.recorded import recording, with_slices

    file = keep / "rows.parquet"
    schema = pa.schema([])

    def kept(first: pa.RecordBatch, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        nonlocal schema
        schema = first.schema
        slicing.require(by or (), schema.names)
        return recording(batches, file, schema)

    computed = _statistics(inputs, rows, contract, bad, period, kept)
    part = Part(file.name, computed.num_examples(), file.stat().st_size, "")
    examples = Examples(
        path=keep,
        span=inputs.span,
        content_digest=inputs.digest,
        contract_digest=contract.digest,
        schema=schema,
        parts={"all": (part,)},
    )
    cut = contract.slices if by is None else by
    return Measured(with_slices(computed, file, schema, cut), contract, examples)


def _statistics(
    inputs: sources.Inputs,
    rows: Iterable[pa.RecordBatch],
    contract: Contract,
    bad: sources.BadRecords,
    period: tuple[datetime, datetime] | None,
    kept: Callable[[pa.RecordBatch, Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]
    | None = None,
) -> Statistics:
    from tidegate.statistics import compute_table

    joins = Joins(inputs, contract) if contract.joins else None
    gatherer = Gatherer(contract.time, period)
    progress = terminal.Progress()
    progress(f"{inputs.span}: reading")
    with _keys(contract) as keys:
        sampler: Sampler | None = None

        def gathered() -> Iterator[pa.RecordBatch]:
            nonlocal sampler
            total = 0
            for batch in joins.apply(rows) if joins else rows:
                gatherer.add(batch)
                keys.add(batch)
                sampler = _sampled(batch, contract, sampler)
                total += batch.num_rows
                progress(f"{inputs.span}: {total:,} rows")
                yield batch

        batches = gathered()
        first = next(batches, None)
        if first is None:
            raise SourceError(f"{inputs.span} has no rows; there is nothing to measure")
        batches = itertools.chain([first], batches)
        computed = compute_table(
            batches if kept is None else kept(first, batches),
            schema=first.schema,
            span=inputs.span,
            content_digest=inputs.digest,
        )
        leakage = keys.result()
    facts = gatherer.result(joins, bad)
    rows = text.count(computed.num_examples(), "row")
    columns = text.count(len(computed.features()), "column")
    progress.done(f"{inputs.span}: {rows}, {columns}")
    for line in bad.notes():
        terminal.note(line)
    sample = None if sampler is None else sampler.result()
    return replace(computed, facts=facts, leakage=leakage, sample=sample)


def _sampled(batch: pa.RecordBatch, contract: Contract, to: Sampler | None) -> Sampler | None:
    """Add a batch's rows to the sample; None if none is kept."""
    names = [name for name in batch.schema.names if contract.is_sampled(name)]
    if not names or not contract.gates.shift.rows:
        return None
    to = to or Sampler(kept_rows(contract.gates.shift.rows, len(names)))
    columns = [batch.column(batch.schema.get_field_index(name)) for name in names]
    to.add(pa.RecordBatch.from_arrays(columns, names))
    return to


class _Keys:
    """A counter of distinct keys; a contract without a key has none."""

    def __init__(self, contract: Contract, scratch: Path) -> None:
        self._contract = contract
        self._scratch = scratch
        self._check: LeakageCheck | None = None

    def add(self, batch: pa.RecordBatch) -> None:
        if not self._contract.key:
            return
        if self._check is None:
            self._check = LeakageCheck(self._contract, batch.schema.names, self._scratch)
        self._check.add(Rows(batch), np.zeros(batch.num_rows, np.int64))

    def result(self) -> tuple[Any, ...]:
        return () if self._check is None else self._check.result()

    def close(self) -> None:
        if self._check is not None:
            self._check.close()


@contextmanager
def _keys(contract: Contract) -> Iterator[_Keys]:
    with (
        tempfile.TemporaryDirectory() as scratch,
        closing(_Keys(contract, Path(scratch))) as keys,
    ):
        yield keys


def incomparable_columns(
    statistics: Statistics, current: Statistics | None = None
) -> dict[str, str]:
    """Columns that cannot be compared between files, with the reason.

    They are times and names of rows. Without a contract their role is unknown, and every new file
    would be held for them.

    Args:
        statistics: The statistics of the baseline.
        current: The statistics of the other file, where numbers must count rows or tell time too.
    """
    from tidegate.statistics.row_names import row_names

    reasons = row_names(statistics)
    if current is not None:
        there = row_names(current, least=1)
        reasons = {name: reason for name, reason in reasons.items() if name in there}
    if statistics.facts is not None:
        reasons |= dict.fromkeys(statistics.facts.partitions, FROM_FOLDERS)
    for name, column in statistics.features().items():
        if column.type != "string" or not column.count or name in reasons:
            continue
        if _all_times(column):
            reasons[name] = "times"
        elif (column.unique or 0) >= NEAR_UNIQUE * column.count and column.count > 1:
            reasons[name] = "a different value in nearly every row"
    return reasons


def excluding(contract: Contract, columns: Iterable[str]) -> Contract:
    """Copy the contract with these columns excluded."""
    excluded = dict.fromkeys([*contract.features.exclude, *columns])
    features = contract.features.model_copy(update={"exclude": tuple(excluded)})
    return contract.model_copy(update={"features": features})


def note_left_out(columns: Mapping[str, str], contract: Contract) -> None:
    """Print which columns were not read, unless they are excluded."""
    for name, what in columns.items():
        if name not in contract.features.exclude:
            terminal.note(
                f"column {name!r} is left out: it is {what}; flatten it into columns of numbers, "
                "texts or times, or exclude it"
            )


def note_unjudged(columns: dict[str, str]) -> None:
    """Print which columns are not judged, and why."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in columns.items():
        by_reason.setdefault(reason, []).append(name)
    for reason, names in by_reason.items():
        listed = text.listing(names)
        terminal.note(f"not compared, as no contract says what they are: {listed} ({reason})")


def _all_times(column: FeatureSummary) -> bool:
    return bool(column.top_values) and all(is_time(value) for value, _ in column.top_values)
