"""Find the rows of both sides that belong together, so that no fold may part them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegate.numerics.binning import Array

#: A column identifies entities if its values differ in this share of the rows of each side, and
#: this share of the baseline's values occurs in the current rows.
_DISTINCT: Final = 0.5
_COMMON: Final = 0.5


def twins(baseline: pa.Table, current: pa.Table, features: Sequence[str]) -> Array:
    """Number the rows of both sides; a row and its twin on the other side get one number.

    Where the same entities stand in both sides, or the same rows, a classifier that learns a row
    and judges its twin is wrong by construction: it has seen the cell filled by one side only. Its
    AUC falls below 0.5, and hides a real shift.

    Twins have the same value in the column that identifies entities, if there is one and it has a
    value, and otherwise in all features; the n-th such row of a side belongs to the n-th of the
    other.

    Args:
        baseline: The baseline rows, with all their columns.
        current: The current rows.
        features: The columns that are compared, in both.

    Returns:
        int64 of shape (rows of both,), the baseline's first. A number stands for at most one row
        of each side.
    """
    sizes = (baseline.num_rows, current.num_rows)
    there = frozenset(current.schema.names)
    names = [n for n in baseline.schema.names if n in there]
    best, identity = 0.0, None
    for name in names:
        codes = _codes(baseline, current, name)
        if codes is None:
            continue
        old, new = codes[: sizes[0]], codes[sizes[0] :]
        share = float(np.isin(old[old >= 0], new).mean()) if (old >= 0).any() else 0.0
        distinct = min(len(np.unique(side[side >= 0])) / len(side) for side in (old, new))
        if distinct >= _DISTINCT and share >= _COMMON and share * distinct > best:
            best, identity = share * distinct, codes
    whole = np.zeros(sum(sizes), np.int64)
    for name in features:
        codes = _codes(baseline, current, name)
        if codes is not None:
            _, whole = np.unique(whole * (codes.max() + 2) + codes, return_inverse=True)
    if identity is None:
        return _numbered(whole, whole, sizes)
    # Of a row without identity, all values must be equal.
    return _numbered(np.where(identity < 0, identity.max() + 1 + whole, identity), whole, sizes)


def _codes(baseline: pa.Table, current: pa.Table, name: str) -> Array | None:
    """The values of both sides as whole numbers, -1 where one is missing; None if they differ."""
    old, new = baseline.column(name), current.column(name)
    if old.type != new.type:
        return None
    both = pa.chunked_array([*old.chunks, *new.chunks], type=old.type).combine_chunks()
    encoded = pc.dictionary_encode(both)
    indices = encoded.indices if isinstance(encoded, pa.DictionaryArray) else None
    if indices is None:
        return None
    return np.asarray(pc.fill_null(indices, -1).to_numpy(zero_copy_only=False), np.int64)


def _numbered(identity: Array, whole: Array, sizes: tuple[int, int]) -> Array:
    """Number each value's n-th occurrence on a side.

    Equal rows come in the same order on both sides, so that of several with one value those that
    are alike are twins.
    """
    side = np.repeat([0, 1], sizes)
    order = np.lexsort((whole, side, identity))
    sorted_identity, sorted_side = identity[order], side[order]
    begins = np.r_[True, (sorted_identity[1:] != sorted_identity[:-1])
                   | (sorted_side[1:] != sorted_side[:-1])]  # fmt: skip
    starts = np.flatnonzero(begins)
    ordinal = np.empty(len(identity), np.int64)
    ordinal[order] = np.arange(len(identity)) - starts[np.cumsum(begins) - 1]
    key = np.column_stack([identity, ordinal])
    _, numbers = np.unique(key, axis=0, return_inverse=True)
    return np.asarray(numbers, np.int64).reshape(-1)
