"""The sections of a contract: what each key means and which values it may have."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)

from tidegate.contract.reading import nearest
from tidegate.severities import ALL_COLUMNS, ELSEWHERE, FIXED, SETTABLE, Severity

Task = Literal["binary", "multiclass", "regression"]
Fraction = Annotated[float, Field(ge=0, le=1)]
Column = Annotated[str, Field(min_length=1)]
Threshold = Literal["auto", "learned", "report"] | Annotated[float, Field(gt=0, le=1)]
Share = Literal["report"] | Annotated[float, Field(ge=0, lt=1)]

#: Of CSV files. UTF-16 goes by its byte order mark.
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
    """Keys and values are exactly what is declared: nothing unknown, nothing coerced."""

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

    @model_validator(mode="after")
    def _readable(self) -> Files:
        special = [c for c in (self.delimiter, self.quote, self.escape) if c is not None]
        if len(set(special)) != len(special):
            raise ValueError("delimiter, quote and escape must differ")
        if any(not c.isascii() or c in "\r\n\0" for c in special):
            raise ValueError("delimiter, quote and escape are ASCII characters, not line ends")
        csv_only = {"quote", "escape", "encoding"}
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
        "default. time: eval is what happened last. column(name): its values are train or eval.",
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
        """The columns named in `by: hash(...)`; empty when it is another or left to the key."""
        if self.by is None or not self.by.startswith("hash("):
            return ()
        return tuple(c.strip() for c in self.by[len("hash(") : -1].split(","))

    @property
    def column(self) -> str | None:
        """The column that says each row's split; None where something else does."""
        if self.by is None or not self.by.startswith("column("):
            return None
        return self.by[len("column(") : -1].strip()

    @property
    def gap_duration(self) -> timedelta:
        """`gap`; zero when there is none."""
        return timedelta() if self.gap is None else duration(self.gap)

    @model_validator(mode="after")
    def _gap_in_time(self) -> Splits:
        if self.gap is not None and self.by != "time":
            raise ValueError("gap has a meaning with by: time only; remove it")
        return self


def _shorthand(value: Any) -> Any:
    return value if isinstance(value, dict | Section) else {"default": value}


class Limits(Section):
    """A limit for each measure of one feature; a measure without one is recorded only."""

    jensen_shannon: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="Of the divergence, in (0, 1]."
    )
    l_infinity: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="Of the change of one value's share, in (0, 1]; for text only."
    )

    @model_validator(mode="after")
    def _something(self) -> Limits:
        if self.jensen_shannon is None and self.l_infinity is None:
            raise ValueError("give jensen_shannon or l_infinity")
        return self


class Distances(Section):
    """How far the distribution of each feature may be from another."""

    false_alarms: Annotated[float, Field(gt=0, le=0.5)] = Field(
        0.01,
        description="The share of runs without any change that chance may hold, over all features.",
    )
    default: Threshold = Field(
        "auto",
        description="For every feature not named: auto, learned, report (recorded, never holds), "
        "or a Jensen-Shannon divergence in (0, 1].",
    )
    features: dict[Column, Threshold | Limits] = Field(
        default_factory=dict,
        description="The same per feature; or jensen_shannon and l_infinity, each in (0, 1].",
        examples=[{"temp": "report", "carrier": {"l_infinity": 0.05}}],
    )

    @property
    def learns(self) -> bool:
        """Whether any limit is to be learned from accepted spans."""
        return "learned" in (self.default, *self.features.values())


class Drift(Distances):
    """What each span is compared with, and how far from it it may be."""

    against: str = Field(
        "previous",
        pattern=r"^(previous|span\(\s*[0-9][0-9T:-]*\s*\)|rolling\(\s*[1-9]\d?\s*\))$",
        description="previous: the last accepted span. span(2013-01): always that one. "
        "rolling(6): the last six accepted spans together.",
        examples=["rolling(6)"],
    )
    min_slice_share: Fraction = Field(
        0.05,
        description="A drift that only a slice shows holds if the slice has this share of the "
        "rows; in a smaller one it is a warning.",
    )


class Mismatch(Section):
    """How many pairs of rows with the same key may differ in a feature."""

    default: Share = Field(
        0.01,
        description="For every feature not named: a share in [0, 1), or report (recorded, never "
        "holds).",
    )
    features: dict[Column, Share] = Field(
        default_factory=dict, description="Per feature: a share in [0, 1), or report."
    )


class Tolerance(Section):
    """How far two floats may be apart and still be the same value; whole numbers must be equal."""

    relative: Annotated[float, Field(ge=0, lt=1)] = Field(
        1e-6, description="As a share of the greater of the two. By default what 32 bits lose."
    )
    absolute: Annotated[float, Field(ge=0)] = Field(
        0.0, description="In the column's own unit; the larger of both counts."
    )


class Tolerances(Tolerance):
    """The same for every feature, but for those that are named."""

    features: dict[Column, Tolerance] = Field(
        default_factory=dict, description="Per feature: relative and absolute."
    )


class Skew(Distances):
    """Limits between training and serving data: of each distribution, and of single values."""

    mismatch: Annotated[Mismatch, BeforeValidator(_shorthand)] = Field(
        Mismatch(), description="A share for all features, or default and features."
    )
    tolerance: Tolerances = Tolerances()

    @model_validator(mode="after")
    def _nothing_to_learn_from(self) -> Skew:
        if self.learns:
            raise ValueError("learned needs accepted spans, which serving logs have not; say auto")
        return self


