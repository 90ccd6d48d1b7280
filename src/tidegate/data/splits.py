"""Divide examples by hash, time or column, and check leakage."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tidegate.contract import Contract
from tidegate.core.errors import SourceError
from tidegate.data.hashing import assign, hash_rows
from tidegate.data.sources.objects import one_line
from tidegate.data.sources.types import STRING, TIMESTAMP
from tidegate.data.spill import Spool, shared, smallest

SPLITS: Final = ("train", "eval")

#: The index of rows in no split: the rows in the gap.
DROPPED: Final = -1
_SIGN: Final = np.uint64(1 << 63)

Batches = Callable[[], Iterable[pa.RecordBatch]]


class Rows:
    """A batch with the hashes of its rows, each computed once."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        """Wrap a batch without hashing it."""
        self.batch = batch
        self._hashes: dict[tuple[str, ...], npt.NDArray[np.uint64]] = {}

    def hashes(self, columns: tuple[str, ...]) -> npt.NDArray[np.uint64]:
        """The result of `hash_rows` for these columns, shape (rows,)."""
        if columns not in self._hashes:
            self._hashes[columns] = hash_rows([_column(self.batch, c) for c in columns])
        return self._hashes[columns]


class Splitter(Protocol):
    """The assignment of rows to splits."""

    def assign(self, rows: Rows) -> npt.NDArray[np.int64]:
        """Assign each row to a split, shape (rows,).

        The values are indices in `SPLITS`, or `DROPPED`.
        """

    @property
    def facts(self) -> dict[str, Any]:
        """The manifest's facts about the split, beside `by`."""


@dataclass(frozen=True)
class Leakage:
    """Values of some columns that occur in more than one split.

    Attributes:
        columns: The columns, whose values are taken together.
        values: The number of distinct values.
        shared: The number of values in more than one split.
    """

    columns: tuple[str, ...]
    values: int
    shared: int

    @classmethod
    def of(cls, fact: Mapping[str, Any]) -> Leakage:
        """Restore leakage from a manifest."""
        return cls(tuple(fact["columns"]), int(fact["values"]), int(fact["shared"]))


