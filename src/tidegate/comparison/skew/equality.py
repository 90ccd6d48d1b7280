"""Build SQL conditions for the equality of two values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from tidegate.contract import Tolerance
from tidegate.data.sources.types import DOUBLE, INT, NULL, STRING, TIMESTAMP

Kind = Literal["number", "time", "text"]


@dataclass(frozen=True)
class Comparison:
    """The comparison of a training column `t` with a serving column `s`.

    Attributes:
        t: The training column in SQL.
        s: The serving column in SQL.
        kind: The type to which both are converted.
        a: `t` converted to `kind`; NULL where text is no number or time.
        b: `s` converted to `kind`.
        equal: A condition that is true for equal values and false for others; both are present.
        whole: Whether serving has whole numbers.
        mixed: Whether a side has text where the other has numbers or times.
        tolerance: The allowed difference of two numbers, in words; empty if there is none.
    """

    t: str
    s: str
    kind: Kind
    a: str
    b: str
    equal: str
    whole: bool = False
    mixed: bool = False
    tolerance: str = ""

    @property
    def mismatched(self) -> str:
        """A condition that is true where both values are present and differ.

        Otherwise it is false.
        """
        return f"({self.t} IS NOT NULL AND {self.s} IS NOT NULL AND NOT ({self.equal}))"

    @property
    def differs(self) -> str:
        """A condition that is true where values differ or one is missing.

        Otherwise it is false.
        """
        return f"(({self.t} IS NULL) <> ({self.s} IS NULL) OR {self.mismatched})"


def comparison(
    training: pa.DataType, serving: pa.DataType, tolerance: Tolerance, *, t: str, s: str
) -> Comparison:
    """Choose how values of two types are compared.

    Whole numbers are compared exactly; where either side has floats, the tolerance applies. NaN
    equals NaN, and an infinity equals itself only. Text in the place of numbers or times is parsed:
    the text type itself is schema skew, and a value that cannot be parsed differs.

    Args:
        training: The column's type in the training data.
        serving: Its type in the serving data.
        tolerance: The tolerance for floats.
        t: The training column in SQL.
        s: The serving column in SQL.
    """
    types = {training, serving}
    if NULL in types:
        # A side without any value: there is no pair in which both have one.
        return Comparison(t, s, "text", t, s, "true")
    if types <= {INT, DOUBLE, STRING} and types != {STRING}:
        a, b = _as(t, training, "DOUBLE"), _as(s, serving, "DOUBLE")
        if types == {INT}:
            return Comparison(t, s, "number", a, b, f"{t} = {s}", whole=True)
        equal = _near(a, b, tolerance)
        return Comparison(
            t, s, "number", a, b, equal, serving == INT, STRING in types, words(tolerance)
        )
    if TIMESTAMP in types and types <= {TIMESTAMP, STRING}:
        a, b = _as(t, training, "TIMESTAMP"), _as(s, serving, "TIMESTAMP")
        equal = f"coalesce({a} = {b}, false)"
        return Comparison(t, s, "time", a, b, equal, mixed=STRING in types)
    a, b = f"CAST({t} AS VARCHAR)", f"CAST({s} AS VARCHAR)"
    return Comparison(t, s, "text", a, b, f"{a} = {b}")


def key(type_: pa.DataType, other: pa.DataType, column: str) -> str:
    """A key column in SQL, comparable with the other side's column.

    It follows `tidegate.data.hashing.canonical`: 5, 5.0 and "5" are one key.
    """
    types = {type_, other}
    if len(types - {NULL}) <= 1:
        return column
    if types == {INT, DOUBLE}:
        return f"CAST({column} AS DOUBLE)"
    if types == {TIMESTAMP, STRING}:
        return _as(column, type_, "TIMESTAMP")
    if type_ == DOUBLE:
        return (
            f"CASE WHEN abs({column}) < 9e15 AND {column} = trunc({column}) "
            f"THEN CAST(CAST({column} AS BIGINT) AS VARCHAR) ELSE CAST({column} AS VARCHAR) END"
        )
    return f"CAST({column} AS VARCHAR)"


def words(tolerance: Tolerance) -> str:
    """Format a tolerance as text."""
    phrase = [f"{tolerance.relative:g} of the greater value"] if tolerance.relative else []
    phrase += [f"{tolerance.absolute:g}"] if tolerance.absolute else []
    return " or ".join(phrase) or "none"


def _as(column: str, type_: pa.DataType, wanted: str) -> str:
    return f"TRY_CAST({column} AS {wanted})" if type_ == STRING else f"CAST({column} AS {wanted})"


def _near(a: str, b: str, tolerance: Tolerance) -> str:
    # As Python's math.isclose. In DuckDB NaN equals NaN; the difference of infinities is undefined.
    allowed = (
        f"greatest({tolerance.absolute!r}, {tolerance.relative!r} * greatest(abs({a}), abs({b})))"
    )
    finite = f"isfinite({a}) AND isfinite({b}) AND abs({a} - {b}) <= {allowed}"
    return f"coalesce({a} = {b} OR ({finite}), false)"
