"""Find the layout of a CSV object: its column names, and where its rows begin."""

from __future__ import annotations

import csv as text_csv
import io
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tidegate.contract import Contract
from tidegate.core.errors import SourceError
from tidegate.data.sources.objects import SourceObject, check_columns
from tidegate.data.times import is_time

#: How many rows are looked at to check the layout.
_SAMPLED: Final = 50
_DELIMITERS: Final = {";": "';'", "\t": "a tab", "|": "'|'", ",": "','"}
#: How Excel names the delimiter in a first line of its own.
_SEP: Final = re.compile(r"sep=(.)", re.IGNORECASE)
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_DAY: Final = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}", re.ASCII)


@dataclass(frozen=True)
class Layout:
    """The layout of one object.

    Attributes:
        names: The columns, in the order of the object.
        trailing: Whether a delimiter ends every row, so that an empty field follows it.
        skipped: The bytes before the first row, as UTF-8 without a byte order mark.
        lines: The lines before the first row.
    """

    names: tuple[str, ...]
    trailing: bool
    skipped: int
    lines: int

    @property
    def fields(self) -> tuple[str, ...]:
        """A name for every field of a row, the empty last one included."""
        return (*self.names, "") if self.trailing else self.names


def dialect(contract: Contract, delimiter: str | None = None) -> dict[str, Any]:
    """The options of `csv.reader` for a contract's source."""
    source = contract.source
    return {
        "delimiter": delimiter or source.delimiter,
        "quotechar": source.quote,
        "quoting": text_csv.QUOTE_NONE if source.quote is None else text_csv.QUOTE_MINIMAL,
        "escapechar": source.escape,
    }


def find_layout(file: Any, item: SourceObject, contract: Contract) -> Layout | None:
    """Read the beginning of an object.

    Args:
        file: A stream of UTF-8.
        item: The object.
        contract: The contract, which describes how the object is written.

    Returns:
        None for an object without any text.

    Raises:
        SourceError: the contract describes the object in a way that its first rows contradict;
            names the option.
    """
    source, seen = contract.source, list[str]()
    lines = recorded(io.TextIOWrapper(file, "utf-8-sig", newline=""), seen)
    for _ in range(source.skip_lines):
        next(lines, None)
    first = next(lines, None)
    if first is None:
        return None
    if (named := _SEP.fullmatch(first.strip())) and source.skip_lines == 0:
        _check_delimiter(named[1], item, contract)
    else:
        lines = itertools.chain([first], lines)
    rows = text_csv.reader(lines, **dialect(contract))
    before = len(seen) - (named is None)
    if isinstance(source.header, tuple):
        names, at = list(source.header), before
    else:
        names, at = next((row for row in rows if row), []), 0
        at = len(seen)
        if not names:
            return None
    sample = _sample(rows)
    if source.header is None:
        _check(names, sample, seen[before:], before, item, contract)
    trailing = _is_trailing(names, sample, named=isinstance(source.header, tuple))
    if trailing and not names[-1]:
        names = names[:-1]
    check_columns(names, where=item.label)
    return Layout(tuple(names), trailing, len("".join(seen[:at]).encode()), at)


def recorded(lines: Iterable[str], seen: list[str]) -> Iterator[str]:
    """Yield lines, and append each to `seen`."""
    for line in lines:
        seen.append(line)
        yield line


def _sample(rows: Iterator[list[str]]) -> list[list[str]]:
    sample: list[list[str]] = []
    try:
        for row in rows:
            if row:
                sample.append(row)
            if len(sample) == _SAMPLED:
                break
    except (text_csv.Error, UnicodeError):
        # Whoever reads all rows finds the fault again and gives its line.
        pass
    return sample


def _is_trailing(names: Sequence[str], sample: Sequence[Sequence[str]], *, named: bool) -> bool:
    width = len(names) if len(names) > 1 and not names[-1] and not named else len(names) + 1
    if any(len(row) != width or row[-1] for row in sample):
        return False
    return bool(sample) or width == len(names)


def _check(
    names: Sequence[str],
    sample: Sequence[Sequence[str]],
    lines: Sequence[str],
    before: int,
    item: SourceObject,
    contract: Contract,
) -> None:
    """Refuse what is likely to be read wrongly, and name the option."""
    if "delimiter" not in contract.source.model_fields_set and len(names) == 1:
        for other in _DELIMITERS:
            rows = [row for row in text_csv.reader(lines, **dialect(contract, other)) if row]
            if len(rows) > 1 and {len(row) for row in rows} == {len(rows[0])} != {1}:
                _check_delimiter(other, item, contract)
    widths = {len(row) for row in sample}
    if len(widths) == 1 and (width := widths.pop()) > 1 and len(names) == 1:
        comment = "a comment" if names[0].startswith(("#", "%", "//")) else "a title"
        raise SourceError(
            f"{item.label}:{before + 1}: one field, {names[0][:60]!r}, where the next rows have "
            f"{width}: if it is {comment}, leave it out with --skip-lines {before + 1} "
            "(contract: source.skip_lines)"
        )
    if looks := _like_data(names, sample):
        raise SourceError(
            f"{item.label}:{before + 1}: the column names look like a row of data "
            f"({', '.join(map(repr, looks[:3]))}); if the file has no column names, give them with "
            "--header NAME,NAME,... (contract: source.header: [names]); if it has, confirm it with "
            "--header first_row"
        )


def _check_delimiter(found: str, item: SourceObject, contract: Contract) -> None:
    if found == contract.source.delimiter:
        return
    raise SourceError(
        f"{item.label}:1: its fields seem to be separated by {_called(found)}, and it is read with "
        f"{_called(contract.source.delimiter)}; give --delimiter {_shell(found)} (contract: "
        "source.delimiter), or the one that is right"
    )


def _called(delimiter: str) -> str:
    return _DELIMITERS.get(delimiter, repr(delimiter))


def _shell(character: str) -> str:
    return "$'\\t'" if character == "\t" else f"'{character}'"


def _like_data(names: Sequence[str], sample: Sequence[Sequence[str]]) -> list[str]:
    """The names that look like values of their own columns.

    Empty where another column of numbers or times has a real name, or the names are years or
    numbers of columns.
    """
    found: list[str] = []
    for name, column in zip(names, itertools.zip_longest(*sample, fillvalue=""), strict=False):
        kinds = {_kind(value) for value in column if value}
        kind = kinds.pop() if len(kinds) == 1 else ""
        if kind and name:
            if _kind(name) != kind:
                return []
            found.append(name)
    return [] if _are_numbers_of_columns(found) else found


def _are_numbers_of_columns(names: Sequence[str]) -> bool:
    if not all(name.isdecimal() for name in names):
        return False
    numbers = [int(name) for name in names]
    steps = {b - a for a, b in itertools.pairwise(numbers)}
    return len(steps) == 1 or (len(numbers) == 1 and (numbers[0] < 2 or 1800 < numbers[0] < 2200))


def _kind(text: str) -> str:
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return "number"
    return "time" if is_time(text) or _DAY.fullmatch(text) else ""
