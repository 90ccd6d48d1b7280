"""The result of a skew measurement, as plain values."""

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

#: `label` is a label that serving rightly lacks; `expected` is another training-only column that
#: the schema does not expect in SERVING.
ColumnStatus = Literal[
    "same", "type", "training_only", "serving_only", "label", "expected", "label_in_serving"
]
FeatureStatus = Literal["skew", "too_few", "tolerated", "same", "report"]
Texts = tuple[str | None, ...]


@dataclass(frozen=True)
class ColumnSkew:
    """A column's presence and type in training and in serving.

    Attributes:
        column: The name in the training data.
        serving_name: The name in the serving data.
        training_type: int, float, string, time, or empty if no row has a value; None if there is
            no such column.
        serving_type: The same for the serving data.
        status: The kind of difference.
    """

    column: str
    serving_name: str
    training_type: str | None
    serving_type: str | None
    status: ColumnStatus


@dataclass(frozen=True)
class Keys:
    """The match of both sides' keys.

    Attributes:
        columns: The columns of the key; empty if nothing was joined.
        training_rows: Rows of the training data.
        serving_rows: Rows of the serving data.
        training_without_key: Training rows in which a key column has no value; never joined.
        serving_without_key: Serving rows in which a key column has no value; never joined.
        training_keys: Distinct keys of the training data.
        serving_keys: Distinct keys of the serving data.
        training_duplicates: Keys that occur in several rows of the training data.
        serving_duplicates: Keys that occur in several rows of the serving data.
        common: Keys that both sides have.
        pairs: Keys that occur in exactly one row of each side: the compared pairs of rows.
        differing: Pairs in which a judged feature differs.
        training_only: Some keys that only the training data has.
        serving_only: Some keys that only the serving data has.
        problem: The reason why nothing was joined; else empty.
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
        """Common keys that several rows of a side have; not compared."""
        return self.common - self.pairs


@dataclass(frozen=True)
class Confusion:
    """A training value or range, and its value in serving data.

    Attributes:
        training: The value, or a range; None is a missing value.
        serving: The value, or for a range the median and the ends.
        count: The number of differing pairs.
    """

    training: str | None
    serving: str | None
    count: int


@dataclass(frozen=True)
class FeatureSkew:
    """One feature over the pairs of rows with the same key.

    A pair is in exactly one of `equal`, `both_missing`, `mismatched`, `missing_in_training` and
    `missing_in_serving`.

    Attributes:
        feature: The name in the training data.
        pairs: The number of pairs of rows.
        equal: Pairs with two values that are the same within the tolerance.
        both_missing: Pairs without a value on either side.
        mismatched: Pairs with two values that differ.
        missing_in_training: Pairs with a value in serving only.
        missing_in_serving: Pairs with a value in training only.
        limit: The share of `compared` that may differ; None if nothing is judged.
        tolerance: The allowed difference of two numbers, in words; empty if there are no floats.
        status: The judgement of the share against the limit.
        pattern: The pattern of the differences, in words; empty if none was found.
        confusion: At most ten, the most frequent first; numbers that rarely repeat are in ranges.
        binned: Whether `confusion` is in ranges.
        sample: A few differing pairs: the key, the value in training, the value in serving.
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
        """Pairs whose values differ, or where one side has no value."""
        return self.mismatched + self.missing_in_training + self.missing_in_serving

    @property
    def share(self) -> float:
        """`differing` as a share of `compared`, in [0, 1].

        0 if nothing was compared.
        """
        return self.differing / self.compared if self.compared else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % score interval of the share (Wilson, 1927).

        NaN if nothing was compared.
        """
        return wilson(self.share, self.compared)


@dataclass(frozen=True)
class SetAside:
    """The unreadable records of one side.

    Attributes:
        side: The side.
        records: The number of records that were set aside; they do not count as rows.
        rows: The number of readable rows.
        reasons: The most frequent reasons, each with its number of records.
    """

    side: Literal["training", "serving"]
    records: int
    rows: int
    reasons: tuple[tuple[str, int], ...] = ()

    @property
    def share(self) -> float:
        """The share of unreadable records, in [0, 1]; 0 without records."""
        return self.records / (self.records + self.rows) if self.records else 0.0


@dataclass(frozen=True)
class Skew:
    """Training-serving skew of three kinds, with the verdict.

    Attributes:
        training: The name of the training data: a span, or files.
        serving: The name of the serving data.
        training_rows: Rows of the training data.
        serving_rows: Rows of the serving data.
        verdict: The verdict with all findings.
        columns: Schema skew: every column of either side, in the order of the training data.
        keys: How rows were joined.
        features: Feature skew: every common column except the key.
        distances: Distribution skew: for every column, training as the baseline; then for every
            slice that both have.
        shares: Missing and unseen values of every feature, in the same order.
        set_aside: Unreadable records, of training and of serving.
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
        """The content of `skew.json`."""
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
        """Read the file that `write` wrote.

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
