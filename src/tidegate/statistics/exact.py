"""Store exact counts of numbers in TFDV's proto, as a custom statistic of a column.

TFDV sketches the quantiles of numbers: good enough to judge, and not to state a share. So every
column of numbers also has counts (`tidegate.numerics.counts`).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import numpy as np
import pyarrow as pa
from tensorflow_metadata.proto.v0 import statistics_pb2

from tidegate.numerics.counts import EMPTY, Counts, add, count

#: The most intervals of a column, and the most of all columns together.
MOST: Final = 4096
_MOST_IN_ALL: Final = 400_000
#: The fewest intervals that a column may have at most, however many columns there are.
LEAST: Final = 1024
_NAME: Final = "exact_counts"
#: Distinct texts up to which they, and their values' counts, are exact (the size of TFDV's sketch).
EXACT_UNIQUES: Final = 16_384


def count_columns(batch: pa.RecordBatch) -> dict[str, Counts]:
    """Count the numbers of each column of numbers, without NaN."""
    numbers = {
        name: column
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
        if column.type in (pa.int64(), pa.float64())
    }
    most = _most(len(numbers))
    return {name: count(_floats(column), most) for name, column in numbers.items()}


def add_columns(first: dict[str, Counts], second: dict[str, Counts]) -> dict[str, Counts]:
    """Count the columns of two batches as one."""
    most = _most(max(len(first), len(second)))
    return {
        name: add(first.get(name, EMPTY), second.get(name, EMPTY), most) for name in first | second
    }


def _most(columns: int) -> int:
    return min(MOST, max(LEAST, _MOST_IN_ALL // max(columns, 1)))


def _floats(column: pa.Array) -> Any:
    values = column.drop_null().to_numpy(zero_copy_only=False).astype(np.float64, copy=False)
    return values[~np.isnan(values)]


def store(feature: Any, counts: Counts) -> None:
    """Write counts into a `FeatureNameStatistics`, in place of those it has.

    If each value is counted, the median and the quantiles become exact, too.
    """
    drop(feature)
    custom = feature.custom_stats.add(name=_NAME)
    custom.histogram.name = str(counts.digits)
    for low, high, number in counts.buckets:
        custom.histogram.buckets.add(low_value=low, high_value=high, sample_count=number)
    if not counts.each or not counts.total:
        return
    (feature.num_stats.median,) = counts.quantiles([0.5])
    for histogram in feature.num_stats.histograms:
        if histogram.type == statistics_pb2.Histogram.QUANTILES and histogram.buckets:
            buckets = len(histogram.buckets)
            ends = counts.quantiles([i / buckets for i in range(buckets + 1)])
            for bucket, (low, high) in zip(histogram.buckets, pairwise(ends), strict=True):
                bucket.low_value, bucket.high_value = low, high


def stored(feature: Any) -> Counts | None:
    """Read the counts of a `FeatureNameStatistics`; None if it has none."""
    for custom in feature.custom_stats:
        if custom.name == _NAME:
            buckets = custom.histogram.buckets
            lows = np.array([b.low_value for b in buckets], float)
            counts = np.array([b.sample_count for b in buckets], float).astype(np.int64)
            return Counts(int(custom.histogram.name), lows, counts)
    return None


def drop(feature: Any) -> None:
    """Remove the counts from a `FeatureNameStatistics`."""
    kept = [custom for custom in feature.custom_stats if custom.name != _NAME]
    if len(kept) < len(feature.custom_stats):
        del feature.custom_stats[:]
        feature.custom_stats.extend(kept)