class Volume(Section):
    """How the rows of a span may compare with the spans before."""

    min: Annotated[float, Field(ge=0)] = Field(
        0.5,
        description="Rows per day (per span where spans are numbers), as a share of the "
        "median of the accepted spans before.",
    )
    max: Annotated[float, Field(gt=0)] = Field(2.0, description="The same, at most.")

    @model_validator(mode="after")
    def _in_order(self) -> Volume:
        if self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}")
        return self


class ColumnFacts(Section):
    """What a person knows of a column and its values do not say."""

    unit: Annotated[str, Field(min_length=1)] | None = Field(
        None, description="What its numbers count, for reports: mile, minute, degree Fahrenheit."
    )


def _severity_shorthand(value: Any) -> Any:
    return value if isinstance(value, dict) else {ALL_COLUMNS: value}


#: By column; `*` stands for every column that is not named.
Severities = Annotated[
    dict[Column, Severity],
    Field(min_length=1),
    BeforeValidator(_severity_shorthand, json_schema_input_type=Severity | dict[Column, Severity]),
]


class Gates(Section):
    """What holds a span back."""

    drift: Annotated[Drift, BeforeValidator(_shorthand)] = Field(
        Drift(), description="A threshold for all features, or the keys below."
    )
    skew: Annotated[Skew, BeforeValidator(_shorthand)] = Field(
        Skew(), description="The same between training and serving data, and more."
    )
    min_examples: PositiveInt = Field(
        1000, description="A span with fewer examples is held: too few to judge."
    )
    freshness: str | None = Field(
        None,
        pattern=DURATION,
        description="The newest record may be this much older than the end of its span, or than "
        "now where that is earlier or spans are no times, in minutes, hours, days or weeks.",
        examples=["36h"],
    )
    volume: Volume = Volume()
    findings: dict[str, Severities] = Field(
        default_factory=dict,
        description="How severe a finding is, by its code: hold, warn, info or off; or such a "
        "mapping by column, in which * is every other column.",
        examples=[
            {
                "unit_change": "hold",
                "schema_new_column": "off",
                "enum_type_unexpected_string_values": {"dest": "warn"},
            }
        ],
    )

    @field_validator("findings")
    @classmethod
    def _known(cls, value: dict[str, Severities]) -> dict[str, Severities]:
        for code in value:
            if code in ELSEWHERE:
                raise ValueError(f"how severe {code!r} is, is decided by {ELSEWHERE[code]}")
            if code in FIXED:
                raise ValueError(f"{code!r} always holds: it says that nothing can be judged")
            if code not in SETTABLE:
                raise ValueError(f"no finding has the code {code!r}{_nearest_code(code)}")
        return value

    def severity(self, code: str, column: str = "", *, default: Severity) -> Severity:
        """What `findings` says of a code for a column, or else `default`."""
        chosen = self.findings.get(code, {})
        return chosen.get(column, chosen.get(ALL_COLUMNS, default))


def _nearest_code(code: str) -> str:
    # There are too many to list.
    hint = nearest(code, (*SETTABLE,))
    return hint if "did you mean" in hint else "; docs/quality.md and docs/anomalies.md list them"


class Training(Section):
    """How the model is built."""

    hidden_units: tuple[PositiveInt, ...] = Field((64, 32), description="Widths of the layers.")
    epochs: PositiveInt = 5
    batch_size: PositiveInt = 512
    learning_rate: PositiveFloat = 0.002
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    max_vocabulary: PositiveInt = Field(
        1000, le=1000, description="Most frequent values kept per categorical feature."
    )
    numeric: Literal["normalize", "bucketize"] = Field(
        "normalize", description="Numbers enter as z-scores, or as quantile buckets as well."
    )
    seed: int = 20130101


class Bound(Section):
    """The values a metric may have."""

    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _something(self) -> Bound:
        if self.min is None and self.max is None:
            raise ValueError("give min or max")
        return self


class Evaluation(Section):
    """When a model is blessed."""

    metric: str | None = Field(
        None,
        description="The metric champion and challenger are compared by: auc for binary, "
        "accuracy for multiclass, rmse for regression labels by default.",
    )
    thresholds: dict[str, Bound] = Field(
        default_factory=dict, description="Bounds on metrics over all examples, by metric name."
    )
    max_regression: Annotated[float, Field(ge=0)] = Field(
        0.0, description="How much worse than the champion the metric may be, in its own unit."
    )
    min_slice_examples: PositiveInt = Field(
        100, description="Smaller slices are shown and not judged."
    )
    max_slice_regression: Annotated[float, Field(gt=0)] | None = Field(
        None, description="The same limit for every slice that is large enough; none by default."
    )
    unusable_champion: Literal["hold", "replace"] = Field(
        "hold",
        description="When the champion cannot be run on the examples (a column it needs is gone): "
        "hold, or let a model that meets the thresholds replace it without a comparison.",
    )


def quoted(names: set[str] | set[str | None]) -> str:
    """Names for a message, in order."""
    return ", ".join(repr(n) for n in sorted(n for n in names if n is not None))


def duration(text: str) -> timedelta:
    """What a text of the form `DURATION` says."""
    minutes = {"m": 1, "h": 60, "d": 24 * 60, "w": 7 * 24 * 60}
    return timedelta(minutes=int(text[:-1]) * minutes[text[-1]])
