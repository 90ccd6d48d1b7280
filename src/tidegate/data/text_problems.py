"""Count faulty texts: broken encodings, control characters, padding."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa

#: UTF-8 read as Latin-1 or Windows-1252: a lead byte as its letter, then a continuation byte.
_MOJIBAKE: Final = re.compile("[\u00c2-\u00c5\u00d0\u00d1\u00e2][\u0080-\u00bf\u20ac\u2122\u0153]")
_SPACE, _DELETE, _ASCII_END = 0x20, 0x7F, 0x80
_TAB, _NEWLINE, _RETURN = 0x09, 0x0A, 0x0D


@dataclass(frozen=True)
class TextProblems:
    """The faults of a text column's values, in rows.

    Attributes:
        column: Its name.
        padded: Values that begin or end with a blank.
        control: Values with a control character other than tab and line ends.
        replaced: Values with U+FFFD, which a decoder inserts for unreadable bytes.
        mojibake: Values that look like UTF-8 read as Latin-1.
        decomposed: Values that are not in Unicode's normal form C.
        example: The first value with a fault other than padding.
        padded_example: The first value with padding.
    """

    column: str
    padded: int = 0
    control: int = 0
    replaced: int = 0
    mojibake: int = 0
    decomposed: int = 0
    example: str = ""
    padded_example: str = ""

    @property
    def broken(self) -> int:
        """The number of faults other than padding.

        A value with two faults counts twice.
        """
        return self.control + self.replaced + self.mojibake + self.decomposed

    def __add__(self, other: TextProblems) -> TextProblems:
        """Add the counts of both."""
        return replace(
            self,
            padded=self.padded + other.padded,
            control=self.control + other.control,
            replaced=self.replaced + other.replaced,
            mojibake=self.mojibake + other.mojibake,
            decomposed=self.decomposed + other.decomposed,
            example=self.example or other.example,
            padded_example=self.padded_example or other.padded_example,
        )


def problems(column: str, values: pa.Array) -> TextProblems | None:
    """Count the faults of some texts; None if there are none.

    Whole buffers are checked first: a column of plain ASCII costs three passes over its bytes.
    """
    values = values.drop_null()
    if not len(values):
        return None
    _, offsets, data = values.buffers()
    ends = np.frombuffer(offsets, np.int32)[values.offset : values.offset + len(values) + 1]
    raw = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    used = raw[ends[0] : ends[-1]]
    if not len(used):
        return None
    begins, stops = ends[:-1], ends[1:]
    filled = begins < stops
    begins, stops = begins[filled], stops[filled]
    padded = int(np.count_nonzero((raw[begins] <= _SPACE) | (raw[stops - 1] <= _SPACE)))
    odd = (used >= _ASCII_END) | (used == _DELETE) | ((used < _SPACE) & (used != _TAB))
    found = TextProblems(column, padded=padded)
    if padded:
        at = int(np.flatnonzero((raw[begins] <= _SPACE) | (raw[stops - 1] <= _SPACE))[0])
        found = replace(found, padded_example=raw[begins[at] : stops[at]].tobytes().decode())
    if odd.any():
        found += _looked_at(column, values)
    return found if found.padded or found.broken else None


def _looked_at(column: str, values: pa.Array) -> TextProblems:
    found = TextProblems(column)
    for each in values.value_counts():
        text, count = each["values"].as_py(), each["counts"].as_py()
        control = any(
            (ord(c) < _SPACE and ord(c) not in (_TAB, _NEWLINE, _RETURN)) or ord(c) == _DELETE
            for c in text
        )
        replaced = "\ufffd" in text
        mojibake = _MOJIBAKE.search(text) is not None
        decomposed = not unicodedata.is_normalized("NFC", text)
        if control or replaced or mojibake or decomposed:
            found += TextProblems(
                column,
                control=count * control,
                replaced=count * replaced,
                mojibake=count * mojibake,
                decomposed=count * decomposed,
                example=text,
            )
    return found
