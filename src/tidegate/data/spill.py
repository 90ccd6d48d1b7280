"""Keep 64-bit numbers on disk, to process all rows in bounded memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Numbers: TypeAlias = npt.NDArray[np.uint64]

#: The count of numbers read at once, and about the count sorted at once: 32 MiB.
_AT_ONCE: Final = 1 << 22
_DIGIT: Final = 16


class Spool:
    """An unnamed file of numbers, in the order of addition.

    It is deleted when it is closed.
    """

    def __init__(self, directory: Path) -> None:
        """Create an empty file; `directory` provides the disk space."""
        self._file = tempfile.TemporaryFile(dir=directory)  # noqa: SIM115 (closed by close)
        self._count = 0

    @property
    def count(self) -> int:
        """The count of added numbers."""
        return self._count

    def add(self, numbers: Numbers) -> None:
        """Append numbers, shape (n,)."""
        self._file.write(np.ascontiguousarray(numbers, np.uint64).tobytes())
        self._count += len(numbers)

    def chunks(self) -> Iterator[Numbers]:
        """Read all numbers, in chunks."""
        self._file.seek(0)
        while data := self._file.read(_AT_ONCE * 8):
            yield np.frombuffer(data, np.uint64)

    def close(self) -> None:
        """Release the disk space."""
        self._file.close()


def smallest(spool: Spool, k: int) -> int:
    """The number with exactly `k` numbers before it in sorted order.

    It is exact and needs constant memory: a radix selection with four passes, each counting the
    next 16 bits of the numbers that agree with the known bits of the answer.

    Args:
        spool: More than `k` numbers.
        k: The rank, from 0.
    """
    known = 0
    for digit in range(64 // _DIGIT - 1, -1, -1):
        shift = np.uint64(digit * _DIGIT)
        counts = np.zeros(1 << _DIGIT, np.int64)
        for numbers in spool.chunks():
            upper = numbers >> shift
            digits = upper & np.uint64((1 << _DIGIT) - 1)
            agree = upper >> np.uint64(_DIGIT) == np.uint64(known)
            counts += np.bincount(digits[agree].astype(np.int64), minlength=1 << _DIGIT)
        ends = np.cumsum(counts)
        found = int(np.searchsorted(ends, k, side="right"))
        k -= int(ends[found] - counts[found])
        known = known << _DIGIT | found
    return known


def shared(spools: Sequence[Spool]) -> tuple[int, int]:
    """Count distinct numbers, and those in more than one spool.

    The numbers are processed in turns by their remainder, so that memory is bounded by the largest
    turn: about `_AT_ONCE` numbers, if they are spread evenly as hashes are.
    """
    turns = max(1, -(-sum(spool.count for spool in spools) // _AT_ONCE))
    values = in_several = 0
    for turn in range(turns):
        seen = [np.unique(_of_turn(spool, turn, turns)) for spool in spools]
        _, times = np.unique(np.concatenate(seen), return_counts=True)
        values += len(times)
        in_several += int(np.count_nonzero(times > 1))
    return values, in_several


def _of_turn(spool: Spool, turn: int, turns: int) -> Numbers:
    parts = [c[c % np.uint64(turns) == np.uint64(turn)] for c in spool.chunks()]
    return np.concatenate([np.zeros(0, np.uint64), *parts])
