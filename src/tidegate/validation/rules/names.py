"""Bind the names in a rule's SQL to columns exactly.

DuckDB does not tell `amount` from `Amount`: it renames the second in a table, and binds either
spelling to the first. Here columns whose names differ in case only get names of their own in SQL,
and the names in a rule are replaced by them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import duckdb

from tidegate.core.text import listing
from tidegate.data.duckdb import quoted


class UnboundNameError(Exception):
    """A name that could mean another column than it says; its text is one line."""


class _Name(NamedTuple):
    """An identifier of a text in SQL: its place in bytes, and whether it is in quotes."""

    start: int
    end: int
    text: str
    in_quotes: bool


def fold(name: str) -> str:
    """The name as DuckDB compares it: ASCII letters in lower case, others as they are."""
    return "".join(c.lower() if c.isascii() else c for c in name)


def sql_names(columns: Sequence[str]) -> dict[str, str]:
    """Names in SQL by column: its own, or one of its own where another differs in case only."""
    alike = Counter(map(fold, columns))
    taken = set(alike)
    names = {}
    for number, column in enumerate(columns):
        name = column
        if alike[fold(column)] > 1:
            while fold(name) in taken:
                name = f"{name}_{number}"
            taken.add(fold(name))
        names[column] = name
    return names


def bound(sql: str, names: Mapping[str, str]) -> str:
    """Replace the names of columns in a text by their names in SQL.

    A name in quotes is exact. One without may differ in case where one column only can be meant.

    Args:
        sql: A text that DuckDB can parse.
        names: The names in SQL by column, from `sql_names`.

    Raises:
        UnboundNameError: a name is not exact where it must be.
    """
    alike: dict[str, list[str]] = {}
    for column in names:
        alike.setdefault(fold(column), []).append(column)
    raw = sql.encode()
    parts: list[bytes] = []
    done = 0
    for name in _names_of(raw):
        meant = alike.get(fold(name.text), [])
        if name.text not in names and (len(meant) > 1 or (meant and name.in_quotes)):
            raise UnboundNameError(
                f"it names {name.text!r}, and the data has {listing([repr(m) for m in meant])}: "
                "name the column as the data spells it"
            )
        found = names.get(name.text, name.text)
        if found != name.text:
            parts += [raw[done : name.start], quoted(found).encode()]
            done = name.end
    return b"".join([*parts, raw[done:]]).decode()


def mentioned(sql: str, columns: Sequence[str]) -> list[str]:
    """The columns that an SQL text names, in the text's order."""
    alike = {fold(c): c for c in reversed(columns)}
    exact = set(columns)
    try:
        texts = [n.text for n in _names_of(sql.encode())]
    except UnicodeEncodeError:
        return []
    found = (t if t in exact else alike.get(fold(t)) for t in texts)
    return list(dict.fromkeys(c for c in found if c is not None))


def _names_of(raw: bytes) -> Iterator[_Name]:
    tokens = duckdb.tokenize(raw.decode())
    ends = [*(start for start, _ in tokens[1:]), len(raw)]
    for (start, kind), end in zip(tokens, ends, strict=False):
        written = raw[start:end].decode().rstrip()
        # A column may have the name of a word of SQL: year.
        if kind not in (duckdb.token_type.identifier, duckdb.token_type.keyword):
            continue
        in_quotes = written.startswith('"')
        text = written[1:-1].replace('""', '"') if in_quotes else written
        yield _Name(start, start + len(written.encode()), text, in_quotes)
