"""What a person sees in a terminal: colours where there is one, tables, and progress."""

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
from tidegate.core.verdict import Finding

#: The width of a table in a file or a log, and the least in a terminal, in columns.
_WIDTH: Final = 200
_LEAST: Final = 60
_BETWEEN: Final = "  "
_EVERY: Final = 0.2


@dataclass(frozen=True)
class Ink:
    """Writes words in colour, or plainly."""

    coloured: bool

    def red(self, text: str) -> str:
        """What holds or fails."""
        return self._in("31", text)

    def yellow(self, text: str) -> str:
        """What warns."""
        return self._in("33", text)

    def green(self, text: str) -> str:
        """What passes."""
        return self._in("32", text)

    def bold(self, text: str) -> str:
        """A title."""
        return self._in("1", text)

    def dim(self, text: str) -> str:
        """What matters less."""
        return self._in("2", text)

    def _in(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.coloured and text else text


def out() -> Ink:
    """For stdout."""
    return Ink(_coloured(sys.stdout))


def err() -> Ink:
    """For stderr."""
    return Ink(_coloured(sys.stderr))


def _coloured(stream: TextIO) -> bool:
    # https://no-color.org: any value that is not empty.
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width() -> int:
    """How many columns a line may have: the terminal's, or `COLUMNS`, or 200."""
    return max(_LEAST, shutil.get_terminal_size((_WIDTH, 24)).columns)


def table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    align: str,
    ink: Ink,
    limit: int | None = None,
) -> list[str]:
    """Lines of aligned columns; the last is cut where a line would be longer than `limit`.

    Args:
        header: The names of the columns.
        rows: As many texts each.
        align: `l` or `r` for each column.
        ink: Colours the header.
        limit: In columns of the terminal; none by default.
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
    """How many columns of a terminal a text takes: wide characters two, combining ones none."""
    return sum(
        0
        if unicodedata.combining(c) or unicodedata.category(c) in ("Cf", "Me", "Mn")
        else 2
        if unicodedata.east_asian_width(c) in "WF"
        else 1
        for c in text
    )


def cut(text: str, limit: int) -> str:
    """A text in at most `limit` columns, its end left out where it is longer."""
    if cells(text) <= limit:
        return text
    kept = ""
    for c in text:
        if cells(kept + c) >= limit:
            break
        kept += c
    return kept + "\u2026"


def _pad(text: str, to: int, side: Literal["l", "r"]) -> str:
    blanks = " " * (to - cells(text))
    return text + blanks if side == "l" else blanks + text


def clean(text: str) -> str:
    """A text of one line without control characters, which could do anything to a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else "\ufffd" for c in " ".join(text.split()))


def findings(title: str, found: Sequence[Finding], colour: Callable[[str], str]) -> list[str]:
    """Lines with a title and a finding each; none where nothing was found."""
    if not found:
        return []
    width = max(cells(f.code) for f in found)
    return ["", title, *(f"  {colour(f.code.ljust(width))}  {clean(f.message)}" for f in found)]


class Progress:
    """One line on stderr: rewritten in a terminal, else written once at the end."""

    def __init__(self) -> None:
        """Write nothing yet."""
        self._live = sys.stderr.isatty()
        self._shown = 0
        self._at = 0.0

    def __call__(self, text: str) -> None:
        """Say how far it is."""
        if self._live and time.monotonic() - self._at >= _EVERY:
            self._write(text)
            self._at = time.monotonic()

    def done(self, text: str) -> None:
        """Say how it ended, and go to the next line."""
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
    """Send what is still to be written to stdout nowhere."""
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def note(text: str) -> None:
    """Say on stderr what a person should know of how a result came about."""
    print(err().dim(clean(text)), file=sys.stderr)
