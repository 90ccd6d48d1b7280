"""Write to a terminal: colours if supported, tables, progress."""

from __future__ import annotations

import os
import shutil
import sys
import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TextIO

from tidegate.core.errors import StorageError
from tidegate.core.verdict import Finding, in_few_lines

#: The width of a table in a file or a log, and the least width in a terminal, in columns.
_WIDTH: Final = 200
_LEAST: Final = 60
_BETWEEN: Final = "  "
_EVERY: Final = 0.2


@dataclass(frozen=True)
class Ink:
    """A writer of coloured or plain words."""

    coloured: bool

    def red(self, text: str) -> str:
        """Colour for holds and failures."""
        return self._in("31", text)

    def yellow(self, text: str) -> str:
        """Colour for warnings."""
        return self._in("33", text)

    def green(self, text: str) -> str:
        """Colour for passes."""
        return self._in("32", text)

    def bold(self, text: str) -> str:
        """Style for titles."""
        return self._in("1", text)

    def dim(self, text: str) -> str:
        """Style for minor details."""
        return self._in("2", text)

    def _in(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.coloured and text else text


def out() -> Ink:
    """The ink for stdout."""
    return Ink(_coloured(sys.stdout))


def err() -> Ink:
    """The ink for stderr."""
    return Ink(_coloured(sys.stderr))


def _coloured(stream: TextIO) -> bool:
    # https://no-color.org: any value that is not empty.
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width() -> int:
    """The width of a line: terminal, `COLUMNS`, or 200."""
    return max(_LEAST, shutil.get_terminal_size((_WIDTH, 24)).columns)


def table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    align: str,
    ink: Ink,
    limit: int | None = None,
) -> list[str]:
    """Format aligned columns; lines longer than `limit` are cut.

    Args:
        header: The names of the columns.
        rows: As many texts each.
        align: `l` or `r` for each column.
        ink: Colours the header.
        limit: The longest line, in columns of the terminal; none by default.
    """
    rows = [[clean(cell) for cell in row] for row in rows]
    widths = [max([cells(name), *(cells(row[i]) for row in rows)]) for i, name in enumerate(header)]
    lines = []
    for number, row in enumerate([list(header), *rows]):
        parts = [
            _pad(cell, widths[i], "l" if align[i] == "l" else "r") for i, cell in enumerate(row)
        ]
        line = _BETWEEN.join(parts).rstrip()
        line = line if limit is None else cut(line, limit)
        lines.append(ink.dim(line) if number == 0 else line)
    return lines


def cells(text: str) -> int:
    """The number of terminal columns a text takes.

    Wide characters take two, combining ones none.
    """
    return sum(
        0
        if unicodedata.combining(c) or unicodedata.category(c) in ("Cf", "Me", "Mn")
        else 2
        if unicodedata.east_asian_width(c) in "WF"
        else 1
        for c in text
    )


def cut(text: str, limit: int) -> str:
    """Shorten a text to at most `limit` columns at its end, between two words if it can be."""
    if cells(text) <= limit:
        return text
    kept = ""
    for c in text:
        if cells(kept + c) >= limit:
            break
        kept += c
    words = kept.rpartition(" ")[0]
    if 2 * len(words) > len(kept) and not text[len(kept)].isspace():
        kept = words
    return kept.rstrip(" ,;:(") + "\u2026"


def _pad(text: str, to: int, side: Literal["l", "r"]) -> str:
    blanks = " " * (to - cells(text))
    return text + blanks if side == "l" else blanks + text


def clean(text: str) -> str:
    """Remove line breaks and control characters, which could control a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else "\ufffd" for c in " ".join(text.split()))


def findings(title: str, found: Sequence[Finding], colour: Callable[[str], str]) -> list[str]:
    """Format a title and a line for each finding; empty without findings.

    Many of one kind share a line.
    """
    if not found:
        return []
    found = in_few_lines(found)
    width = max(cells(f.code) for f in found)
    return ["", title, *(f"  {colour(f.code.ljust(width))}  {clean(f.message)}" for f in found)]


class Progress:
    """A progress line on stderr.

    It is rewritten in a terminal, otherwise written once at the end.
    """

    def __init__(self) -> None:
        """Create it without writing anything."""
        self._live = sys.stderr.isatty()
        self._shown = 0
        self._at = 0.0

    def __call__(self, text: str) -> None:
        """Show the current progress."""
        if self._live and time.monotonic() - self._at >= _EVERY:
            self._write(text)
            self._at = time.monotonic()

    def done(self, text: str) -> None:
        """Show the result, and go to the next line."""
        if self._live:
            self._write(text)
            sys.stderr.write("\n")
        else:
            print(text, file=sys.stderr)
        sys.stderr.flush()
        self._shown = 0

    def _write(self, text: str) -> None:
        line = cut(clean(text), width() - 1)
        sys.stderr.write("\r" + line + " " * max(0, self._shown - cells(line)))
        sys.stderr.flush()
        self._shown = cells(line)


def write(text: str, to: Path | None) -> None:
    """Write a result to a file, or to stdout.

    Raises:
        StorageError: the file cannot be written.
    """
    if not text.endswith("\n"):
        text += "\n"
    if to is None:
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"cannot write {to}: {error}") from None
    print(f"wrote {to}", file=sys.stderr)


def drop_stdout() -> None:
    """Discard what is still to be written to stdout."""
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def note(text: str) -> None:
    """Print a note on how a result was obtained to stderr."""
    print(err().dim(clean(text)), file=sys.stderr)
