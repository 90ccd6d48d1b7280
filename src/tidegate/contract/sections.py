"""Sections of a contract: their keys and allowed values."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveInt,
    model_validator,
)

Fraction = Annotated[float, Field(ge=0, le=1)]
Column = Annotated[str, Field(min_length=1)]

#: The encodings of CSV files. UTF-16 is read by its byte order mark.
Encoding = Literal[
    "utf-8",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "latin-1",
    "iso8859-15",
    "cp437",
    "cp850",
    "cp1250",
    "cp1251",
    "cp1252",
    "gb18030",
    "shift_jis",
    "euc_kr",
]


#: A whole number and its unit: minutes, hours, days, weeks.
DURATION = r"^[1-9]\d{0,5}[mhdw]$"


class Section(BaseModel):
    """A strict section: only declared keys, and no coerced values."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Files(Section):
    """How the files of a source or a look-up are written."""

    format: Literal["csv", "jsonl", "parquet", "tfrecord"]
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = Field(
        ",", description="CSV only: the character between two fields."
    )
    null_values: tuple[str, ...] = Field(
        ("",), description="CSV only: the texts that mean a missing value, in any column."
    )
    quote: Annotated[str, Field(min_length=1, max_length=1)] | None = Field(
        '"', description="CSV only: the character around a field, itself doubled; null: none."
    )
    escape: Annotated[str, Field(min_length=1, max_length=1)] | None = Field(
        None, description="CSV only: the character that takes the next one's meaning away."
    )
    encoding: Encoding = Field("utf-8", description="CSV only: how its text is encoded.")
    skip_lines: Annotated[int, Field(ge=0, le=1000)] = Field(
        0, description="CSV only: the lines before the column names, such as a title or a comment."
    )
    header: Literal["first_row"] | tuple[Column, ...] | None = Field(
        None,
        description="CSV only: the column names of files that have none. first_row: the first row "
        "has them, even if it looks like data.",
    )
    thousands: Annotated[str, Field(pattern=r"^[,.' \u00a0\u202f]$")] | None = Field(
        None, description="CSV only: the character between thousands in numbers."
    )
    decimal: Literal[".", ","] = Field(
        ".", description="CSV only: the character before decimals in numbers."
    )

    @model_validator(mode="after")
    def _readable(self) -> Files:
        special = [c for c in (self.delimiter, self.quote, self.escape) if c is not None]
        if len(set(special)) != len(special):
            raise ValueError("delimiter, quote and escape must differ")
        if any(not c.isascii() or c in "\r\n\0" for c in special):
            raise ValueError("delimiter, quote and escape are ASCII characters, not line ends")
        if self.thousands == self.decimal:
            raise ValueError(f"thousands and decimal are both {self.decimal!r}")
        csv_only = {"quote", "escape", "encoding", "skip_lines", "header", "thousands", "decimal"}
        if self.format != "csv" and (given := csv_only & self.model_fields_set):
            raise ValueError(f"{quoted(given)} is for csv only; format is {self.format}")
        return self


class Source(Files):
    """Where the raw data lies and how it is written."""

    uri: str = Field(
        description="Object name pattern. {YYYY} {MM} {DD} {HH} or {SPAN} stand for the span, "
        "{VERSION} for a delivery of it (the highest is taken); {SPAN:06} has six digits; "
        "* and ? match within a name. Relative to the contract's own directory.",
        examples=["data/{YYYY}-{MM}/*.csv"],
    )
    bad_records: Literal["error", "quarantine"] = Field(
        "error",
        description="A record that cannot be read: an error, or set aside in the examples' "
        "quarantine.jsonl and counted. Not for Parquet, which has no such records.",
    )
    max_bad_records: Annotated[int, Field(ge=0)] | Annotated[float, Field(gt=0, lt=1)] = Field(
        0,
        description="How many records of a run may be set aside: a number, or a share below 1. "
        "More are an error.",
    )
    exclude_spans: tuple[str, ...] = Field(
        (),
        description="Spans and ranges of them (2013-05..2013-07) that no run takes and that are "
        "no gap where they lack.",
    )

    @model_validator(mode="after")
    def _usable(self) -> Source:
        if self.format == "parquet" and self.bad_records == "quarantine":
            raise ValueError("bad_records: quarantine is not for parquet; a file is good or is not")
        if self.bad_records == "error" and self.max_bad_records:
            raise ValueError("max_bad_records needs bad_records: quarantine")
        return self


