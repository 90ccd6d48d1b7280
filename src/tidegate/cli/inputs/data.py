"""Compute statistics of files, or of a contract's spans.

Every command begins with it.
"""

from __future__ import annotations

import argparse
import itertools
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from tidegate.cli.inputs import slicing
from tidegate.cli.inputs.files import FORMATS, Files, found
from tidegate.contract import Contract
from tidegate.contract.sections import Features, Source
from tidegate.core import text
from tidegate.core.errors import ContractError, SourceError
from tidegate.data import sources
from tidegate.data.examples import Examples, Part
from tidegate.data.facts import NEAR_UNIQUE, Gatherer
from tidegate.data.joins import Joins
from tidegate.data.sampling import Sampler, kept_rows
from tidegate.data.sources.lookups import find
from tidegate.data.splits import LeakageCheck, Rows
from tidegate.data.times import is_time
from tidegate.report import terminal

if TYPE_CHECKING:
    from tidegate.statistics import FeatureSummary, Statistics


@dataclass(frozen=True)
class Dialect:
    """The format of files without a contract.

    None means that the file names decide.
    """

    read_as: str | None = None
    delimiter: str | None = None
    null_values: tuple[str, ...] | None = None
    max_bad_records: float | None = None

    def require_none(self) -> None:
        """Check that no option is given that a contract replaces.

        Raises:
            ContractError: naming the option.
        """
        phrase = {
            "--delimiter": self.delimiter,
            "--null": self.null_values,
            "--max-bad-records": self.max_bad_records,
        }
        for option, value in phrase.items():
            if value is not None:
                raise ContractError(f"{option} is for files without a contract; it says that")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for the format of files."""
    group = parser.add_argument_group("how files are written, where no contract says it")
    group.add_argument("--read-as", choices=FORMATS, help="the format; else the name's end tells")
    group.add_argument("--delimiter", metavar="CHARACTER", help="CSV: between fields (default: ,)")
    group.add_argument(
        "--null",
        action="append",
        metavar="TEXT",
        help="CSV: a text that means a missing value, beside the empty one; may be repeated",
    )
    group.add_argument(
        "--max-bad-records",
        type=_number_or_share,
        metavar="N",
        help="set up to so many records aside that cannot be read, and count them; below 1, a "
        "share of all (default: the first is an error)",
    )


def dialect(options: argparse.Namespace) -> Dialect:
    """The dialect from those options."""
    nulls = None if options.null is None else ("", *options.null)
    return Dialect(options.read_as, options.delimiter, nulls, options.max_bad_records)


def _number_or_share(text: str) -> float:
    try:
        value = int(text) if text.isdecimal() else float(text)
    except ValueError:
        value = -1
    if not (value >= 0 and (isinstance(value, int) or 0 < value < 1)):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of records, and no share below 1")
    return value


def bare_contract(files: Files, how: Dialect) -> Contract:
    """A contract that describes only how files are written.

    It has no key, no label and no time, and accepts any number of rows.

    Raises:
        ContractError: the dialect is not valid.
    """
    source: dict[str, Any] = {"uri": files.name, "format": files.format}
    if files.format == "csv":
        source["delimiter"] = how.delimiter or ("\t" if files.tabs else ",")
        if how.null_values is not None:
            source["null_values"] = how.null_values
    elif how.delimiter is not None or how.null_values is not None:
        raise ContractError(f"--delimiter and --null are for CSV; {files.name} is {files.format}")
    # A Parquet file is good as a whole or not at all.
    if how.max_bad_records is not None and files.format != "parquet":
        source.update(bad_records="quarantine", max_bad_records=how.max_bad_records)
    stem = Path(files.name).name.split(".")[0].lower()
    name = re.sub(r"[^a-z0-9]+", "-", stem).strip("-")[:63] or "data"
    try:
        whole = Contract.model_validate(
            {
                "dataset": name,
                "source": source,
                "key": ("any",),
                "gates": {"min_examples": 1},
            }
        )
    except ValueError as error:
        reason = error.errors()[0]["msg"] if hasattr(error, "errors") else str(error)
        raise ContractError(f"{files.name} cannot be read so: {reason}") from None
    # A contract must name a key; for a bare file the key is unknown.
    return whole.model_copy(update={"key": ()})


def written(contract: Contract, files: Files) -> Contract:
    """Copy a contract with these files as its source.

    If their format differs from the contract's, their names decide it.
    """
    if files.format == contract.source.format:
        source = contract.source
    else:
        tabs = {"delimiter": "\t"} if files.tabs else {}
        source = Source(uri=files.name, format=files.format, **tabs)  # type: ignore[arg-type]
    return contract.model_copy(update={"source": source})


def measure(
    arguments: Sequence[str],
    contract: Contract | None,
    how: Dialect,
    *,
    keep: Path | None = None,
    by: slicing.By | None = (),
) -> Measured:
    """Compute the statistics of files, or of a contract's spans.

    With a contract, an argument that names no file is a selection of spans.

    Args:
        arguments: Files and directories, read as one; or one selection of spans.
        contract: The contract with format and columns; without one, the file names decide.
        how: The dialect, if there is no contract.
        keep: A directory to write the rows to, for queries about single rows.
        by: The columns that define slices, all of which must be there; None: the contract's, where
            a missing one is left to the schema.

    Raises:
        TidegateError: they cannot be read.
    """
    if contract is not None:
        how.require_none()
    if contract is not None and len(arguments) == 1 and is_span(arguments[0]):
        return _measure_span(arguments[0], contract, keep, by)
    with found(arguments, read_as=how.read_as) as files:
        reading = bare_contract(files, how) if contract is None else written(contract, files)
        bad = sources.BadRecords(reading)
        rows = sources.read_objects(files.root, files.objects, reading, bad=bad)
        inputs = sources.Inputs(files.name, files.objects, files.root, (), find(reading))
        return _measured(inputs, rows, reading, bad, None, keep, by)


@dataclass(frozen=True)
class Measured:
    """Statistics, the contract used, and the kept rows."""

    statistics: Statistics
    contract: Contract
    examples: Examples | None = None


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
    columns = len(computed.features())
    progress.done(f"{inputs.span}: {computed.num_examples():,} rows, {columns:,} columns")
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


def incomparable_columns(statistics: Statistics) -> dict[str, str]:
    """Columns that cannot be compared between files, with the reason.

    They are times and names of rows. Without a contract their role is unknown, and every new file
    would be held for them.
    """
    reasons = {}
    for name, column in statistics.features().items():
        if column.type != "string" or not column.count:
            continue
        if _all_times(column):
            reasons[name] = "times"
        elif (column.unique or 0) >= NEAR_UNIQUE * column.count and column.count > 1:
            reasons[name] = "a different value in nearly every row"
    return reasons


def excluding(contract: Contract, columns: Iterable[str]) -> Contract:
    """Copy the contract with these columns excluded."""
    excluded = dict.fromkeys([*contract.features.exclude, *columns])
    return contract.model_copy(update={"features": Features(exclude=tuple(excluded))})


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
