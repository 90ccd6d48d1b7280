"""Check what pyarrow before 14 reads of Parquet files without noticing their faults.

It compares no page with its checksum; of a page of several gzip members it decompresses the first
only, and leaves whatever was in memory in place of the others; and columns of unequal lengths or
with encryption can end its process. Footer and page headers are written in Thrift's compact
protocol (parquet.thrift, `FileMetaData` and `PageHeader`).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import index
from typing import Any, BinaryIO, Final

from tidegate.core.errors import SourceError

_HEAD: Final = 1 << 16
_BLOCK: Final = 1 << 20
_GZIP: Final = 2
_GZIP_MAGIC: Final = b"\x1f\x8b"


@dataclass(frozen=True)
class _Chunk:
    """A column of a row group: where it lies, and what the footer says of it."""

    group: int
    column: str
    codec: int
    start: int
    size: int


@dataclass(frozen=True)
class _Page:
    """What a page's header says of its body: sizes in bytes, levels included."""

    compressed: int
    uncompressed: int
    crc: int | None
    levels: int
    is_compressed: bool


def check_pages(file: BinaryIO, columns: set[str], *, where: str) -> None:
    """Check the lengths of these columns, and compare their pages with their checksums.

    A page whose header cannot be read is left to pyarrow, which refuses it.

    Args:
        file: The whole file.
        columns: The columns that are going to be read; none of them is nested.
        where: Its name, for messages.

    Raises:
        SourceError: a column is too short; or a page differs from its checksum, or has several gzip
            members.
        OSError: the file is encrypted.
    """
    for chunk in _chunks(file, columns, where):
        for number, fault in _faults(_pages(file, chunk)):
            raise SourceError(
                f"{where}: column {chunk.column!r}, row group {chunk.group}, page {number}: {fault}"
            )


def _chunks(file: BinaryIO, columns: set[str], where: str) -> list[_Chunk]:
    file.seek(-8, 2)
    size = int.from_bytes(file.read(4), "little")
    file.seek(-8 - size, 2)
    try:
        footer, _ = _struct(file.read(size), 0)
        if 8 in footer:
            raise OSError("it has encrypted columns")
        found = []
        for number, group in enumerate(footer[4], start=1):
            lacking = set(columns)
            for column in group[1]:
                about = column[3]
                name = b".".join(about[3]).decode()
                if name not in columns or about[5] != group[3]:
                    continue
                lacking.discard(name)
                start = index(min(about.get(11) or about[9], about[9]))
                found.append(_Chunk(number, name, about[4], start, index(about[7])))
            if lacking:
                raise SourceError(
                    f"{where}: row group {number} of {group[3]:,} rows has fewer values of column "
                    f"{min(lacking)!r}; write the file again"
                )
    except (KeyError, IndexError, TypeError, ValueError, RecursionError):
        raise SourceError(
            f"{where} is not a whole Parquet file: its footer cannot be read; write it again"
        ) from None
    return found


def _pages(file: BinaryIO, chunk: _Chunk) -> Iterator[tuple[_Page, bytes]]:
    """The header and the body of each page; none if they have nothing to check."""
    file.seek(max(chunk.start, 0))
    left, held, at = chunk.size, b"", 0
    while left > 0 or at < len(held):
        if left > 0 and len(held) - at < _HEAD:
            read = file.read(min(_BLOCK, left))
            left = left - len(read) if read else 0
            held, at = held[at:] + read, 0
        page, begin = _page(held, at)
        if page is None or (page.crc is None and chunk.codec != _GZIP):
            return
        end = begin + page.compressed
        if end > len(held) and left > 0:
            read = file.read(min(end - len(held), left))
            left = left - len(read) if read else 0
            held += read
        yield page, held[begin:end]
        at = end


def _faults(pages: Iterable[tuple[_Page, bytes]]) -> Iterator[tuple[int, str]]:
    for number, (page, body) in enumerate(pages, start=1):
        if page.crc is not None and zlib.crc32(body) != page.crc & 0xFFFFFFFF:
            yield number, "it differs from its checksum, so it was damaged; copy or write it again"
        packed = body[page.levels :]
        # A gzip member ends with the size of what it holds.
        whole = (page.uncompressed - page.levels) & 0xFFFFFFFF
        if (
            page.is_compressed
            and packed.startswith(_GZIP_MAGIC)
            and int.from_bytes(packed[-4:], "little") != whole
        ):
            fault = "it has several gzip members, which this pyarrow misreads; pyarrow 14 or later "
            yield number, fault + "reads them, or write it again with another compression"


def _page(data: bytes, at: int) -> tuple[_Page | None, int]:
    """The header at `at`, and where it ends; None if it is none."""
    try:
        fields, end = _struct(data, at)
        v2 = fields.get(8, {})
        levels = v2.get(5, 0) + v2.get(6, 0)
        # A field of another kind than it should be is no number.
        compressed, uncompressed, levels = map(index, (fields[3], fields[2], levels))
        crc = None if 4 not in fields else index(fields[4])
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError):
        return None, at
    if min(compressed, uncompressed, levels) < 0:
        return None, at
    return _Page(compressed, uncompressed, crc, levels, bool(v2.get(7, True))), end


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise ValueError("no varint")


def _struct(data: bytes, at: int) -> tuple[dict[int, Any], int]:
    """The fields of a struct by their numbers, and where it ends."""
    fields: dict[int, Any] = {}
    number = 0
    while True:
        head, at = data[at], at + 1
        if head == 0:
            return fields, at
        if head >> 4:
            number += head >> 4
        else:
            raw, at = _varint(data, at)
            number = (raw >> 1) ^ -(raw & 1)
        kind = head & 0x0F
        # A field's boolean is its kind; an element's is a byte.
        fields[number], at = (kind == 1, at) if kind in (1, 2) else _value(kind, data, at)


def _value(kind: int, data: bytes, at: int) -> tuple[Any, int]:
    if kind in (1, 2, 3):  # a byte
        return data[at], at + 1
    if kind in (4, 5, 6):  # i16, i32, i64
        raw, at = _varint(data, at)
        return (raw >> 1) ^ -(raw & 1), at
    if kind == 7:  # a double
        return None, at + 8
    if kind == 8:  # bytes
        size, at = _varint(data, at)
        return data[at : at + size], at + size
    if kind in (9, 10):  # a list, a set
        return _list(data, at)
    if kind == 12:
        return _struct(data, at)
    # Parquet has no maps.
    raise ValueError(f"kind {kind}")


def _list(data: bytes, at: int) -> tuple[list[Any], int]:
    head, at = data[at], at + 1
    size, kind = head >> 4, head & 0x0F
    if size == 15:
        size, at = _varint(data, at)
    if size > len(data):
        raise ValueError("a list longer than the data")
    values = []
    for _ in range(size):
        value, at = _value(kind, data, at)
        values.append(value)
    return values, at