class Join(Files):
    """A look-up table whose columns are added to every row; small enough for memory."""

    uri: str = Field(
        description="Object name; * and ? match within it. Relative to the contract's directory.",
        examples=["lookups/airports.csv"],
    )
    on: dict[Column, Column] | tuple[Column, ...] = Field(
        min_length=1,
        description="The data's columns and the look-up's that must agree, or columns of both. "
        "No two rows of the look-up may agree on them.",
        examples=[{"origin": "faa"}],
    )
    columns: tuple[Column, ...] = Field(min_length=1, description="The look-up's columns to add.")
    prefix: str = Field("", description="What the names of the added columns begin with.")
    unmatched: Annotated[
        Literal["error", "null", "drop"], BeforeValidator(lambda v: "null" if v is None else v)
    ] = Field("error", description="A row that finds no match: an error, no values, or dropped.")
    min_match: Fraction = Field(
        0.95, description="The share of rows that must find a match; fewer hold the span."
    )

    @property
    def left(self) -> tuple[str, ...]:
        """The data's columns."""
        return tuple(self.on)

    @property
    def right(self) -> tuple[str, ...]:
        """The look-up's columns, in the order of `left`."""
        return tuple(self.on.values()) if isinstance(self.on, dict) else self.on


class Features(Section):
    """Which columns a model may see, and as what. All but key, time and label by default."""

    exclude: tuple[Column, ...] = Field((), description="Columns no model may see.")
    categorical: tuple[Column, ...] = Field(
        (), description="Numbers that are names (a flight number): read as text."
    )
    numeric: tuple[Column, ...] = Field(
        (),
        description="Numbers that may have decimals, even if a span has none: read as float. "
        "A value that is no number is an error.",
    )

    @model_validator(mode="after")
    def _disjoint(self) -> Features:
        if both := set(self.categorical) & {*self.exclude, *self.numeric}:
            raise ValueError(f"{quoted(both)} is both categorical and excluded or numeric")
        return self


class Splits(Section):
    """How examples are divided, as weights."""

    train: PositiveInt = Field(8, description="Weight of the split a model learns from.")
    eval: PositiveInt = Field(2, description="Weight of the split a model is judged on.")
    by: str | None = Field(
        None,
        pattern=r"^(time|column\(\s*[^(),\s][^(),]*\)|"
        r"hash\(\s*[^(),\s][^(),]*(,\s*[^(),\s][^(),]*)*\))$",
        description="hash(column, ...): equal values never fall into two splits; the key by "
        "default, without one the whole row. time: eval is what happened last. column(name): its "
        "values are train or eval.",
        examples=["hash(flight_id)", "time"],
    )
    gap: str | None = Field(
        None,
        pattern=DURATION,
        description="by: time only: how much before the first of eval is dropped from train, "
        "in minutes, hours, days or weeks.",
        examples=["12h", "1d"],
    )

    @property
    def hash_columns(self) -> tuple[str, ...]:
        """The columns named in `by: hash(...)`.

        Empty if `by` has another form or is left to the key.
        """
        if self.by is None or not self.by.startswith("hash("):
            return ()
        return tuple(c.strip() for c in self.by[len("hash(") : -1].split(","))

    @property
    def column(self) -> str | None:
        """The column with each row's split; None without one."""
        if self.by is None or not self.by.startswith("column("):
            return None
        return self.by[len("column(") : -1].strip()

    @property
    def gap_duration(self) -> timedelta:
        """`gap` as a duration; zero if there is none."""
        return timedelta() if self.gap is None else duration(self.gap)

    @model_validator(mode="after")
    def _gap_in_time(self) -> Splits:
        if self.gap is not None and self.by != "time":
            raise ValueError("gap has a meaning with by: time only; remove it")
        return self


class ColumnFacts(Section):
    """What a person knows of a column and its values do not say."""

    unit: Annotated[str, Field(min_length=1)] | None = Field(
        None, description="What its numbers count, for reports: mile, minute, degree Fahrenheit."
    )


def quoted(names: set[str] | set[str | None]) -> str:
    """Format names for a message, sorted."""
    return ", ".join(repr(n) for n in sorted(n for n in names if n is not None))


def duration(text: str) -> timedelta:
    """Parse a text of the form `DURATION`."""
    minutes = {"m": 1, "h": 60, "d": 24 * 60, "w": 7 * 24 * 60}
    return timedelta(minutes=int(text[:-1]) * minutes[text[-1]])
