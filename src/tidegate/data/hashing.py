"""Hash an example's key to decide its split."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tidegate.data.sources.types import DOUBLE, EXACT, INT, NULL, STRING

#: The initial state; not zero, which the finaliser maps to itself.
_SEED: Final = np.uint64(0x9E3779B97F4A7C15)
_NULL_LENGTH: Final = np.uint64(2**64 - 1)


def hash_rows(columns: Sequence[pa.Array]) -> npt.NDArray[np.uint64]:
    """A 64-bit hash of each row's values.

    Each value is taken as its canonical UTF-8 text, so that 5, 5.0 and "5" are the same key
    whatever file format it came in: integers in decimal, whole doubles as integers, other doubles
    by their IEEE 754 bits, timestamps as microseconds since 1970. The state starts at `_SEED`;
    for each column in turn, the text's length in bytes (2**64 - 1 for null) and then its bytes as
    little-endian 64-bit words, padded with zeros, are each xored into the state, which is then
    mixed by MurmurHash3's 64-bit finaliser (Appleby, 2011).

    Args:
        columns: At least one array, all of the same length n.

    Returns:
        Shape (n,).
    """
    state = np.full(len(columns[0]), _SEED)
    for column in columns:
        _absorb(state, canonical(column))
    return state


def assign(hashes: npt.NDArray[np.uint64], weights: Sequence[int]) -> npt.NDArray[np.int64]:
    """Assign each hash to a split, by index.

    The range of hashes is divided in proportion to the weights, so that a larger first split gains
    examples and never loses any.

    Args:
        hashes: Shape (n,).
        weights: One positive integer for each split.

    Returns:
        Shape (n,), values in [0, len(weights)).
    """
    total = sum(weights)
    bounds = [(sum(weights[: i + 1]) << 64) // total for i in range(len(weights) - 1)]
    return np.asarray(np.searchsorted(np.array(bounds, np.uint64), hashes, side="right"))


def canonical(values: pa.Array) -> pa.Array:
    """Convert values to canonical text, as described in `hash_rows`.

    Null stays null.
    """
    if values.type == STRING:
        return values
    if values.type == NULL:
        return pa.nulls(len(values), STRING)
    if values.type == DOUBLE:
        return _canonical_doubles(values)
    return pc.cast(values if values.type == INT else pc.cast(values, INT), STRING)


def _canonical_doubles(values: pa.Array) -> pa.Array:
    numbers = values.fill_null(0.0).to_numpy(zero_copy_only=False)
    whole = (np.abs(numbers) <= EXACT) & (np.floor(numbers) == numbers)
    bits = np.where(np.isnan(numbers), np.nan, numbers).view(np.int64)
    integers = pc.cast(pa.array(np.where(whole, numbers, 0.0).astype(np.int64)), STRING)
    others = pc.binary_join_element_wise("bits", pc.cast(pa.array(bits), STRING), ":")
    texts = pc.if_else(pa.array(whole), integers, others)
    return pc.if_else(values.is_null(), pa.scalar(None, STRING), texts)


def _absorb(state: npt.NDArray[np.uint64], texts: pa.Array) -> None:
    missing = texts.is_null().to_numpy(zero_copy_only=False)
    _, offsets_buffer, data = texts.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int32)[texts.offset :][: len(texts) + 1]
    starts = offsets[:-1].astype(np.int64)
    lengths = np.where(missing, 0, np.diff(offsets)).astype(np.int64)
    base = int(starts[0]) if len(starts) else 0
    end = int(offsets[-1]) if len(starts) else 0
    # Eight bytes of padding: the last word may reach beyond the text.
    padded = np.zeros(end - base + 8, np.uint8)
    if end > base:
        padded[:-8] = np.frombuffer(data, np.uint8)[base:end]
    starts -= base
    words: Any = np.ndarray(shape=(len(padded) - 7,), dtype="<u8", buffer=padded.data, strides=(1,))
    _mix(state, np.where(missing, _NULL_LENGTH, lengths.astype(np.uint64)))
    rows = np.flatnonzero(lengths)
    at = 0
    while len(rows):
        left = lengths[rows] - at
        unused = (8 - np.minimum(left, 8)).astype(np.uint64) * np.uint64(8)
        word = (words[starts[rows] + at] << unused) >> unused
        part = state[rows]
        _mix(part, word)
        state[rows] = part
        at += 8
        rows = rows[left > 8]


def _mix(state: npt.NDArray[np.uint64], word: npt.NDArray[np.uint64]) -> None:
    state ^= word
    state ^= state >> np.uint64(33)
    state *= np.uint64(0xFF51AFD7ED558CCD)
    state ^= state >> np.uint64(33)
    state *= np.uint64(0xC4CEB9FE1A85EC53)
    state ^= state >> np.uint64(33)
