"""Read statistics that TFDV or TFX wrote: a `DatasetFeatureStatisticsList` without rows.

TFX's StatisticsGen writes `Split-train/FeatureStats.pb`; TFDV writes records (`stats.tfrecord`) or
text (`stats.pbtxt`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from google.protobuf import text_format
from google.protobuf.message import DecodeError
from tensorflow_metadata.proto.v0 import statistics_pb2

from tidegate.core.errors import StatisticsError
from tidegate.statistics.model import Statistics
from tidegate.statistics.partial import TOP_VALUES

#: The names of the dataset of all rows: ours, and TFDV's beside slices.
_WHOLE: Final = ("all", "All Examples")


def parse(name: str, records: Iterable[bytes]) -> Any:
    """Parse the content of a file.

    Args:
        name: The file's name; one that ends in `.pbtxt` is text.
        records: Its content; for a file of records, each of them.

    Raises:
        StatisticsError: it is no such list.
    """
    payloads = list(records)
    try:
        if len(payloads) != 1:
            raise DecodeError(f"it has {len(payloads)} records, and not one")
        if name.endswith(".pbtxt"):
            text = payloads[0].decode()
            return text_format.Parse(text, statistics_pb2.DatasetFeatureStatisticsList())
        return statistics_pb2.DatasetFeatureStatisticsList.FromString(payloads[0])
    except (DecodeError, UnicodeDecodeError, text_format.ParseError) as error:
        raise StatisticsError(
            f"{name} holds no statistics of TFDV (DatasetFeatureStatisticsList): "
            f"{' '.join(str(error).split())}"
        ) from None


def of_proto(proto: Any, *, span: str, content_digest: str) -> tuple[Statistics, dict[str, str]]:
    """Statistics of plain columns, and the columns that are left out, each with what it holds.

    A row whose list of values is empty counts as a row without a value.

    Raises:
        StatisticsError: it has no dataset of all rows, or counts that contradict each other.
    """
    dataset = _whole(proto, span)
    made = statistics_pb2.DatasetFeatureStatistics(name="all", num_examples=dataset.num_examples)
    left_out: dict[str, str] = {}
    for feature in dataset.features:
        steps = list(feature.path.step) or [feature.name]
        what = _not_plain(feature, steps)
        if what:
            left_out[".".join(steps)] = f"{what}, which is no plain value"
            continue
        plain = made.features.add()
        plain.CopyFrom(feature)
        plain.path.step[:] = steps
        _settle(plain, dataset.num_examples, span)
    if not made.features:
        raise StatisticsError(f"{span} describes no column that can be judged")
    whole = statistics_pb2.DatasetFeatureStatisticsList(datasets=[made])
    return Statistics(whole, span, content_digest), left_out


def _whole(proto: Any, span: str) -> Any:
    datasets = list(proto.datasets)
    named = [d for d in datasets if d.name in _WHOLE] or (datasets if len(datasets) == 1 else [])
    if not named:
        names = ", ".join(repr(d.name) for d in datasets) or "none"
        raise StatisticsError(
            f"{span} has no statistics of all rows, only: {names}; write those of one dataset"
        )
    if not named[0].num_examples:
        raise StatisticsError(f"{span} has no rows; there is nothing to compare")
    return named[0]


def _not_plain(feature: Any, steps: list[str]) -> str:
    kind = feature.WhichOneof("stats")
    if len(steps) > 1 or kind == "struct_stats":
        return "a nested feature"
    if kind not in ("num_stats", "string_stats"):
        return "bytes"
    common = getattr(feature, kind).common_stats
    if common.max_num_values > 1:
        return f"up to {common.max_num_values} values in a row"
    return ""


def _settle(feature: Any, rows: int, span: str) -> None:
    """Count only rows with a value, and list as many values as there are."""
    text = feature.WhichOneof("stats") == "string_stats"
    stats = feature.string_stats if text else feature.num_stats
    common = stats.common_stats
    count = common.tot_num_values if common.max_num_values else common.num_non_missing
    if not 0 <= count <= rows:
        raise StatisticsError(
            f"{span}: column {feature.path.step[0]!r} has {count:,} values in {rows:,} rows; the "
            "file is damaged"
        )
    common.num_non_missing = common.tot_num_values = count
    common.num_missing = rows - count
    common.min_num_values = common.max_num_values = min(count, 1)
    if text:
        buckets = list(stats.rank_histogram.buckets)[:TOP_VALUES]
        if len(buckets) > len(stats.top_values):
            del stats.top_values[:]
            for bucket in buckets:
                stats.top_values.add(value=bucket.label, frequency=bucket.sample_count)
    elif feature.type == statistics_pb2.FeatureNameStatistics.INT and stats.max - stats.min == 1:
        _part(stats, count)


def _part(stats: Any, count: int) -> None:
    """Count both values of a column that has two, where a bucket lies across them."""
    quantiles = statistics_pb2.Histogram.QUANTILES
    greater = round((stats.mean - stats.min) * count)
    for histogram in (h for h in stats.histograms if h.type == quantiles):
        del histogram.buckets[:]
        for value, number in ((stats.min, count - greater), (stats.max, greater)):
            histogram.buckets.add(low_value=value, high_value=value, sample_count=number)
