"""Slices on a command line: which are asked for, their statistics, and what is said of them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from tidegate.contract import nearest
from tidegate.core import text
from tidegate.core.errors import ContractError
from tidegate.report import terminal

if TYPE_CHECKING:
    from tidegate.data.examples import Examples
    from tidegate.numerics.distances import Distance
    from tidegate.report.slices import SliceLine
    from tidegate.statistics import Statistics

#: Slices shown, and drifted features named of each.
_SHOWN: Final = 8
_NAMED: Final = 3


@dataclass(frozen=True)
class Words:
    """What a comparison is called.

    Attributes:
        noun: What was looked for.
        before: The rows it was compared with.
        now: The rows that were compared.
        adjective: Of a feature that has it.
    """

    noun: str
    before: str
    now: str
    adjective: str


_DRIFT: Final = Words("drift", "rows before", "now", "drifted")

#: Combinations of columns that cut slices.
By = tuple[tuple[str, ...], ...]


def add_option(parser: argparse._ActionsContainer, *, told: str) -> None:
    """Add `--slice`, which may be repeated."""
    parser.add_argument("--slice", action="append", metavar="COLUMN[,COLUMN...]", help=told)


def asked(options: argparse.Namespace) -> By:
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


def as_text(lines: Sequence[SliceLine], *, ink: terminal.Ink, words: Words = _DRIFT) -> list[str]:
    """How many slices were compared, and those that moved furthest, a line each."""
    drifted = sum(bool(line.drifted) for line in lines)
    found = f"{drifted:,} with {words.noun}" if drifted else f"none with {words.noun}"
    shown = lines[:_SHOWN]
    rows = [
        [
            line.name,
            text.integer(line.before),
            text.integer(line.rows),
            _named(line.drifted),
            "" if line.furthest is None else _furthest(line.furthest),
        ]
        for line in shown
    ]
    said = [
        "",
        f"slices: {len(lines):,} compared, {found}",
        *terminal.table(
            ["slice", words.before, words.now, words.adjective, "the furthest feature"],
            rows,
            align="lrrll",
            ink=ink,
        ),
    ]
    if len(lines) > len(shown):
        rest = len(lines) - len(shown)
        said.append(ink.dim(f"{rest:,} more with --format json or html"))
    return said


def _named(features: Sequence[str]) -> str:
    more = f" and {len(features) - _NAMED} more" if len(features) > _NAMED else ""
    return ", ".join(features[:_NAMED]) + more if features else text.NOTHING


def _furthest(distance: Distance) -> str:
    where = f"{text.fixed(distance.value)} of {text.fixed(distance.threshold)}"
    said = f"{distance.feature} {where}"
    chance = distance.noise is not None and (distance.value or 0.0) <= distance.noise
    if chance:
        return f"{said}, no more than chance gives"
    return f"{said}: {text.short(distance.changed, 80)}" if distance.changed else said
