"""Draw a seeded sample of rows from a stream."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

import tidegate.core._arrow  # noqa: F401
from tidegate.core.errors import ExamplesError

SEED: Final = 20130101
#: The most values (rows times columns) kept of a span, and the least rows kept of very wide data.
MOST_VALUES: Final = 1_000_000
LEAST_ROWS: Final = 1_000

_Keys: TypeAlias = npt.NDArray[Any]


class Sampler:
    """A uniform sampler of at most `limit` rows, in their order.

    Every row draws a number, and the rows with the smallest stay; so the sample depends on the seed
    and the order of the rows, not on how they are divided into batches.
    """

    def __init__(self, limit: int, *, seed: int = SEED) -> None:
        """Start empty; it holds at most thrice the limit, and one batch."""
        self.total = 0
        self._limit = limit
        self._generator = np.random.default_rng(seed)
        self._kept: list[tuple[pa.RecordBatch, _Keys]] = []
        self._bound = 1.0
        self._held = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Add rows, of the same schema as before."""
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
    """Sample at most `limit` rows, and count all rows.

    Args:
        batches: Batches of one schema.
        limit: The largest sample, at least 1.
        seed: The seed of the draw.

    Raises:
        ExamplesError: there is no row.
    """
    sampler = Sampler(limit, seed=seed)
    for batch in batches:
        sampler.add(batch)
    return sampler.result(), sampler.total


def kept_rows(configured: int, columns: int) -> int:
    """The most rows that are kept, given the number of columns.

    Args:
        configured: The number the contract allows.
        columns: The number of kept columns, at least one.
    """
    return min(configured, max(LEAST_ROWS, MOST_VALUES // columns))


def _below(batch: pa.RecordBatch, keys: _Keys, bound: float) -> tuple[pa.RecordBatch, _Keys]:
    chosen = keys < bound
    return (batch, keys) if chosen.all() else (batch.filter(pa.array(chosen)), keys[chosen])