def splitter(contract: Contract, batches: Batches, scratch: Path) -> Splitter:
    """Make the splitter that the contract configures.

    Args:
        contract: The contract with the splits and their weights.
        batches: Reads all rows anew at each call; only splits by time need a first pass.
        scratch: A directory for temporary files.

    Raises:
        ContractError: a column to split by is not in the data.
        SourceError: a row has no time, or the column is not one of times.
    """
    weights = [getattr(contract.splits, name) for name in SPLITS]
    if contract.splits.by == "time":
        column = str(contract.time)
        with contextlib.closing(Spool(scratch)) as times:
            for batch in batches():
                times.add(_sortable(_times(batch, column, contract)))
            cut = smallest(times, times.count * weights[0] // sum(weights))
        micros = int((np.uint64(cut) ^ _SIGN).astype(np.int64))
        return _ByTime(column, micros, contract.splits.gap_duration, contract)
    if contract.splits.column is not None:
        return _ByColumn(contract.splits.column, contract)
    return _ByHash(contract.split_columns, weights, contract)


class LeakageCheck:
    """A counter of key and split values in more than one split.

    Values are compared by `hash_rows`: two different ones are taken for the same with a chance of
    2**-64 a pair. They are kept on disk, eight bytes a row.
    """

    def __init__(self, contract: Contract, names: Sequence[str], scratch: Path) -> None:
        """Start counting; a key that the data lacks is left to validation."""
        wanted = dict.fromkeys([contract.key, contract.splits.hash_columns or contract.key])
        self._columns = [c for c in wanted if c and set(c) <= set(names)]
        self._spools = {c: [Spool(scratch) for _ in SPLITS] for c in self._columns}
        # Without a key, whole rows that occur again are counted.
        self._names = () if contract.key else tuple(sorted(names))
        self._rows = [Spool(scratch)] if self._names else []

    def add(self, rows: Rows, chosen: npt.NDArray[np.int64]) -> None:
        """Add rows with their splits from `Splitter.assign`."""
        for columns in self._columns:
            for index, spool in enumerate(self._spools[columns]):
                spool.add(rows.hashes(columns)[chosen == index])
        for spool in self._rows:
            spool.add(rows.hashes(self._names))

    def result(self) -> tuple[Leakage, ...]:
        """Leakage of the key, then of the hash columns where they differ."""
        return tuple(Leakage(c, *shared(self._spools[c])) for c in self._columns)

    def distinct_rows(self) -> int | None:
        """The number of different rows; None if a key tells them apart."""
        return shared(self._rows)[0] if self._rows else None

    def close(self) -> None:
        """Release the disk space."""
        for spool in (s for spools in (*self._spools.values(), self._rows) for s in spools):
            spool.close()


class _ByHash:
    facts: dict[str, Any]

    def __init__(
        self, columns: tuple[str, ...], weights: Sequence[int], contract: Contract
    ) -> None:
        self._columns = columns
        self._weights = weights
        self._contract = contract
        self.facts = {}

    def assign(self, rows: Rows) -> npt.NDArray[np.int64]:
        _require(rows.batch, self._columns, self._contract)
        # Without a key the whole row decides, in whatever order a file has its columns.
        columns = self._columns or tuple(sorted(rows.batch.schema.names))
        return assign(rows.hashes(columns), self._weights)


class _ByTime:
    """A split by time: train ends before eval, less the gap.

    Rows with equal times are in the same split.
    """

    def __init__(self, column: str, cut: int, gap: timedelta, contract: Contract) -> None:
        self._column = column
        self._cut = cut
        self._end = max(cut - gap // timedelta(microseconds=1), -(2**63) + 1)
        self._contract = contract

    @property
    def facts(self) -> dict[str, Any]:
        return {
            "train_before": str(np.datetime64(self._end, "us")),
            "eval_from": str(np.datetime64(self._cut, "us")),
        }

    def assign(self, rows: Rows) -> npt.NDArray[np.int64]:
        times = _times(rows.batch, self._column, self._contract)
        inside = np.where(times < self._end, 0, DROPPED)
        return np.where(times >= self._cut, 1, inside).astype(np.int64)


class _ByColumn:
    facts: dict[str, Any]

    def __init__(self, column: str, contract: Contract) -> None:
        self._column = column
        self._contract = contract
        self.facts = {}

    def assign(self, rows: Rows) -> npt.NDArray[np.int64]:
        _require(rows.batch, [self._column], self._contract)
        values = _column(rows.batch, self._column)
        texts = values if values.type == STRING else pc.cast(values, STRING)
        found = pc.index_in(texts, pa.array(SPLITS)).fill_null(DROPPED)
        chosen = found.to_numpy(zero_copy_only=False).astype(np.int64)
        if (chosen == DROPPED).any():
            value = texts[int(np.flatnonzero(chosen == DROPPED)[0])].as_py()
            stated = "no value" if value is None else f"the value {value!r}"
            raise SourceError(
                f"splits.by: column {self._column!r} has {stated} in a row; "
                f"it must say {' or '.join(SPLITS)} in each"
            )
        return chosen


def _times(batch: pa.RecordBatch, column: str, contract: Contract) -> npt.NDArray[np.int64]:
    _require(batch, [column], contract)
    values = _column(batch, column)
    if values.null_count:
        row = int(np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False))[0])
        raise SourceError(
            f"splits.by: time, and column {column!r} has no value {_where(batch, row, contract)}; "
            "fill it, or split by hash(...)"
        )
    if values.type == STRING:
        values = _parsed(values, column)
    if values.type != TIMESTAMP:
        raise SourceError(
            f"splits.by: time needs column {column!r} to hold times, not {values.type}; "
            "write them in ISO 8601, or split by hash(...)"
        )
    return np.asarray(values.cast(pa.int64()).to_numpy(zero_copy_only=False))


def _parsed(texts: pa.Array, column: str) -> pa.Array:
    try:
        return pc.cast(texts, TIMESTAMP)
    except pa.ArrowInvalid:
        # What names a zone (or Z) has a type of its own in Arrow.
        try:
            return pc.cast(pc.cast(texts, pa.timestamp("us", "UTC")), TIMESTAMP)
        except pa.ArrowInvalid as error:
            quoted = re.search(r"'.*'(?= as a scalar)", str(error), re.DOTALL)
            found = repr(quoted[0][1:-1]) if quoted else one_line(error)
            raise SourceError(
                f"splits.by: time needs column {column!r} to hold times in ISO 8601, either all "
                f"with a zone or all without; found {found}"
            ) from None


def _sortable(values: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    return values.astype(np.int64).view(np.uint64) ^ _SIGN


def _require(batch: pa.RecordBatch, columns: Sequence[str], contract: Contract) -> None:
    if not set(columns) <= set(batch.schema.names):
        contract.require_columns(batch.schema.names)


def _column(batch: pa.RecordBatch, name: str) -> Any:
    return batch.column(batch.schema.names.index(name))


def _where(batch: pa.RecordBatch, row: int, contract: Contract) -> str:
    key = {c: _column(batch, c)[row].as_py() for c in contract.key if c in batch.schema.names}
    if not contract.key:
        return "in a row"
    return "where " + (", ".join(f"{n} = {v!r}" for n, v in key.items()) or "the key is gone")
