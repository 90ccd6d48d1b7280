"""The data contract: one YAML file that says what a dataset is and what is expected of it."""

from __future__ import annotations

import difflib
import hashlib
import posixpath
import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from tidegate.errors import ContractError, StorageError
from tidegate.storage import open_store

Task = Literal["binary", "multiclass", "regression"]
Fraction = Annotated[float, Field(ge=0, le=1)]
Column = Annotated[str, Field(min_length=1)]
Threshold = Literal["auto", "report"] | Annotated[float, Field(gt=0, le=1)]

#: Sections of the design that this version cannot enforce. They are refused, never ignored.
_PLANNED = {"fairness", "privacy", "needs", "skew"}

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


class _Loader(yaml.SafeLoader):
    """YAML where only true and false are truth values, as in YAML 1.2: `on` is a key here."""


_Loader.yaml_implicit_resolvers = {
    first: [(t, r) for t, r in rules if t != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Source(_Section):
    """Where the raw data lies and how it is written."""

    uri: str = Field(
        description="Object name pattern. {YYYY} {MM} {DD} {HH} or {SPAN} stand for the span, "
        "{VERSION} for a delivery of it (the highest is taken); {SPAN:06} has six digits; "
        "* and ? match within a name. Relative to the contract's own directory.",
        examples=["data/{YYYY}-{MM}/*.csv"],
    )
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
        special = [c for c in (self.delimiter, self.quote, self.escape) if c is not None]
        if len(set(special)) != len(special):
            raise ValueError("delimiter, quote and escape must differ")
        if any(not c.isascii() or c in "\r\n\0" for c in special):
            raise ValueError("delimiter, quote and escape are ASCII characters, not line ends")
        csv_only = {"quote", "escape", "encoding"}
        if self.format != "csv" and (given := csv_only & self.model_fields_set):
            raise ValueError(f"{_quoted(given)} is for csv only; format is {self.format}")
        if self.format == "parquet" and self.bad_records == "quarantine":
            raise ValueError("bad_records: quarantine is not for parquet; a file is good or is not")
        if self.bad_records == "error" and self.max_bad_records:
            raise ValueError("max_bad_records needs bad_records: quarantine")
        return self


class Join(_Section):
    """A look-up table whose columns are added to every row; small enough for memory."""

    uri: str = Field(
        description="Object name; * and ? match within it. Relative to the contract's directory.",
        examples=["lookups/airports.csv"],
    )
    format: Literal["csv", "jsonl", "parquet", "tfrecord"]
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = Field(
        ",", description="CSV only: the character between two fields."
    )
    null_values: tuple[str, ...] = Field(
        ("",), description="CSV only: the texts that mean a missing value, in any column."
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
        0.95, description="The share of rows that must find a match; fewer is an error."
    )

    @property
    def left(self) -> tuple[str, ...]:
        """The data's columns."""
        return tuple(self.on)

    @property
    def right(self) -> tuple[str, ...]:
        """The look-up's columns, in the order of `left`."""
        return tuple(self.on.values()) if isinstance(self.on, dict) else self.on


class Features(_Section):
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
            raise ValueError(f"{_quoted(both)} is both categorical and excluded or numeric")
        return self


class Splits(_Section):
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
        pattern=r"^[1-9]\d{0,5}[mhdw]$",
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
        if self.gap is None:
            return timedelta()
        minutes = {"m": 1, "h": 60, "d": 24 * 60, "w": 7 * 24 * 60}
        return timedelta(minutes=int(self.gap[:-1]) * minutes[self.gap[-1]])

    @model_validator(mode="after")
    def _gap_in_time(self) -> Splits:
        if self.gap is not None and self.by != "time":
            raise ValueError("gap has a meaning with by: time only; remove it")
        return self


class Drift(_Section):
    """Limits for the distance of each feature from the previous span."""

    default: Threshold = Field(
        "auto",
        description="For every feature not named: auto, report (recorded, never holds), "
        "or a distance in (0, 1].",
    )
    features: dict[Column, Threshold] = Field(
        default_factory=dict, description="Per feature: auto, report, or a distance in (0, 1]."
    )


def _drift_shorthand(value: Any) -> Any:
    return value if isinstance(value, dict | Drift) else {"default": value}


class Gates(_Section):
    """What holds a span back."""

    drift: Annotated[Drift, BeforeValidator(_drift_shorthand)] = Field(
        Drift(), description="A threshold for all features, or default and features."
    )
    min_examples: PositiveInt = Field(
        1000, description="A span with fewer examples is held: too few to judge."
    )


class Training(_Section):
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


class Bound(_Section):
    """The values a metric may have."""

    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _something(self) -> Bound:
        if self.min is None and self.max is None:
            raise ValueError("give min or max")
        return self


class Evaluation(_Section):
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


class Contract(_Section):
    """What one dataset is and what is expected of it."""

    dataset: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="Name in the registry and in reports."
    )
    source: Source
    joins: tuple[Join, ...] = Field((), description="Look-up tables to join, one after the other.")
    key: tuple[Column, ...] = Field(min_length=1, description="Columns that identify an example.")
    time: Column | None = Field(None, description="The column that says when an example happened.")
    label: Column | None = Field(None, description="What is to be predicted.")
    task: Task | None = Field(
        None, description="Inferred from the label's values when left out: two values are binary."
    )
    features: Features = Features()
    splits: Splits = Splits()
    gates: Gates = Gates()
    slices: tuple[tuple[Column, ...], ...] = Field(
        (), description="Column combinations by which a model is judged beside the whole."
    )
    training: Training = Training()
    evaluation: Evaluation = Evaluation()

    _digest: str = PrivateAttr("")
    _base: str = PrivateAttr(".")

    @model_validator(mode="after")
    def _consistent(self) -> Contract:
        if self.label is not None and self.label in self.key:
            raise ValueError(f"label {self.label!r} is part of the key")
        reserved = {*self.key, self.time, self.label}
        if wrong := reserved & set(self.features.categorical):
            raise ValueError(
                f"features.categorical names {_quoted(wrong)}, which is key, time or label"
            )
        if wrong := {*self.key, self.time} & set(self.features.numeric):
            raise ValueError(f"features.numeric names {_quoted(wrong)}, which is key or time")
        if self.splits.by == "time" and self.time is None:
            raise ValueError("splits.by is time, and no column is named in time; name it")
        if self.splits.column is not None and self.splits.column == self.label:
            raise ValueError(f"splits.by names {self.label!r}, which is the label")
        return self

    @property
    def digest(self) -> str:
        """SHA-256 of the file's bytes, in hexadecimal."""
        return self._digest

    @property
    def source_uri(self) -> str:
        """`source.uri`, made absolute against the contract's directory or URI."""
        return self.absolute(self.source.uri, where="source.uri")

    def absolute(self, uri: str, *, where: str) -> str:
        """A URI that stands in the contract, made absolute as `source_uri` is.

        Raises:
            ContractError: it leads out of the contract's bucket; `where` names the key.
        """
        scheme, mark, place = self._base.partition("://")
        if "://" in uri or (mark and uri.startswith("/")):
            return uri
        if not mark:
            return str(Path(self._base, uri))
        bucket, _, folder = place.partition("/")
        name = posixpath.normpath(posixpath.join(folder, uri))
        if name.startswith("../"):
            raise ContractError(f"{where} {uri!r} leads out of {scheme}://{bucket}")
        return f"{scheme}://{bucket}/{name}"

    def for_lookup(self, join: Join, *, categorical: set[str], numeric: set[str]) -> Contract:
        """A contract by which the look-up of a join is read; its columns are its own."""
        source = {f: getattr(join, f) for f in ("uri", "format", "delimiter", "null_values")}
        features = Features(
            categorical=tuple(sorted(categorical)), numeric=tuple(sorted(numeric - categorical))
        )
        return self.model_copy(update={"source": Source(**source), "features": features})

    @property
    def not_features(self) -> frozenset[str]:
        """Columns that no model may see: key, time, label, split and the excluded ones."""
        named = (*self.key, self.time, self.label, self.splits.column, *self.features.exclude)
        return frozenset(c for c in named if c is not None)

    @property
    def split_columns(self) -> tuple[str, ...]:
        """The columns whose values decide the split of an example."""
        if self.splits.by == "time" and self.time is not None:
            return (self.time,)
        if self.splits.column is not None:
            return (self.splits.column,)
        return self.splits.hash_columns or self.key

    def require_columns(self, columns: Sequence[str]) -> None:
        """Check that every column this contract names is among `columns`.

        The slices' and label's columns included: a contract that names a column the data has
        never had is a mistake, while one that vanishes later is an anomaly of the data.

        Raises:
            ContractError: naming the first column that is missing and the nearest there is.
        """
        named: list[tuple[str, str]] = [("key", c) for c in self.key]
        named += [("splits.by", c) for c in self.split_columns]
        named += [("time", self.time)] if self.time else []
        named += [("label", self.label)] if self.label else []
        named += [("features.categorical", c) for c in self.features.categorical]
        named += [("features.numeric", c) for c in self.features.numeric]
        named += [("features.exclude", c) for c in self.features.exclude]
        named += [("gates.drift.features", c) for c in self.gates.drift.features]
        named += [("slices", c) for group in self.slices for c in group]
        for where, column in named:
            if column not in columns:
                raise ContractError(
                    f"{where} names the column {column!r}, which the data does not have"
                    + nearest(column, columns)
                )

    @classmethod
    def load(cls, path: str | Path, *, digest: str | None = None) -> Contract:
        """Read and check a contract.

        Args:
            path: A file, or its URI in any store.
            digest: When given, the SHA-256 the file must have, so that a run does not change its
                mind half way.

        Raises:
            ContractError: one line for each mistake, with file, line, key and remedy.
        """
        file = str(path).removeprefix("file://")
        folder, _, name = file.rpartition("/")
        try:
            if "://" in folder:
                raw = open_store(folder).read(name)[0]
            else:
                raw = Path(file).read_bytes()
                folder = str(Path(file).resolve().parent)
            text = raw.decode("utf-8")
        except (OSError, StorageError, UnicodeDecodeError) as error:
            raise ContractError(f"cannot read the contract {file}: {error}") from None
        contract = cls.parse(text, name=file)
        contract._digest = hashlib.sha256(raw).hexdigest()
        contract._base = folder
        if digest and digest != contract._digest:
            raise ContractError(
                f"the contract {file} changed since the run began; start the run again"
            )
        return contract

    @classmethod
    def parse(cls, text: str, *, name: str = "contract") -> Contract:
        """Check a contract given as YAML text; `name` stands in messages for its file."""
        try:
            root = yaml.compose(text, Loader=_Loader)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = f":{mark.line + 1}" if mark else ""
            problem = getattr(error, "problem", None) or str(error)
            raise ContractError(f"{name}{line}: not valid YAML: {problem}") from None
        if not isinstance(root, yaml.MappingNode):
            raise ContractError(f"{name}: a contract is a mapping that begins with 'dataset:'")
        _check_nodes(root, name)
        try:
            return cls.model_validate(_tuples(yaml.load(text, Loader=_Loader)))  # noqa: S506 (a SafeLoader)
        except ValidationError as error:
            lines = [_explain(e, root, name) for e in error.errors()]
            raise ContractError("\n".join(dict.fromkeys(lines))) from None
        except yaml.YAMLError as error:
            raise ContractError(f"{name}: not valid YAML: {error}") from None


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a contract, for editors and other languages."""
    schema = Contract.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _tuples(value: Any) -> Any:
    # YAML has lists only; strict models want the tuples that frozen ones can hold.
    if isinstance(value, dict):
        return {k: _tuples(v) for k, v in value.items()}
    return tuple(_tuples(v) for v in value) if isinstance(value, list) else value


def _quoted(names: set[str] | set[str | None]) -> str:
    return ", ".join(repr(n) for n in sorted(n for n in names if n is not None))


def nearest(name: str, among: Sequence[str]) -> str:
    """The end of a message about a name that is not there: the nearest, or all there are."""
    close = difflib.get_close_matches(name, among, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else f"; there are: {', '.join(among)}"


def _check_nodes(node: yaml.Node, name: str, seen: set[int] | None = None) -> None:
    """Refuse what YAML allows and a contract does not: aliases, odd keys, the same key twice."""
    seen = set() if seen is None else seen
    line = node.start_mark.line + 1
    if id(node) in seen:
        raise ContractError(f"{name}:{line}: aliases (&, *) are not read; write the value out")
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        keys: set[str] = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise ContractError(f"{name}:{line}: a key must be a name, not a list or mapping")
            if key.value in keys:
                raise ContractError(f"{name}:{line}: key {key.value!r} is given twice")
            keys.add(key.value)
            _check_nodes(value, name, seen)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _check_nodes(value, name, seen)


def _locate(root: yaml.Node, path: Sequence[str | int]) -> tuple[int, list[str]]:
    """The 1-based line of the deepest node on `path` that exists, and the keys passed."""
    node, line, passed = root, root.start_mark.line + 1, []
    for step in path:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == step:
                    node, line = value, key.start_mark.line + 1
                    passed.append(str(step))
                    break
            # A step of pydantic's own (a union's branch) has no node: stay and go on.
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
            line = node.start_mark.line + 1
            passed[-1] += f"[{step}]"
    return line, passed


def _keys_at(path: Sequence[str | int]) -> list[str]:
    model: Any = Contract
    for step in path:
        if isinstance(model, type) and issubclass(model, BaseModel) and step in model.model_fields:
            model = model.model_fields[str(step)].annotation
        elif isinstance(step, int):
            model = next(iter(get_args(model)), None)
    if isinstance(model, type) and issubclass(model, BaseModel):
        return list(model.model_fields)
    return []


def _explain(error: Any, root: yaml.Node, name: str) -> str:
    path = error["loc"]
    line, passed = _locate(root, path)
    key = ".".join(passed)
    where = f"{name}:{line}: "
    match error["type"]:
        case "extra_forbidden":
            if path[-1] in _PLANNED:
                return (
                    f"{where}{key!r} is not enforced by this version of Tidegate, "
                    "so it is refused rather than ignored; remove it"
                )
            return f"{where}unknown key {key!r}" + nearest(str(path[-1]), _keys_at(path[:-1]))
        case "missing":
            full = ".".join([*passed, str(path[-1])])
            return f"{where}key {full!r} is missing; add it"
        case _:
            message = re.sub(r"^(Value error|Input) ?,? ?", "", error["msg"])
            given = error.get("input")
            shown = f" (found {given!r})" if isinstance(given, str | int | float) else ""
            return f"{where}{key or 'contract'}: {message}{shown}"
