"""Parse spans and versions from object names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from tidegate.core.errors import ContractError
from tidegate.core.spans import _SPAN

_FIELDS: Final = {
    "YYYY": r"\d{4}",
    "MM": r"0[1-9]|1[0-2]",
    "DD": r"0[1-9]|[12]\d|3[01]",
    "HH": r"[01]\d|2[0-3]",
    "SPAN": r"\d{1,18}",
    "VERSION": r"\d{1,18}",
}
#: The fields that are whole numbers and may be given a width: {SPAN:06}.
_COUNTERS: Final = ("SPAN", "VERSION")
#: The fields that must occur together in a pattern: a day without its month means nothing.
_SHAPES: Final = {
    ("YYYY",): "{YYYY}",
    ("YYYY", "MM"): "{YYYY}-{MM}",
    ("YYYY", "MM", "DD"): "{YYYY}-{MM}-{DD}",
    ("YYYY", "MM", "DD", "HH"): "{YYYY}-{MM}-{DD}T{HH}",
    ("SPAN",): "{SPAN}",
}
_TOKEN: Final = re.compile(r"\{([^{}]*)\}|([{}])|([*?])|([^{}*?]+)")


@dataclass(frozen=True)
class Located:
    """An object's span and its version (0 without versions)."""

    span: str
    version: int


