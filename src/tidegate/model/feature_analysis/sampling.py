"""Load rows into memory, as a seeded sample above a limit."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from tidegate.core.errors import ExamplesError
from tidegate.data.sampling import SEED, sample
from tidegate.numerics.binning import Array

if TYPE_CHECKING:
    from tidegate.data.examples import Examples

#: The most measured rows, and the most values: rows times columns. Together they bound memory to
#: some hundred megabytes and time to some seconds, for any data.
MAX_ROWS: Final = 500_000
MAX_VALUES: Final = 20_000_000
#: The least row limit, for tables with very many columns.
LEAST_ROWS: Final = 10_000


@dataclass(frozen=True)
class Rows:
    """The measured rows, in two parts.

    Attributes:
        name: The name of their span or file.
        table: The rows, the first part before the second.
        held: Which rows are in the second part, by which the first part's results are judged; bool
            of shape (rows,).
        total: The number of all rows, beyond the sample.
        parts: The names of the two parts.
        divided: Whether the parts are splits, of which only the first may be learnt from; else they
            are random halves of one file.
    """

    name: str
    table: pa.Table
    held: Array
    total: int
    parts: tuple[str, str]
    divided: bool

    @property
    def sampled(self) -> bool:
        """Whether only a sample of the rows is measured."""
        return bool(self.table.num_rows < self.total)


def labelled(column: pa.ChunkedArray) -> Array:
    """Which rows have a label, bool of shape (rows,); one that is not finite is none."""
    there: Array = column.is_valid().to_numpy()
    if pa.types.is_floating(column.type):
        there = there & np.isfinite(column.to_numpy())
    return there


def row_limit(columns: int) -> int:
    """The most measured rows for so many columns."""
    return min(MAX_ROWS, max(LEAST_ROWS, MAX_VALUES // max(columns, 1)))


def of_batches(name: str, batches: Iterable[pa.RecordBatch], *, seed: int = SEED) -> Rows:
    """Sample the rows of a file, divided at random into halves.

    Raises:
        ExamplesError: there is no row.
    """
    batches = iter(batches)
    first = next(batches, None)
    if first is None:
        raise ExamplesError(f"{name} has no rows; there is nothing to measure")
    limit = row_limit(first.num_columns)
    table, total = sample(itertools.chain([first], batches), limit, seed=seed)
    second = np.random.default_rng([seed, 1]).permutation(table.num_rows) % 2 == 1
    order = np.argsort(second, kind="stable")
    return Rows(name, table.take(pa.array(order)), second[order], total, ("half", "half"), False)


def of_examples(examples: Examples, *, seed: int = SEED) -> Rows:
    """Sample the splits train and eval, each by its share.

    Raises:
        ExamplesError: one of them is missing or empty, or a file cannot be read.
    """
    parts = ("train", "eval")
    sizes = [examples.num_rows(split) for split in parts]
    if not all(sizes):
        raise ExamplesError(
            f"the {parts[sizes.index(0)]} split of {examples.span} is empty; give a larger span, "
            "or another column to split by"
        )
    total = sum(sizes)
    limit = min(row_limit(len(examples.schema)), total)
    shares = [max(1, round(limit * size / total)) for size in sizes]
    tables = [
        sample(examples.batches(split), share, seed=seed)[0]
        for split, share in zip(parts, shares, strict=True)
    ]
    held = np.repeat([False, True], [t.num_rows for t in tables])
    return Rows(examples.span, pa.concat_tables(tables), held, total, parts, True)
