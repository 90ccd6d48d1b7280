"""Decide the types of CSV columns from all their values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegate.contract.sections import Files
from tidegate.data.sources.types import DOUBLE, INT, NULL, STRING

_PROBED: Final = 64
#: The most values that keep a column text which are shown.
_SHOWN: Final = 3
_WHOLE: Final = r"^[ \t]*[+-]?[0-9]+[ \t]*$"
_PADDED: Final = r"^[ \t]*[+-]?0[0-9]+[ \t]*$"


def _among(characters: bytes) -> Any:
    """Whether each byte is one of some characters, by its value."""
    table = np.zeros(256, np.bool_)
    table[list(characters)] = True
    return table


_ZERO, _DIGIT, _SIGN, _AFTER_SIGN = map(_among, (b"0", b"0123456789", b"+- \t", b"+-0 \t"))


class Marks(NamedTuple):
    """The characters in numbers: between thousands, and before decimals."""

    thousands: str | None = None
    decimal: str = "."

    @classmethod
    def of(cls, files: Files) -> Marks:
        """The marks of a source."""
        return cls(files.thousands, files.decimal)

    @property
    def pattern(self) -> str:
        """A regular expression of a number with these marks."""
        whole = r"[0-9]+"
        if self.thousands is not None:
            mark = re.escape(self.thousands)
            # Groups of two are how India writes them.
            whole += rf"|[0-9]{{1,3}}(?:{mark}[0-9]{{2,3}})*{mark}[0-9]{{3}}"
        decimal = re.escape(self.decimal)
        finite = rf"(?:{whole})?(?:{decimal}[0-9]*)?(?:[eE][+-]?[0-9]+)?"
        return rf"^[ \t]*[+-]?(?:{finite}|(?i:nan|inf|infinity))[ \t]*$"

    def plain(self, values: pa.Array) -> pa.Array:
        """Rewrite numbers with a point and nothing else.

        Raises:
            pyarrow.ArrowInvalid: a value is no number with these marks.
        """
        if self == Marks():
            return values
        if pc.all(pc.match_substring_regex(values, self.pattern)).as_py() is False:
            raise pa.ArrowInvalid("not a number with these marks")
        return pc.replace_substring(self.bare(values), self.decimal, ".")

    def bare(self, values: pa.Array) -> pa.Array:
        """Rewrite texts without what stands between thousands."""
        if self.thousands is None:
            return values
        return pc.replace_substring(values, self.thousands, "")


@dataclass
class ColumnType:
    """The candidate types of a column, narrowed by its values.

    Attributes:
        candidates: The types that fit every value seen so far; if none is left, it is text.
        marks: The characters in its numbers.
        forced: Whether the contract decides the type.
        has_values: Whether it has had a value.
        texts: The first values that made it text where others are numbers, by row.
        padded: Whether these are numbers with leading zeros.
        whole: Whether all its values are whole numbers, of any size.
    """

    candidates: set[pa.DataType]
    marks: Marks
    forced: bool = False
    has_values: bool = False
    texts: dict[int, str] = field(default_factory=dict)
    padded: bool = False
    whole: bool = True

    @property
    def type(self) -> pa.DataType:
        """The type of all values seen so far."""
        if not self.has_values:
            return NULL
        # Hexadecimal passes for an integer and not for a double; it is a name, not a number.
        if self.candidates == {INT, DOUBLE}:
            return INT
        if self.whole and not self.forced:
            # A double would change digits beyond 2**53.
            return STRING
        return DOUBLE if DOUBLE in self.candidates else STRING

    def add(self, values: pa.Array) -> bool:
        """Narrow the candidates by values; True where these made the column text."""
        if len(values) == values.null_count:
            return False
        had, self.has_values = self.has_values, True
        if not self.candidates:
            return False
        left = still(self.candidates, values, self.marks)
        if self.whole and INT not in left:
            wholes = pc.match_substring_regex(self.marks.bare(values), _WHOLE)
            self.whole = pc.all(wholes).as_py() is not False
        if left and not self.forced:
            # Numbers with leading zeros are names: 007 is not 7.
            self.texts = self._first(values, padded(values))
            self.padded = bool(self.texts)
            left = set() if self.padded else left
        elif not left and not self.forced:
            fits = pc.match_substring_regex(values, self.marks.pattern).fill_null(True)
            if had or (pc.sum(fits).as_py() or 0) > values.null_count:
                self.texts = self._first(values, pc.invert(fits))
        self.candidates = left
        return not left

    def _first(self, values: pa.Array, mask: Any) -> dict[int, str]:
        found: dict[int, str] = {}
        for row in pc.indices_nonzero(mask).to_pylist()[:1000]:
            if (text := values[row].as_py()) not in found.values():
                found[row] = text
            if len(found) == _SHOWN:
                break
        return found


def parse(values: pa.Array, type_: pa.DataType, marks: Marks = Marks()) -> pa.Array:  # noqa: B008
    """Parse texts as a type.

    Raises:
        pyarrow.ArrowInvalid: a text is no such value.
    """
    if type_ == NULL:
        return pa.nulls(len(values))
    if type_ == STRING:
        return values
    values = marks.plain(values)
    try:
        return pc.cast(values, type_)
    except pa.ArrowInvalid:
        return pc.cast(pc.ascii_trim_whitespace(values), type_)


def still(
    types: set[pa.DataType],
    values: pa.Array,
    marks: Marks = Marks(),  # noqa: B008
) -> set[pa.DataType]:
    """The candidate types that fit every value seen so far."""
    if not types or (types == {INT, DOUBLE} and parses(values, INT, marks) and not _has_x(values)):
        # What Arrow takes for an integer is decimal or hexadecimal, and if decimal a double too.
        return types
    left = {t for t in types if parses(values, t, marks)}
    return left if INT in left or not _has_plus(values) else set()


def parses(values: pa.Array, type_: pa.DataType, marks: Marks = Marks()) -> bool:  # noqa: B008
    """Whether all texts parse as a type."""
    try:
        # Text fails at once here, and not after all of it was trimmed.
        parse(values.slice(0, _PROBED), type_, marks)
        parse(values, type_, marks)
    except pa.ArrowInvalid:
        return False
    return True


def are_numbers(values: pa.Array, marks: Marks) -> bool:
    """Whether all texts are numbers, telephone numbers excluded."""
    return parses(values, DOUBLE, marks) and not _has_plus(values)


def no_numbers(values: pa.Array, marks: Marks) -> list[str]:
    """The distinct texts that are no numbers."""
    different = values.unique().drop_null() if values.null_count else values.unique()
    ones: Sequence[pa.Array] = [different.slice(i, 1) for i in range(len(different))]
    return [str(v[0]) for v in ones if not are_numbers(v, marks)]


def padded(values: pa.Array) -> pa.Array:
    """A mask of the whole numbers with leading zeros."""
    mask = np.zeros(len(values), np.bool_)
    data = np.frombuffer(values.buffers()[2] or b"", np.uint8)
    ends = np.frombuffer(values.buffers()[1], np.int32)[values.offset :][: len(values) + 1]
    rows = np.flatnonzero(np.diff(ends) > 1)
    first, second = data[ends[rows]], data[ends[rows] + 1]
    if len(rows := rows[(_ZERO[first] & _DIGIT[second]) | (_SIGN[first] & _AFTER_SIGN[second])]):
        found = pc.match_substring_regex(values.take(pa.array(rows)), _PADDED).fill_null(False)
        mask[rows[found.to_numpy(zero_copy_only=False)]] = True
    return pa.array(mask)


def _has_x(values: pa.Array) -> bool:
    data = values.buffers()[2]
    bytes_ = np.frombuffer(data or b"", np.uint8)
    return bool(((bytes_ | 0x20) == ord("x")).any())


def _has_plus(values: pa.Array) -> bool:
    # A telephone number is no double; newer Arrow would take it for one, older would not.
    return bool(pc.any(pc.starts_with(pc.ascii_ltrim_whitespace(values), "+")).as_py())
