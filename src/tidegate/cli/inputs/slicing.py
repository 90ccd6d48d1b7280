"""Slices on a command line: which are asked for, their statistics, and what is said of them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from tidegate.core import text
from tidegate.core.errors import ContractError
from tidegate.core.text import nearest
from tidegate.report import terminal

if TYPE_CHECKING:
    from tidegate.data.examples import Examples
    from tidegate.statistics import Statistics


#: Combinations of columns that cut slices.
By = tuple[tuple[str, ...], ...]


def add_option(parser: argparse._ActionsContainer, *, help_: str) -> None:
    """Add `--slice`, which may be repeated."""
    parser.add_argument("--slice", action="append", metavar="COLUMN[,COLUMN...]", help=help_)


def configured(options: argparse.Namespace) -> By:
    """What `--slice` says.

    Raises:
        ContractError: a name is empty, or stands twice in one combination.
    """
    combinations = []
    for written in options.slice or ():
        columns = tuple(name.strip() for name in written.split(","))
        if "" in columns or len({*columns}) < len(columns):
            raise ContractError(
                f"--slice {written!r} is not one or more different columns; write COLUMN,COLUMN"
            )
        combinations.append(columns)
    return tuple(dict.fromkeys(combinations))


def require(by: By, columns: Sequence[str]) -> None:
    """Check that `--slice` names columns of the data.

    Raises:
        ContractError: naming the first that is not there, and the nearest there is.
    """
    for name in dict.fromkeys(name for combination in by for name in combination):
        if name not in columns:
            raise ContractError(
                f"--slice names the column {name!r}, which the data does not have"
                + nearest(name, columns)
            )


def sliced(statistics: Statistics, examples: Examples, by: By) -> Statistics:
    """The statistics with those of the slices of rows that were kept."""
    from tidegate.statistics.slices import compute_slices

    def rows(columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        return examples.batches("all", columns=columns)

    slices, left_out = compute_slices(rows, by, schema=examples.schema)
    return replace(statistics, slices=slices, slices_left_out=left_out)


def note_left_out(statistics: Statistics) -> None:
    """Say what of the slices there was no room for."""
    if statistics.slices_left_out:
        more = text.count(statistics.slices_left_out, "smaller slice")
        terminal.note(f"{statistics.span}: {more} left out")
