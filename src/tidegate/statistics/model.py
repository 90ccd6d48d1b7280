"""The statistics of one span: TFDV's proto, summaries, and files."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from google.protobuf.message import DecodeError
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from tidegate.core.errors import StatisticsError
from tidegate.data.facts import Facts
from tidegate.data.splits import Leakage
from tidegate.data.text_values import TextValues
from tidegate.numerics.counts import Counts
from tidegate.statistics.exact import EXACT_UNIQUES, stored

#: The custom statistic of a float column: how many of its values are no whole numbers.
FRACTIONS: Final = "values with a fraction"

FeatureType = Literal["int", "float", "string"]

_TYPES: dict[int, FeatureType] = {
    statistics_pb2.FeatureNameStatistics.INT: "int",
    statistics_pb2.FeatureNameStatistics.FLOAT: "float",
    statistics_pb2.FeatureNameStatistics.STRING: "string",
    statistics_pb2.FeatureNameStatistics.BYTES: "string",
}


@dataclass(frozen=True)
class FeatureSummary:
    """The summary of one column in plain values.

    Attributes:
        name: The column.
        type: The type of its values; a column that is wholly empty is a `string`.
        count: Rows with a value.
        missing: Rows without a value.
        unique: Distinct values of a string column: exact up to 16,384, within about 1 % above.
        top_values: The most frequent values and their counts, at most 1,000; exact if there are
            up to 20,000 distinct values, else upper bounds, and only for values that stand out.
        mean: The mean of the numbers; None if there are none. So with `std`, `min`, `median`,
            `max`.
        std: Population standard deviation.
        min: The least number, which may be infinite.
        median: The median, exact where each value is counted, else within 0.5 % of the ranks.
        max: The greatest number, which may be infinite.
        zeros: Numbers equal to zero.
        nans: Values that are NaN (they count as present, not as missing).
        fractions: Numbers of a float column that are no whole numbers; None if the statistics do
            not tell, as those of TFDV alone.
        quantiles: The 101 edges of 100 buckets with about as many values each, ascending; a
            frequent value occurs there several times.
        histogram: Ten buckets of equal width as (low, high, count), the count interpolated.
        quantile_histogram: The buckets between `quantiles` as (low, high, count).
        avg_length: Mean length of a string in bytes.
        text_values: Of a text column with numbers, the values for which it is text; None if they
            are not known.
        distinct: The approximate number of different whole numbers; None where it is not known.
        counts: The exact counts of the numbers; None for strings, and where they were not counted.
    """

    name: str
    type: FeatureType
    count: int
    missing: int
    unique: int | None
    top_values: tuple[tuple[str, int], ...]
    mean: float | None
    std: float | None
    min: float | None
    median: float | None
    max: float | None
    zeros: int
    nans: int
    fractions: int | None
    quantiles: tuple[float, ...]
    histogram: tuple[tuple[float, float, float], ...]
    quantile_histogram: tuple[tuple[float, float, float], ...]
    avg_length: float | None
    text_values: TextValues | None = None
    distinct: int | None = None
    counts: Counts | None = None

    @property
    def rows(self) -> int:
        """All rows, with a value or without."""
        return self.count + self.missing

    @property
    def is_whole(self) -> bool:
        """Whether all values are whole numbers, however they are written."""
        return self.type == "int" or (self.type == "float" and self.fractions == 0)

    @property
    def exact_quantiles(self) -> bool:
        """Whether median and quantiles are exact, because each value is counted."""
        return self.counts is not None and self.counts.each

    @property
    def sketched(self) -> bool:
        """Whether the counts of its values are upper bounds, from a sketch of very many values."""
        return (self.unique or 0) > EXACT_UNIQUES

    @property
    def missing_fraction(self) -> float:
        """The share of rows without a value, in [0, 1].

        0 if there are no rows.
        """
        return self.missing / self.rows if self.rows else 0.0


@dataclass(frozen=True)
class Statistics:
    """The statistics of one span.

    Attributes:
        proto: A `DatasetFeatureStatisticsList`; its datasets are `all` and one for each split.
        span: The span.
        content_digest: SHA-256 over the content the span was read from.
        leakage: The examples' facts on values that occur in more than one split.
        facts: The facts recorded at ingest; None if they were not recorded.
        slices: A `DatasetFeatureStatisticsList` with a dataset for each slice, named like
            `origin=JFK`; None if there are none.
        slices_left_out: The number of large enough slices beyond the limit of slices.
        sample: A uniform sample of the rows, features and label only; None if the contract keeps
            none.
    """

    proto: Any
    span: str
    content_digest: str
    leakage: tuple[Leakage, ...] = ()
    facts: Facts | None = None
    slices: Any = None
    slices_left_out: int = 0
    sample: pa.Table | None = None
    _summaries: dict[str, dict[str, FeatureSummary]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def splits(self) -> tuple[str, ...]:
        """The datasets: `all` first, then the splits."""
        return tuple(d.name for d in self.proto.datasets)

    def split(self, name: str = "all") -> Any:
        """The `DatasetFeatureStatistics` of a split.

        Raises:
            StatisticsError: there is no such split.
        """
        for dataset in self.proto.datasets:
            if dataset.name == name:
                return dataset
        raise StatisticsError(
            f"the statistics of span {self.span!r} have no split {name!r}; "
            f"there are: {', '.join(self.splits)}"
        )

    def as_list(self, name: str = "all") -> Any:
        """A split as a `DatasetFeatureStatisticsList` for TFDV's functions."""
        return statistics_pb2.DatasetFeatureStatisticsList(datasets=[self.split(name)])

    def as_expected(self, schema: Any, name: str = "all") -> Any:
        """A split as TFDV is to see it: whole numbers are INT where `schema` says so.

        Where some are missing, many tools write them as 5.0, and so they are FLOAT.
        """
        made = statistics_pb2.DatasetFeatureStatisticsList()
        made.CopyFrom(self.as_list(name))
        whole = {f.name for f in schema.feature if f.type == schema_pb2.INT}
        for feature in made.datasets[0].features:
            if feature.path.step[0] in whole and _fractions(feature) == 0:
                feature.type = statistics_pb2.FeatureNameStatistics.INT
        return made

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns of the data: those described here, and those that were left out."""
        left_out = self.facts.left_out if self.facts else ()
        return (*self.features(), *(name for name, _ in left_out))

    def by_slice(self) -> dict[str, Statistics]:
        """The statistics of each slice, as its own `all`, by name."""
        return {
            dataset.name: Statistics(_alone(dataset), self.span, self.content_digest)
            for dataset in (self.slices.datasets if self.slices is not None else ())
        }

    def num_examples(self, name: str = "all") -> int:
        """The number of rows of a split."""
        return int(self.split(name).num_examples)

    def features(self, name: str = "all") -> dict[str, FeatureSummary]:
        """The columns of a split by name, in the data's order."""
        if name not in self._summaries:
            self._summaries[name] = self._summarized(name)
        return dict(self._summaries[name])

    def _summarized(self, name: str) -> dict[str, FeatureSummary]:
        found = {f.path.step[0]: _summary(f) for f in self.split(name).features}
        if self.facts is None:
            return found
        for texts in self.facts.text_values:
            if texts.column in found:
                found[texts.column] = replace(found[texts.column], text_values=texts)
        for numbers in self.facts.numbers:
            if numbers.column in found:
                was = found[numbers.column]
                found[numbers.column] = replace(was, distinct=numbers.distinct)
        return found

    def write(self, directory: Path) -> None:
        """Write `statistics.pb` (the binary proto) and `statistics.json` (its description).

        If there are slices, also `slices.pb`; if rows are kept, also `sample.parquet`.
        """
        directory.mkdir(parents=True, exist_ok=True)
        payload = self.proto.SerializeToString(deterministic=True)
        about = {
            "span": self.span,
            "content_digest": self.content_digest,
            "sha256": hashlib.sha256(payload).hexdigest(),
            "rows": {name: self.num_examples(name) for name in self.splits},
            "columns": [f.path.step[0] for f in self.split().features],
            "leakage": [asdict(fact) for fact in self.leakage],
            "facts": None if self.facts is None else self.facts.to_json(),
            "tfdv": version("tensorflow-data-validation"),
        }
        if self.slices is not None:
            sliced = self.slices.SerializeToString(deterministic=True)
            about["slices"] = {
                "sha256": hashlib.sha256(sliced).hexdigest(),
                "rows": {d.name: int(d.num_examples) for d in self.slices.datasets},
                "left_out": self.slices_left_out,
            }
            (directory / "slices.pb").write_bytes(sliced)
        if self.sample is not None:
            kept = io.BytesIO()
            pq.write_table(self.sample, kept, compression="zstd")
            about["sample"] = {
                "sha256": hashlib.sha256(kept.getvalue()).hexdigest(),
                "rows": self.sample.num_rows,
            }
            (directory / "sample.parquet").write_bytes(kept.getvalue())
        (directory / "statistics.pb").write_bytes(payload)
        (directory / "statistics.json").write_text(json.dumps(about, indent=2) + "\n")

    @classmethod
    def read(cls, directory: Path) -> Statistics:
        """Read the files that `write` wrote.

        Raises:
            StatisticsError: a file is missing, cut short or was changed.
        """
        try:
            about = json.loads((directory / "statistics.json").read_text())
            payload = (directory / "statistics.pb").read_bytes()
            proto = statistics_pb2.DatasetFeatureStatisticsList.FromString(payload)
            span, content_digest = about["span"], about["content_digest"]
            leakage = tuple(Leakage.of(fact) for fact in about.get("leakage", ()))
            facts = None if about["facts"] is None else Facts.of(about["facts"])
            intact = hashlib.sha256(payload).hexdigest() == about["sha256"]
            slices, left_out = None, 0
            if sliced := about.get("slices"):
                raw = (directory / "slices.pb").read_bytes()
                slices = statistics_pb2.DatasetFeatureStatisticsList.FromString(raw)
                left_out = sliced["left_out"]
                intact = intact and hashlib.sha256(raw).hexdigest() == sliced["sha256"]
            sample = None
            if kept := about.get("sample"):
                raw = (directory / "sample.parquet").read_bytes()
                intact = intact and hashlib.sha256(raw).hexdigest() == kept["sha256"]
                sample = _rows(raw) if intact else None
        except (OSError, ValueError, KeyError, TypeError, DecodeError, pa.ArrowException) as error:
            raise StatisticsError(
                f"cannot read statistics in {directory}: {error}; compute them again, with "
                "caching off"
            ) from None
        if not intact or not proto.datasets:
            raise StatisticsError(
                f"the files in {directory} are not what statistics.json was written for; "
                "compute the statistics again, with caching off"
            )
        return cls(proto, span, content_digest, leakage, facts, slices, left_out, sample)


