"""Spans: which period of data an object holds, read from its name."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from tidegate.errors import ContractError

_FIELDS: Final = {
    "YYYY": r"\d{4}",
    "MM": r"0[1-9]|1[0-2]",
    "DD": r"0[1-9]|[12]\d|3[01]",
    "HH": r"[01]\d|2[0-3]",
    "SPAN": r"\d{1,18}",
}
#: What must stand in a pattern together: a day without its month says nothing.
_SHAPES: Final = {
    ("YYYY",): "{YYYY}",
    ("YYYY", "MM"): "{YYYY}-{MM}",
    ("YYYY", "MM", "DD"): "{YYYY}-{MM}-{DD}",
    ("YYYY", "MM", "DD", "HH"): "{YYYY}-{MM}-{DD}T{HH}",
    ("SPAN",): "{SPAN}",
}
_TOKEN: Final = re.compile(r"\{([^{}]*)\}|([{}])|([*?])|([^{}*?]+)")


class SpanPattern:
    """An object name with placeholders for the span.

    `{YYYY}`, `{MM}`, `{DD}`, `{HH}` stand for two or four digits of a UTC time, `{SPAN}` for a
    whole number; `*` and `?` match any text and one character within a name, never a `/`. A
    placeholder may occur twice and then has the same value in both places.

    Attributes:
        root: The directory (or URI) up to the last `/` before the first placeholder or wildcard;
            `.` when there is none.
        prefix: What the names of all objects begin with, relative to `root`.
        shape: How spans of this pattern are written, e.g. `{YYYY}-{MM}`.
    """

    def __init__(self, pattern: str) -> None:
        """Read a pattern.

        Raises:
            ContractError: a placeholder is unknown, none is there, or a larger unit is missing.
        """
        self.pattern = pattern
        literal = re.split(r"[{}*?]", pattern, maxsplit=1)[0]
        cut = literal.rfind("/") + 1
        self.root = (pattern[:cut].rstrip("/") or "/") if cut else "."
        self.prefix = literal[cut:]
        fields: list[str] = []
        regex = ""
        for token in _TOKEN.finditer(pattern[cut:]):
            field, brace, wild, text = token.groups()
            if brace:
                raise ContractError(f"source.uri {pattern!r} has a {brace!r} without its pair")
            if field is not None and field not in _FIELDS:
                known = ", ".join(f"{{{f}}}" for f in _FIELDS)
                raise ContractError(
                    f"source.uri {pattern!r}: {{{field}}} is no placeholder; there are {known}"
                )
            if field in fields:
                regex += f"(?P={field})"
            elif field is not None:
                fields.append(field)
                regex += f"(?P<{field}>{_FIELDS[field]})"
            elif wild:
                regex += "[^/]*" if wild == "*" else "[^/]"
            else:
                regex += re.escape(text)
        shape = _SHAPES.get(tuple(f for f in _FIELDS if f in fields))
        if shape is None:
            raise ContractError(
                f"source.uri {pattern!r} does not say where the span stands; "
                f"use one of: {', '.join(_SHAPES.values())}"
            )
        self.shape = shape
        self._regex = re.compile(regex, re.ASCII | re.DOTALL)

    def match(self, name: str) -> str | None:
        """The span of an object, or None if its name does not fit.

        Args:
            name: Relative to `root`.
        """
        found = self._regex.fullmatch(name)
        if found is None:
            return None
        fields = found.groupdict()
        if "SPAN" in fields:
            return str(int(fields["SPAN"]))
        try:
            date(int(fields["YYYY"]), int(fields.get("MM", 1)), int(fields.get("DD", 1)))
        except ValueError:
            return None
        return self.shape.format(**fields)


def span_order(span: str) -> tuple[int, ...]:
    """A sort key that puts spans in the order of time; whole numbers by value, not by text.

    Raises:
        ContractError: the text is not a span.
    """
    if not re.fullmatch(r"\d{1,18}|\d{4}(-\d\d){1,2}|\d{4}-\d\d-\d\dT\d\d", span, re.ASCII):
        raise ContractError(
            f"{span!r} is not a span; spans look like 2013, 2013-02, 2013-02-07, 2013-02-07T05"
        )
    return tuple(int(part) for part in re.split("[-T]", span))
