"""Rows in memory: all of them, or a seeded sample where there are more than a limit."""

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

#: The most rows that are measured, and the most values: rows times columns. Together they bound
#: memory to some hundred megabytes and time to some seconds, whatever there is.
MAX_ROWS: Final = 500_000
MAX_VALUES: Final = 20_000_000
#: So many rows are taken even of a table with very many columns.
LEAST_ROWS: Final = 10_000


@dataclass(frozen=True)
class Rows:
    """Rows that are measured, in two parts.

    Attributes:
        name: What they are of: a span, or a file.
        table: The rows, those of the first part before those of the second.
        held: Which rows are of the second part, by which is judged what the first part says;
            bool of shape (rows,).
        total: How many rows there are, beyond the sample.
        parts: What the two parts are called.
        divided: Whether the parts are splits, of which only the first may be learnt from; else
            they are random halves of one file.
    """

    name: str
    table: pa.Table
    held: Array
    total: int
    parts: tuple[str, str]
    divided: bool

    @property
    def sampled(self) -> bool:
        """Whether there are more rows than are measured."""
        return bool(self.table.num_rows < self.total)


def row_limit(columns: int) -> int:
    """How many rows of so many columns are measured at the most."""
    return min(MAX_ROWS, max(LEAST_ROWS, MAX_VALUES // max(columns, 1)))


def of_batches(name: str, batches: Iterable[pa.RecordBatch], *, seed: int = SEED) -> Rows:
    """Rows of a file, divided at random into two halves.

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
    """The splits train and eval of some examples, each sampled by its share.

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
