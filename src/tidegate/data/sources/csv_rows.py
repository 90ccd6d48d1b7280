"""Divide CSV text at row ends, so that its parts parse independently."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

_BOM: Final = b"\xef\xbb\xbf"


def whole_rows(
    file: Any,
    delimiter: str,
    quote: str | None,
    escape: str | None,
    *,
    size: int,
    skip: int = 0,
) -> Iterator[tuple[bytes, bool]]:
    """Divide a stream's text into parts of whole rows.

    Args:
        file: A stream of UTF-8; a byte order mark at its beginning is left out.
        delimiter: One ASCII character.
        quote: One ASCII character, or None.
        escape: One ASCII character, or None; with it the text is not divided.
        size: The number of bytes read at a time; a longer row is not divided off.
        skip: The number of bytes left out behind the mark.

    Yields:
        A part, and whether it has whole rows only. The first part that has not is the last: its row
        ends are unknown, and `file` is positioned behind it.
    """
    left = _read(file, size + skip).removeprefix(_BOM)[skip:]
    while left:
        more = _read(file, size)
        end = 0
        if escape is None:
            end = last_row_end(left, delimiter, quote, final=not more)
        if not end or len(left) - end > size:
            yield _guarded(left) + more, False
            return
        yield _guarded(left[:end]), True
        left = left[end:] + more


def last_row_end(text: bytes, delimiter: str, quote: str | None, *, final: bool) -> int:
    """The end of the last whole row of `text`; 0 if unknown.

    `text` must begin with a whole row. A quotation mark opens a quoted value only at the beginning
    of a field. Marks are counted, so that each odd one must be an opening one: it stands there, or
    right behind another mark (two in a quoted value are one of its characters). If one does not,
    counting is no proof.

    Args:
        text: UTF-8.
        delimiter: One ASCII character.
        quote: One ASCII character, or None.
        final: Whether nothing follows: the last row needs no line end.
    """
    mark = (quote or "").encode()
    if not mark or mark not in text:
        return len(text) if final else text.rfind(b"\n") + 1
    data = np.frombuffer(text, np.uint8)
    marks = np.flatnonzero(data == mark[0])
    may_precede = np.zeros(256, np.bool_)
    may_precede[list(delimiter.encode() + b"\r\n" + mark)] = True
    opening = marks[2::2] if marks[0] == 0 else marks[::2]
    if not may_precede[data[opening - 1]].all():
        return 0
    if final:
        return 0 if len(marks) % 2 else len(text)
    end = len(text)
    while (end := text.rfind(b"\n", 0, end)) >= 0:
        count = int(np.searchsorted(marks, end))
        if count % 2 == 0:
            break
        end = int(marks[count - 1])
    return end + 1


def _guarded(text: bytes) -> bytes:
    # Arrow takes a mark off whatever it is given; an empty line before it is no row.
    return b"\n" + text if text.startswith(_BOM) else text


def _read(file: Any, size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0 and (part := file.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
