"""Find the line of a fault in CSV with a line-counting parser."""

from __future__ import annotations

import codecs
import csv as text_csv
import io
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from tidegate.contract import Contract
from tidegate.core.errors import SourceError
from tidegate.data.sources.csv_layout import Layout, dialect, recorded
from tidegate.data.sources.objects import SourceObject, one_line
from tidegate.data.sources.quarantine import BadRecords
from tidegate.data.sources.streams import READ_ERRORS, open_stream
from tidegate.platform.storage import Store


def open_text(store: Store, item: SourceObject, contract: Contract) -> Any:
    """Open an object as a stream of UTF-8."""
    return open_stream(store, item, contract.source.encoding)


def set_aside(
    store: Store,
    item: SourceObject,
    contract: Contract,
    layout: Layout,
    ragged: int,
    unfit: dict[int, str],
    bad: BadRecords,
) -> None:
    """Find the lines of bad rows, and add them to `bad`.

    Args:
        store: The store of the object.
        item: The object.
        contract: The contract, which describes how the object is written.
        layout: Its layout.
        ragged: The number of rows of another width that Arrow's parser found.
        unfit: The reason for a bad row, by its place among the rows of the right width.
        bad: The collector of bad records.

    Raises:
        SourceError: the two parsers do not agree on the rows; nothing is guessed then.
    """
    place = found = 0
    width = len(layout.fields)
    with located(store, item, contract, None):
        for line, row, raw in _rows(store, item, contract, layout):
            if len(row) != width:
                found += 1
                bad.add(item.label, line, _ragged(width, row), raw.encode())
            else:
                if place in unfit:
                    bad.add(item.label, line, unfit[place], raw.encode())
                place += 1
    if found != ragged or any(row >= place for row in unfit):
        raise SourceError(
            f"{item.label}: its bad rows cannot be told from the good ones with certainty; is a "
            "quotation mark unclosed?"
        )


def lines_of(
    store: Store, item: SourceObject, contract: Contract, layout: Layout, places: Collection[int]
) -> dict[int, int]:
    """The line of each place among the rows of the right width."""
    wanted, found, place = set(places), dict[int, int](), 0
    with located(store, item, contract, None):
        for line, row, _ in _rows(store, item, contract, layout):
            if len(row) == len(layout.fields):
                if place in wanted:
                    found[place] = line
                    if len(found) == len(wanted):
                        break
                place += 1
    return found


def _rows(
    store: Store, item: SourceObject, contract: Contract, layout: Layout | None
) -> Iterator[tuple[int, list[str], str]]:
    """The rows of an object with their line and text; from its first line without a layout."""
    seen: list[str] = []
    with open_text(store, item, contract) as file:
        text = io.TextIOWrapper(file, "utf-8-sig", newline="")
        before = 0 if layout is None else layout.lines
        for _ in range(before):
            next(text)
        rows = text_csv.reader(recorded(text, seen), **dialect(contract))
        start = before + 1
        for row in rows:
            if row:
                yield start, row, "".join(seen)
            seen.clear()
            start = before + rows.line_num + 1


def _ragged(expected: int, row: list[str]) -> str:
    message = f"expected {expected} columns, found {len(row)}"
    if row[0].startswith("#"):
        return message + "; is it a comment? take it out of the data"
    if len(row) == expected + 1 and not row[-1]:
        return message + ", the last one empty; end all rows with a delimiter, or none"
    return message


@contextmanager
def located(
    store: Store,
    item: SourceObject,
    contract: Contract,
    layout: Layout | None,
    *,
    block_size: int | None = None,
) -> Iterator[None]:
    """Turn a parser's error into one line with its place.

    Args:
        store: The store of the object.
        item: The object.
        contract: The contract, which describes how the object is written.
        layout: Its layout; None if it is not known yet.
        block_size: The bytes parsed at a time, if a longer row is a fault.
    """
    try:
        yield
    except UnicodeError:
        message = _bad_text(store, item, contract)
        message = message or f"{item.label} is not {contract.source.encoding} text"
        raise SourceError(message) from None
    except READ_ERRORS as error:
        raise SourceError(f"{item.label} cannot be read: {one_line(error)}") from None
    except (pa.ArrowException, text_csv.Error) as error:
        found = _bad_text(store, item, contract)
        found = found or _bad_row(store, item, contract, layout, block_size)
        raise SourceError(found or f"{item.label} is not valid CSV: {one_line(error)}") from None


def _bad_text(store: Store, item: SourceObject, contract: Contract) -> str | None:
    encoding = contract.source.encoding
    if encoding != "utf-8":
        return _bad_encoded(store, item, encoding)
    with open_text(store, item, contract) as file:
        for number, line in enumerate(io.BufferedReader(file), start=1):
            if number == 1 and line[:2] in (b"\xff\xfe", b"\xfe\xff"):
                return (
                    f"{item.label} is UTF-16; save it as UTF-8, or give --encoding utf-16 "
                    "(contract: source.encoding)"
                )
            try:
                line.decode()
            except UnicodeDecodeError as error:
                return (
                    f"{item.label}:{number}: byte {error.start + 1} (0x{line[error.start]:02x}) "
                    "is not UTF-8; save the file as UTF-8, or give its --encoding "
                    "(contract: source.encoding)"
                )
    return None


def _bad_encoded(store: Store, item: SourceObject, encoding: str) -> str | None:
    number, decoder = 1, codecs.getincrementaldecoder(encoding)()
    with open_stream(store, item) as file:
        try:
            while chunk := file.read(1 << 16):
                number += decoder.decode(chunk).count("\n")
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            number += error.object[: error.start].decode(encoding, "ignore").count("\n")
            return f"{item.label}, about line {number}, is not {encoding} text: {one_line(error)}"
    return None


def _bad_row(
    store: Store,
    item: SourceObject,
    contract: Contract,
    layout: Layout | None,
    block_size: int | None,
) -> str | None:
    """Describe the first bad row."""
    line, longest, longest_line = 1, 0, 1
    try:
        for line, row, raw in _rows(store, item, contract, layout):
            if layout is not None and len(row) != (width := len(layout.fields)):
                message = f"{item.label}:{line}: {_ragged(width, row)}"
                if (lines := len(raw.splitlines())) > 1:
                    message += f"; its quotation marks span {lines} lines: is one unclosed?"
                return message
            if (length := sum(map(len, row))) > longest:
                longest, longest_line = length, line
    except text_csv.Error:
        return f"{item.label}:{line}: a quotation mark is not closed, or a field is too long"
    if block_size is not None and longest > block_size // 2:
        return f"{item.label}:{longest_line}: a row of {longest:,} characters is too long"
    return None
