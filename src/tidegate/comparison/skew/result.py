"""What was found when training and serving data were held against each other, in plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

from tidegate.comparison.drift.missing_and_new import Share
from tidegate.core.errors import StatisticsError
from tidegate.core.verdict import Verdict
from tidegate.numerics.distances import Distance
from tidegate.numerics.intervals import wilson
from tidegate.platform import documents

FILE: Final = "skew.json"
#: 2 renamed `customary`, `before` and `now`.
FORMAT: Final = 2

#: `label` is a label that serving rightly lacks, `expected` another column of training only that
#: the schema does not expect in SERVING.
ColumnStatus = Literal[
    "same", "type", "training_only", "serving_only", "label", "expected", "label_in_serving"
]
FeatureStatus = Literal["skew", "too_few", "tolerated", "same", "report"]
Texts = tuple[str | None, ...]


@dataclass(frozen=True)
class ColumnSkew:
    """A column's place in training and in serving.

    Attributes:
        column: As the training data calls it.
        serving_name: As the serving data calls it.
        training_type: int, float, string, time, or empty where no row has a value; None where
            there is no such column.
        serving_type: The same, of the serving data.
        status: What the difference is.
    """

    column: str
    serving_name: str
    training_type: str | None
    serving_type: str | None
    status: ColumnStatus


@dataclass(frozen=True)
class Keys:
    """How the rows of both sides found each other.

    Attributes:
        columns: The columns of the key; empty where nothing was joined.
        training_rows: Rows of the training data.
        serving_rows: Rows of the serving data.
        training_without_key: Rows in which a column of the key has no value; never joined.
        serving_without_key: The same, of serving.
        training_keys: Different keys of the training data.
        serving_keys: Different keys of the serving data.
        training_duplicates: Keys that several rows of the training data have.
        serving_duplicates: Keys that several rows of the serving data have.
        common: Keys that both have.
        pairs: Keys that exactly one row of either has: the pairs of rows that were compared.
        differing: Pairs in which a feature differs; those that are only recorded do not count.
        training_only: Some keys that only the training data has.
        serving_only: Some keys that only the serving data has.
        problem: Why nothing was joined; else empty.
    """

    columns: tuple[str, ...]
    training_rows: int
    serving_rows: int
    training_without_key: int = 0
    serving_without_key: int = 0
    training_keys: int = 0
    serving_keys: int = 0
    training_duplicates: int = 0
    serving_duplicates: int = 0
    common: int = 0
    pairs: int = 0
    differing: int = 0
    training_only: tuple[Texts, ...] = ()
    serving_only: tuple[Texts, ...] = ()
    problem: str = ""

    @property
    def missing_in_serving(self) -> int:
        """Keys that only the training data has."""
        return self.training_keys - self.common

    @property
    def missing_in_training(self) -> int:
        """Keys that only the serving data has."""
        return self.serving_keys - self.common

    @property
    def ambiguous(self) -> int:
        """Common keys that are not compared, because several rows of a side have them."""
        return self.common - self.pairs


@dataclass(frozen=True)
class Confusion:
    """What a value of the training data, or a range of them, is in the serving data.

    Attributes:
        training: The value, or a range; None stands for a missing value.
        serving: The value, or of a range the median and the ends.
        count: How many of the pairs that differ.
    """

    training: str | None
    serving: str | None
    count: int


@dataclass(frozen=True)
class FeatureSkew:
    """One feature in the pairs of rows that have the same key.

    A pair is in exactly one of `equal`, `both_missing`, `mismatched`, `missing_in_training` and
    `missing_in_serving`.

    Attributes:
        feature: As the training data calls it.
        pairs: Pairs of rows.
        equal: Both have a value, and the values are the same within the tolerance.
        both_missing: Neither has a value.
        mismatched: Both have a value, and the values differ.
        missing_in_training: Only serving has a value.
        missing_in_serving: Only training has a value.
        limit: The share of `compared` that may differ; None where nothing is judged.
        tolerance: How far two numbers may be apart, in words; empty for what is no float.
        status: What the share is to the limit.
        pattern: What the differences have in common, in words; empty where nothing was seen.
        confusion: At most ten, the most frequent first; numbers that hardly repeat in ranges.
        binned: Whether `confusion` is in ranges.
        sample: A few pairs that differ: the key, the value in training, the value in serving.
    """

    feature: str
    pairs: int
    equal: int
    both_missing: int
    mismatched: int
    missing_in_training: int
    missing_in_serving: int
    limit: float | None
    tolerance: str
    status: FeatureStatus
    pattern: str = ""
    confusion: tuple[Confusion, ...] = ()
    binned: bool = False
    sample: tuple[Texts, ...] = ()

    @property
    def compared(self) -> int:
        """Pairs in which at least one side has a value."""
        return self.pairs - self.both_missing

    @property
    def differing(self) -> int:
        """Pairs that differ: by value, or because one side has none."""
        return self.mismatched + self.missing_in_training + self.missing_in_serving

    @property
    def share(self) -> float:
        """`differing` as a share of `compared`, in [0, 1]; 0 where nothing was compared."""
        return self.differing / self.compared if self.compared else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % score interval of that share (Wilson, 1927); NaN where nothing was compared."""
        return wilson(self.share, self.compared)