class SpanPattern:
    """An object name with placeholders for the span.

    `{YYYY}`, `{MM}`, `{DD}`, `{HH}` mean two or four digits of a UTC time, `{SPAN}` a whole number,
    `{VERSION}` the number of a delivery of the span; `{SPAN:06}` and `{VERSION:03}` exactly that
    many digits. `*` and `?` match any text and one character within a name, never a `/`. A
    placeholder may occur twice and then has the same value in both places.

    Attributes:
        root: The directory (or URI) up to the last `/` before the first placeholder or wildcard;
            `.` if there is none.
        prefix: The beginning of all objects' names, relative to `root`.
        shape: The form of spans of this pattern, e.g. `{YYYY}-{MM}`.
        versioned: Whether it has a `{VERSION}`.
    """

    def __init__(self, pattern: str) -> None:
        """Parse a pattern.

        Raises:
            ContractError: a placeholder is unknown, none is there, or a larger unit is missing.
        """
        self.pattern = pattern
        literal = re.split(r"[{}*?]", pattern, maxsplit=1)[0]
        cut = literal.rfind("/") + 1
        self.root = (pattern[:cut].rstrip("/") or "/") if cut else "."
        self.prefix = literal[cut:]
        fields: dict[str, str] = {}
        regex = before = ""
        for token in _TOKEN.finditer(pattern[cut:]):
            inside, brace, wild, text = token.groups()
            if brace:
                raise ContractError(f"source.uri {pattern!r} has a {brace!r} without its pair")
            if inside is not None:
                field, digits = self._field(inside)
                if fields.setdefault(field, digits) != digits:
                    raise ContractError(
                        f"source.uri {pattern!r} gives {field} two widths; write it the same twice"
                    )
                if before in _COUNTERS and _FIELDS[before] == fields[before]:
                    raise ContractError(
                        f"source.uri {pattern!r}: nothing shows where {before} ends and {field} "
                        f"begins; give it a width, as in {{{before}:03}}"
                    )
                named = f"(?P<{field}>" in regex
                regex += f"(?P={field})" if named else f"(?P<{field}>{digits})"
            elif wild:
                regex += "[^/]*" if wild == "*" else "[^/]"
            else:
                regex += re.escape(text)
            before = "" if inside is None else field
        self.versioned = "VERSION" in fields
        shape = _SHAPES.get(tuple(f for f in _FIELDS if f in fields and f != "VERSION"))
        if shape is None:
            raise ContractError(
                f"source.uri {pattern!r} does not say where the span stands; "
                f"use one of: {', '.join(_SHAPES.values())}"
            )
        self.shape = shape
        self._regex = re.compile(regex, re.ASCII | re.DOTALL)

    def _field(self, inside: str) -> tuple[str, str]:
        field, colon, width = inside.partition(":")
        if field not in _FIELDS:
            known = ", ".join(f"{{{f}}}" for f in _FIELDS)
            raise ContractError(
                f"source.uri {self.pattern!r}: {{{inside}}} is no placeholder; there are {known}"
            )
        if not colon:
            return field, _FIELDS[field]
        if field not in _COUNTERS or not re.fullmatch(r"0?([1-9]|1[0-8])", width, re.ASCII):
            raise ContractError(
                f"source.uri {self.pattern!r}: {{{inside}}} is no width; SPAN and VERSION may have "
                "one of 1 to 18 digits, as in {SPAN:06}"
            )
        return field, rf"\d{{{int(width)}}}"

    def match(self, name: str) -> str | None:
        """The span of an object; None if its name does not match.

        Args:
            name: Its name relative to `root`.
        """
        located = self.locate(name)
        return located.span if located else None

    def locate(self, name: str) -> Located | None:
        """An object's span and version; None if its name does not match.

        Args:
            name: Its name relative to `root`.
        """
        found = self._regex.fullmatch(name)
        if found is None:
            return None
        fields = found.groupdict()
        version = int(fields.get("VERSION", 0))
        if "SPAN" in fields:
            return Located(str(int(fields["SPAN"])), version)
        try:
            date(int(fields["YYYY"]), int(fields.get("MM", 1)), int(fields.get("DD", 1)))
        except ValueError:
            return None
        return Located(self.shape.format(**fields), version)

    def ordinal(self, span: str) -> int:
        """The number of a span; consecutive spans have consecutive numbers.

        Raises:
            ContractError: it is not a span of this pattern's form.
        """
        parts = [int(part) for part in re.split("[-T]", span)] if _SPAN.fullmatch(span) else []
        if self.shape == "{SPAN}" and len(parts) == 1:
            return parts[0]
        try:
            # Years have four digits; the regular expression checks that for all other shapes.
            if len(parts) != self._units or (len(parts) == 1 and len(span) != len("2013")):
                raise ValueError
            year, month, day, hour = parts + [0, 1, 1, 0][len(parts) :]
            return self.ordinal_at(datetime(year, month, day, hour))
        except ValueError:
            raise ContractError(
                f"{span!r} is not a span of {self.pattern!r}, where one is written as {self.shape}"
            ) from None

    def ordinal_at(self, moment: datetime) -> int:
        """The number of the span that contains a moment.

        The moment is in UTC. Not for `{SPAN}`.

        Raises:
            ContractError: the spans of this pattern are no times.
        """
        day = moment.date().toordinal()
        numbers = [moment.year, moment.year * 12 + moment.month - 1, day, day * 24 + moment.hour]
        if self.shape == "{SPAN}":
            raise ContractError(
                f"the spans of {self.pattern!r} are numbers and no times; give a span, a range or "
                "last:N instead of an interval"
            )
        return numbers[self._units - 1]

    def begins(self, moment: datetime) -> bool:
        """Whether a span begins exactly at this moment.

        The moment is in UTC. Not for `{SPAN}`.
        """
        rest = (moment.month - 1, moment.day - 1, moment.hour)[self._units - 1 :]
        return not any((*rest, moment.minute, moment.second, moment.microsecond))

    def span_at(self, ordinal: int) -> str:
        """The span of a number; the inverse of `ordinal`."""
        if self.shape == "{SPAN}":
            return str(ordinal)
        if self._units == 1:
            return f"{ordinal:04}"
        if self._units == 2:
            return f"{ordinal // 12:04}-{ordinal % 12 + 1:02}"
        if self._units == 3:
            return date.fromordinal(ordinal).isoformat()
        return f"{date.fromordinal(ordinal // 24).isoformat()}T{ordinal % 24:02}"

    def period(self, first: str, last: str) -> tuple[datetime, datetime] | None:
        """Beginning and end of a range of spans.

        Returns:
            In UTC, without a zone; the end is exclusive. None if spans are no times.

        Raises:
            ContractError: one is not a span of this pattern's form.
        """
        if self.shape == "{SPAN}":
            return None
        return self._begin(self.ordinal(first)), self._begin(self.ordinal(last) + 1)

    def _begin(self, ordinal: int) -> datetime:
        if ordinal > self.ordinal_at(datetime.max):
            return datetime.max
        if self._units == 1:
            return datetime(ordinal, 1, 1)
        if self._units == 2:
            return datetime(ordinal // 12, ordinal % 12 + 1, 1)
        days, hour = (ordinal, 0) if self._units == 3 else divmod(ordinal, 24)
        return datetime.combine(date.fromordinal(days), datetime.min.time()).replace(hour=hour)

    @property
    def _units(self) -> int:
        return self.shape.count("{")