def _alone(dataset: Any) -> Any:
    made = statistics_pb2.DatasetFeatureStatisticsList(datasets=[dataset])
    made.datasets[0].name = "all"
    return made


def _summary(feature: Any) -> FeatureSummary:
    kind = _TYPES.get(feature.type)
    if kind is None:
        raise StatisticsError(
            f"column {feature.path.step[0]!r} is nested, which has no summary; flatten it"
        )
    stats = feature.string_stats if kind == "string" else feature.num_stats
    numeric = kind != "string"
    histograms = {h.type: h for h in feature.num_stats.histograms}
    standard = histograms.get(statistics_pb2.Histogram.STANDARD)
    by_rank = _buckets(histograms.get(statistics_pb2.Histogram.QUANTILES))
    nans = int(standard.num_nan) if standard is not None else 0
    common = stats.common_stats
    known = numeric and common.tot_num_values > nans
    return FeatureSummary(
        name=feature.path.step[0],
        type=kind,
        count=int(common.num_non_missing),
        missing=int(common.num_missing),
        unique=None if numeric else int(stats.unique),
        top_values=() if numeric else tuple((v.value, int(v.frequency)) for v in stats.top_values),
        mean=stats.mean if known else None,
        std=stats.std_dev if known else None,
        min=stats.min if known else None,
        median=stats.median if known else None,
        max=stats.max if known else None,
        zeros=int(stats.num_zeros) if numeric else 0,
        nans=nans,
        fractions=_fractions(feature),
        quantiles=(by_rank[0][0], *(high for _, high, _ in by_rank)) if by_rank else (),
        histogram=_buckets(standard),
        quantile_histogram=by_rank,
        avg_length=None if numeric or not common.tot_num_values else stats.avg_length,
        counts=stored(feature) if numeric else None,
    )


def _fractions(feature: Any) -> int | None:
    return next((int(c.num) for c in feature.custom_stats if c.name == FRACTIONS), None)


def _buckets(histogram: Any) -> tuple[tuple[float, float, float], ...]:
    if histogram is None:
        return ()
    return tuple((b.low_value, b.high_value, b.sample_count) for b in histogram.buckets)


def _rows(raw: bytes) -> pa.Table:
    # Without threads: one of Arrow's that still holds the bytes when the interpreter ends would
    # abort the process.
    with pq.ParquetFile(io.BytesIO(raw)) as parquet:
        return parquet.read(use_threads=False)