@dataclass(frozen=True)
class SetAside:
    """The records of one side that could not be read.

    Attributes:
        side: Which.
        records: How many were set aside; they are no rows.
        rows: How many could be read.
        reasons: The most frequent reasons, with how many records each was said of.
    """

    side: Literal["training", "serving"]
    records: int
    rows: int
    reasons: tuple[tuple[str, int], ...] = ()

    @property
    def share(self) -> float:
        """Of all records those that were set aside, in [0, 1]; 0 where there are none."""
        return self.records / (self.records + self.rows) if self.records else 0.0


@dataclass(frozen=True)
class Skew:
    """The three kinds of skew between training and serving data, and the verdict on them.

    Attributes:
        training: What the training data is: a span, or files.
        serving: What the serving data is.
        training_rows: Rows of the training data.
        serving_rows: Rows of the serving data.
        verdict: Whether it passes, and everything that was noticed.
        columns: Schema skew: every column of either side, in the order of the training data.
        keys: How rows were joined.
        features: Feature skew: every column that both have, but the key.
        distances: Distribution skew: of every column, training as the baseline; then of every
            slice that both have.
        shares: Missing and unseen values of every feature, in the same way.
        set_aside: Records that could not be read, of training and of serving.
    """

    training: str
    serving: str
    training_rows: int
    serving_rows: int
    verdict: Verdict
    columns: tuple[ColumnSkew, ...]
    keys: Keys
    features: tuple[FeatureSkew, ...]
    distances: tuple[Distance, ...]
    shares: tuple[Share, ...]
    set_aside: tuple[SetAside, ...]

    def to_json(self) -> dict[str, Any]:
        """What `skew.json` holds."""
        return {
            documents.FORMAT: FORMAT,
            "training": self.training,
            "serving": self.serving,
            "training_rows": self.training_rows,
            "serving_rows": self.serving_rows,
            "status": self.verdict.status,
            "findings": self.verdict.to_json(),
            "columns": [asdict(c) for c in self.columns],
            "keys": asdict(self.keys),
            "features": [{**asdict(f), "share": f.share} for f in self.features],
            "distances": [asdict(d) for d in self.distances],
            "shares": [asdict(s) for s in self.shares],
            "set_aside": [{**asdict(s), "share": s.share} for s in self.set_aside],
        }

    def write(self, directory: Path) -> None:
        """Write `skew.json`."""
        documents.write(directory / FILE, self.to_json())

    @classmethod
    def read(cls, directory: Path) -> Skew:
        """Read back what `write` wrote.

        Raises:
            StatisticsError: the file is missing, cut short, of another format or contradicts
                itself.
        """
        with documents.reading(
            directory / FILE,
            format_=FORMAT,
            error=StatisticsError,
            what="skew",
            remedy="measure it again",
        ) as document:
            return cls(
                training=document["training"],
                serving=document["serving"],
                training_rows=document["training_rows"],
                serving_rows=document["serving_rows"],
                verdict=Verdict.of_document(document),
                columns=tuple(ColumnSkew(**c) for c in document["columns"]),
                keys=_keys(document["keys"]),
                features=tuple(_feature(f) for f in document["features"]),
                distances=tuple(Distance.of(d) for d in document["distances"]),
                shares=tuple(Share.of(s) for s in document["shares"]),
                set_aside=tuple(_set_aside(s) for s in document["set_aside"]),
            )


def _texts(rows: Any) -> tuple[Any, ...]:
    return tuple(tuple(row) for row in rows)


def _keys(document: Mapping[str, Any]) -> Keys:
    listed = {n: _texts(document[n]) for n in ("training_only", "serving_only")}
    return Keys(**{**document, **listed, "columns": tuple(document["columns"])})


def _feature(document: Mapping[str, Any]) -> FeatureSkew:
    plain = {k: v for k, v in document.items() if k != "share"}
    confusion = tuple(Confusion(**c) for c in document["confusion"])
    return FeatureSkew(**{**plain, "confusion": confusion, "sample": _texts(document["sample"])})


def _set_aside(document: Mapping[str, Any]) -> SetAside:
    plain = {k: v for k, v in document.items() if k != "share"}
    return SetAside(**{**plain, "reasons": _texts(document["reasons"])})
