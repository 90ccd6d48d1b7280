"""Join look-up tables to rows without multiplying rows.

No row is lost either, unless the contract drops unmatched rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegate.contract import Contract, Join
from tidegate.core.errors import ContractError, SourceError
from tidegate.core.text import nearest
from tidegate.data import sources
from tidegate.data.hashing import canonical
from tidegate.data.sources import Inputs
from tidegate.data.sources.lookups import Lookup

#: The most memory a look-up table may take, in bytes.
MOST_BYTES: Final = 1 << 30


@dataclass(frozen=True)
class Joined:
    """The result of one join.

    Attributes:
        uri: The look-up's URI in the contract.
        rows: The number of input rows.
        matched: The number of rows that matched.
        dropped: The number of unmatched rows that the contract drops.
        missed: The first key without a match; empty if all matched.
    """

    uri: str
    rows: int
    matched: int
    dropped: int
    missed: str = ""

    @property
    def rate(self) -> float:
        """The share of rows that matched, in [0, 1]; 1 without rows."""
        return self.matched / self.rows if self.rows else 1.0


class Joins:
    """All joins of a contract, with their look-up tables in memory."""

    def __init__(self, inputs: Inputs, contract: Contract) -> None:
        """Read the look-ups that `inputs` names.

        Raises:
            SourceError: one cannot be read, has a key twice, is too large, or has changed.
            ContractError: it lacks a column.
        """
        self._joins = [
            _Join(join, lookup, contract)
            for join, lookup in zip(contract.joins, inputs.lookups, strict=True)
        ]

    def apply(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Append the look-ups' columns to the rows, in the same order.

        Raises:
            SourceError: a row has no match although each must; a column exists already; or no row
                is left.
            ContractError: the rows lack a column that `on` names.
        """
        for join in self._joins:
            join.rows = join.matched = join.dropped = 0
        left = 0
        for original in batches:
            batch = original
            for join in self._joins:
                batch = join.apply(batch)
            if batch.num_rows:
                left += batch.num_rows
                yield batch
        if not left:
            raise SourceError("no row is left after the joins; check joins.on and joins.unmatched")

    @property
    def results(self) -> tuple[Joined, ...]:
        """The results of the last `apply`, in the contract's order."""
        return tuple(
            Joined(j.join.uri, j.rows, j.matched, j.dropped, j.missed) for j in self._joins
        )


class _Join:
    def __init__(self, join: Join, lookup: Lookup, contract: Contract) -> None:
        self.join = join
        self.rows = self.matched = self.dropped = 0
        self.missed = ""
        table = _table(join, lookup, contract)
        keys = _keys([_one_chunk(table[c]) for c in join.right])
        counts = pc.value_counts(keys.drop_null())
        doubled = counts.filter(pc.greater(counts.field(1), 1))
        if len(doubled):
            at = int(pc.index(keys, doubled.field(0)[0]).as_py())
            row = {c: table[c][at].as_py() for c in join.right}
            raise SourceError(
                f"the look-up {join.uri} has {doubled.field(1)[0].as_py()} rows of {_shown(row)}; "
                "a key may stand there once: a join must not multiply rows"
            )
        self._keys = keys
        self._columns = {join.prefix + c: _one_chunk(table[c]) for c in join.columns}

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        names = batch.schema.names
        for column in self.join.left:
            if column not in names:
                raise ContractError(
                    f"joins.on names the column {column!r}, which the data does not have"
                    + nearest(column, names)
                )
        for column in self._columns:
            if column in names:
                raise SourceError(
                    f"the look-up {self.join.uri} adds the column {column!r}, which is there "
                    "already; give joins.prefix"
                )
        wanted = _keys([batch.column(names.index(c)) for c in self.join.left])
        # A key that is null in the look-up is no key: it must not match a null of the data.
        found = pc.if_else(pc.is_valid(wanted), pc.index_in(wanted, self._keys), None)
        lost = found.null_count
        self.rows += batch.num_rows
        self.matched += batch.num_rows - lost
        if lost and not self.missed:
            at = int(np.flatnonzero(found.is_null().to_numpy(zero_copy_only=False))[0])
            row = {c: batch.column(names.index(c))[at].as_py() for c in self.join.left}
            self.missed = _shown(row)
        if lost and self.join.unmatched == "error":
            raise SourceError(
                f"a row with {self.missed} has no match in the look-up {self.join.uri}; "
                "add it there, or say joins.unmatched: 'null' or drop"
            )
        if lost and self.join.unmatched == "drop":
            self.dropped += lost
            batch, found = batch.filter(found.is_valid()), found.drop_null()
        added = [values.take(found) for values in self._columns.values()]
        return pa.RecordBatch.from_arrays([*batch.columns, *added], names=[*names, *self._columns])


def _table(join: Join, lookup: Lookup, contract: Contract) -> pa.Table:
    # Text columns of the data must be text here, and the contract's types of joined columns apply.
    pairs = [*zip(join.right, join.left, strict=True)]
    pairs += [(c, join.prefix + c) for c in join.columns]
    features = contract.features
    batches: list[Any] = []
    size = 0
    for batch in sources.read_objects(
        lookup.root,
        lookup.objects,
        contract.for_lookup(
            join,
            categorical={mine for mine, name in pairs if name in features.categorical},
            numeric={c for c in join.columns if join.prefix + c in features.numeric},
        ),
    ):
        for column in (*join.right, *join.columns):
            if column not in batch.schema.names:
                raise ContractError(
                    f"joins names the column {column!r}, which the look-up {join.uri} does not have"
                    + nearest(column, batch.schema.names)
                )
        batches.append(batch)
        size += batch.nbytes
        if size > MOST_BYTES:
            raise SourceError(
                f"the look-up {join.uri} is larger than {MOST_BYTES >> 20} MiB in memory; "
                "join it where the data is made"
            )
    if not batches:
        raise SourceError(f"the look-up {join.uri} has no rows")
    return pa.Table.from_batches(batches)


def _keys(columns: Sequence[pa.Array]) -> pa.Array:
    """Combine the values of all columns into one text per row.

    It is null where one of them is null. Values are compared as `hashing.canonical` writes them: 5,
    5.0 and "5" are one key.
    """
    texts = [canonical(column) for column in columns]
    if len(texts) == 1:
        return texts[0]
    # With its length before it, no text can be taken for the end of one and the start of another.
    parts = [a for t in texts for a in (pc.cast(pc.binary_length(t), pa.string()), t)]
    return pc.binary_join_element_wise(*parts, ":")


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    return pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole


def _shown(row: dict[str, Any]) -> str:
    return ", ".join(f"{name} = {value!r}" for name, value in row.items())
