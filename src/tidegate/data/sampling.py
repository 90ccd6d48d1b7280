"""A seeded sample of rows that pass one after the other, too many to be held."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

import tidegate.core._arrow  # noqa: F401
from tidegate.core.errors import ExamplesError

SEED: Final = 20130101
#: The most values, rows times columns, that are kept of a span, and rows that are kept even of
#: very wide data.
MOST_VALUES: Final = 1_000_000
LEAST_ROWS: Final = 1_000

_Keys: TypeAlias = npt.NDArray[Any]


class Sampler:
    """At most `limit` rows of those added, each as likely as any other, in their order.

    Every row draws a number, and the rows with the smallest stay; so the sample depends on the
    seed and the order of the rows, not on how they are cut into batches.
    """

    def __init__(self, limit: int, *, seed: int = SEED) -> None:
        """Nothing is held yet; never more than thrice the limit, and one batch."""
        self.total = 0
        self._limit = limit
        self._generator = np.random.default_rng(seed)
        self._kept: list[tuple[pa.RecordBatch, _Keys]] = []
        self._bound = 1.0
        self._held = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Take note of more rows, of the same schema as before."""
        drawn = self._generator.random(batch.num_rows)
        self.total += batch.num_rows
        self._kept.append(_below(batch, drawn, self._bound))
        self._held += self._kept[-1][0].num_rows
        if self._held > 2 * self._limit:
            self._cut()

    def result(self) -> pa.Table:
        """The sample.

        Raises:
            ExamplesError: there is no row.
        """
        if not self.total:
            raise ExamplesError("there are no rows; there is nothing to measure")
        if self._held > self._limit:
            self._cut()
        return pa.Table.from_batches([batch for batch, _ in self._kept])

    def _cut(self) -> None:
        drawn = np.concatenate([keys for _, keys in self._kept])
        self._bound = float(np.partition(drawn, self._limit)[self._limit])
        self._kept = [_below(*pair, self._bound) for pair in self._kept]
        self._held = self._limit


def sample(
    batches: Iterable[pa.RecordBatch], limit: int, *, seed: int = SEED
) -> tuple[pa.Table, int]:
    """At most `limit` rows of some batches, and how many rows there were.

    Args:
        batches: Of one schema.
        limit: At least 1.
        seed: Of the draw.

    Raises:
        ExamplesError: there is no row.
    """
    sampler = Sampler(limit, seed=seed)
    for batch in batches:
        sampler.add(batch)
    return sampler.result(), sampler.total


def kept_rows(configured: int, columns: int) -> int:
    """How many rows are kept of data with so many columns, at most.

    Args:
        configured: What the contract allows.
        columns: Of those that are kept, at least one.
    """
    return min(configured, max(LEAST_ROWS, MOST_VALUES // columns))


def _below(batch: pa.RecordBatch, keys: _Keys, bound: float) -> tuple[pa.RecordBatch, _Keys]:
    chosen = keys < bound
    return (batch, keys) if chosen.all() else (batch.filter(pa.array(chosen)), keys[chosen])
