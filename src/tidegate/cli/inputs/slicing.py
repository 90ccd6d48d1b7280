"""The option `--slice`: parsing, statistics and notes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tidegate.core import text
from tidegate.core.errors import ContractError
from tidegate.core.text import nearest
from tidegate.report import terminal

if TYPE_CHECKING:
    from tidegate.statistics import Statistics


#: Combinations of columns that define slices.
By = tuple[tuple[str, ...], ...]


def add_option(parser: argparse._ActionsContainer, *, help_: str) -> None:
    """Add `--slice`, which may be repeated."""
    parser.add_argument("--slice", action="append", metavar="COLUMN[,COLUMN...]", help=help_)


def parse_slices(options: argparse.Namespace) -> By:
    """The column combinations from `--slice`.

    Raises:
        ContractError: a name is empty, or occurs twice in one combination.
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


def note_left_out(statistics: Statistics) -> None:
    """Print how many slices were left out."""
    if statistics.slices_left_out:
        more = text.count(statistics.slices_left_out, "smaller slice")
        terminal.note(f"{statistics.span}: {more} left out")
