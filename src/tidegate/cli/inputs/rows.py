"""Open the rows of a command line: files, spans or examples."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from tidegate.cli.inputs.dialect import Dialect, as_text, reading_of
from tidegate.cli.inputs.files import STATISTICS, found
from tidegate.contract import Contract
from tidegate.core.errors import ContractError, SourceError
from tidegate.data import sources
from tidegate.data.examples import Examples
from tidegate.data.joins import Joins
from tidegate.data.sources.lookups import find
from tidegate.report import terminal


@dataclass(frozen=True)
class Opened:
    """Rows that can be read once.

    Attributes:
        name: The name of the file or span.
        batches: At least one; none if `examples` is there.
        contract: The contract they are read by; a bare one if none was given.
        examples: The ingested examples, if the argument is their directory.
        digest: The digest of their content.
        bad: The collector of unreadable records, complete once the rows are read; None for
            examples, which record their number themselves.
    """

    name: str
    batches: Iterator[pa.RecordBatch]
    contract: Contract
    examples: Examples | None
    digest: str
    bad: sources.BadRecords | None = None

    @property
    def left_out(self) -> dict[str, str]:
        """The columns that were not read, each with what it holds."""
        if self.examples is not None:
            return dict(self.examples.facts.left_out)
        return self.bad.left_out if self.bad is not None else {}

    @property
    def partitions(self) -> tuple[str, ...]:
        """The columns that folders name."""
        if self.examples is not None:
            return self.examples.facts.partitions
        return self.bad.partitions if self.bad is not None else ()

    @property
    def padded(self) -> frozenset[str]:
        """The columns that are text because of numbers with leading zeros."""
        if self.examples is not None:
            texts = self.examples.facts.text_values
        else:
            texts = tuple(self.bad.text_values.values()) if self.bad is not None else ()
        return frozenset(t.column for t in texts if t.padded)


def add_options(parser: argparse._ArgumentGroup) -> None:
    """Add the options that replace a contract: --label and --exclude."""
    parser.add_argument("--label", metavar="COLUMN", help="what is to be predicted")
    parser.add_argument(
        "--exclude", action="append", metavar="COLUMN", help="left out; may be repeated"
    )


@contextmanager
def opened(
    argument: str, contract: Contract | None, how: Dialect, *, text_columns: Collection[str] = ()
) -> Iterator[Opened]:
    """Open rows for reading within a context.

    Args:
        argument: A file, a directory, a URI; a directory of examples; or, with a contract, a
            selection of its spans.
        contract: The contract with format and columns, or None.
        how: The dialect of files, if there is no contract.
        text_columns: Columns to read as text, beside those of contract or dialect.

    Raises:
        TidegateError: they cannot be read.
    """
    if contract is not None:
        how.require_none()
    if Path(argument, "manifest.json").is_file():
        examples = Examples.open(Path(argument))
        using = contract or _bare(examples)
        yield Opened(examples.span, iter(()), using, examples, examples.content_digest)
        return
    if contract is not None and "://" not in argument and not Path(argument).exists():
        contract = as_text(contract, text_columns)
        inputs = sources.resolve(contract, argument)
        bad = sources.BadRecords(contract)
        rows = sources.read(inputs, contract, bad=bad)
        batches = _counted(inputs.span, _joined(rows, inputs, contract), bad)
        yield Opened(inputs.span, batches, contract, None, inputs.digest, bad)
        return
    with found([argument], read_as=how.read_as) as files:
        if files.format == STATISTICS:
            raise SourceError(
                f"{argument} holds statistics and no rows, and this command needs rows; give the "
                "data itself"
            )
        reading = as_text(reading_of(files, contract, how), text_columns)
        inputs = sources.Inputs(files.name, files.objects, files.root, (), find(reading))
        bad = sources.BadRecords(reading)
        rows = sources.read_objects(files.root, files.objects, reading, bad=bad)
        batches = _counted(files.name, _joined(rows, inputs, reading), bad)
        yield Opened(files.name, batches, reading, None, inputs.digest, bad)


def described(contract: Contract, label: str | None, exclude: Sequence[str]) -> Contract:
    """Add the command line's label and exclusions to a bare contract."""
    features = contract.features.model_copy(update={"exclude": tuple(exclude)})
    return contract.model_copy(update={"label": label, "features": features})


def given_contract(options: argparse.Namespace) -> Contract | None:
    """Load the contract of a command line with `add_options`.

    Raises:
        ContractError: it is not valid, or is given together with options that it replaces.
    """
    if options.contract is None:
        return None
    for option, value in (("--label", options.label), ("--exclude", options.exclude)):
        if value is not None:
            raise ContractError(f"{option} is for files without a contract; say it in the contract")
    return Contract.load(options.contract)


def _bare(examples: Examples) -> Contract:
    whole = Contract.model_validate(
        {
            "dataset": "examples",
            "source": {"uri": str(examples.path), "format": "parquet"},
            "key": ("any",),
        }
    )
    return whole.model_copy(update={"key": ()})


def _joined(
    rows: Iterator[pa.RecordBatch], inputs: sources.Inputs, contract: Contract
) -> Iterator[pa.RecordBatch]:
    return Joins(inputs, contract).apply(rows) if contract.joins else rows


def _counted(
    name: str, batches: Iterator[pa.RecordBatch], bad: sources.BadRecords
) -> Iterator[pa.RecordBatch]:
    progress = terminal.Progress()
    progress(f"{name}: reading")
    rows = 0
    for batch in batches:
        rows += batch.num_rows
        progress(f"{name}: {rows:,} rows")
        yield batch
    progress.done(f"{name}: {rows:,} rows")
    for line in bad.notes():
        terminal.note(line)
