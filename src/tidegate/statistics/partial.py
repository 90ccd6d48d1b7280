"""Compute partial statistics of batches, merge them, and convert them.

The same pair (`partial_of`, `merge`) runs wherever batches are: in this process, in several, or in
the executors of a cluster. A partial is a list with one accumulator for each generator, and the
exact counts; it pickles to a few megabytes for any number of rows. At the end it becomes TFDV's
proto.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from tensorflow_metadata.proto.v0 import statistics_pb2

from tidegate.core._tfdv import (
    array_util,
    basic_stats_generator,
    merge_util,
    top_k_uniques_sketch_stats_generator,
    types,
)
from tidegate.core.errors import StatisticsError
from tidegate.statistics import exact
from tidegate.statistics.histograms import QUANTILES, equal_shares, equal_widths
from tidegate.statistics.model import FRACTIONS

#: Buckets of the quantile histogram. One value of 1e8 among 10,000 ordinary ones moves the
#: Jensen-Shannon divergence by 0.10 over TFDV's default of ten and by less than 0.02 over these.
QUANTILE_BUCKETS = 100
#: Rank error of the quantile sketch: a fifth of a bucket, where TFDV's default, 0.01, is a whole
#: one. Half of it takes 70 MB more.
EPSILON = 0.002
#: Most frequent values kept of a string column.
TOP_VALUES = 1000
#: Distinct values up to which the counts of string values are exact. Above EXACT_UNIQUES by more
#: than the sketch's error, so that `unique` tells whether a count can be inexact.
EXACT_COUNTS = 20_000

Partial = list[Any]


class _Fractions:
    """The number of values of each float column that are no whole numbers.

    Infinite values are none; NaN is not counted. Statistics of TFDV do not tell, as int and float
    are types there and not values.
    """

    def create_accumulator(self) -> dict[str, int]:
        return {}

    def add_input(self, accumulator: dict[str, int], batch: pa.RecordBatch) -> dict[str, int]:
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            if pa.types.is_floating(column.type.value_type):
                values = column.flatten().to_numpy(zero_copy_only=False)
                whole = np.isfinite(values) & (np.floor(values) == values)
                count = len(values) - int(np.count_nonzero(whole | np.isnan(values)))
                accumulator[name] = accumulator.get(name, 0) + count
        return accumulator

    def merge_accumulators(self, accumulators: Sequence[dict[str, int]]) -> dict[str, int]:
        first, *others = accumulators
        for other in others:
            for name, count in other.items():
                first[name] = first.get(name, 0) + count
        return first

    def compact(self, accumulator: dict[str, int]) -> dict[str, int]:
        return accumulator

    def extract_output(self, accumulator: dict[str, int]) -> Any:
        made = statistics_pb2.DatasetFeatureStatistics()
        for name, count in accumulator.items():
            feature = made.features.add(type=statistics_pb2.FeatureNameStatistics.FLOAT)
            feature.path.step.append(name)
            feature.custom_stats.add(name=FRACTIONS, num=count)
        return made


class _BasicStats(basic_stats_generator.BasicStatsGenerator):  # type: ignore[misc]
    """TFDV's basic statistics at default settings, with finer quantile histograms.

    TFDV derives all histograms from one list of quantiles, in Python. So it is configured for the
    fewest, and both histograms are replaced: the one of equal widths by the result of TFDV's
    default settings, the one of type QUANTILES by 100 buckets straight from the sketch.
    """

    def __init__(self) -> None:
        super().__init__(
            epsilon=EPSILON, num_histogram_buckets=1, num_quantiles_histogram_buckets=1
        )

    def extract_output(self, accumulator: Any) -> Any:
        result = super().extract_output(accumulator)
        for feature in result.features:
            histograms = feature.num_stats.histograms
            if not any(histogram.buckets for histogram in histograms):
                continue
            numbers = accumulator[types.FeaturePath.from_proto(feature.path)].numeric_stats
            finer = {
                statistics_pb2.Histogram.STANDARD: equal_widths(
                    *_quantiles(numbers.quantiles_summary, QUANTILES),
                    least=numbers.finite_min,
                    greatest=numbers.finite_max,
                    infinite=numbers.pos_inf_count,
                ),
                statistics_pb2.Histogram.QUANTILES: equal_shares(
                    *_quantiles(numbers.quantiles_summary, QUANTILE_BUCKETS)
                ),
            }
            for histogram in histograms:
                made = finer[histogram.type]
                made.num_nan = histogram.num_nan
                histogram.CopyFrom(made)
        return result


def _quantiles(sketch: Any, buckets: int) -> Iterator[Any]:
    """The bucket edges, and the number of values up to each."""
    for values in sketch.GetQuantilesAndCumulativeWeights(buckets):
        yield values.flatten().to_numpy(zero_copy_only=False)


_GENERATORS = (
    _BasicStats(),
    top_k_uniques_sketch_stats_generator.TopKUniquesSketchStatsGenerator(
        num_top_values=TOP_VALUES,
        num_rank_histogram_buckets=TOP_VALUES,
        num_misragries_buckets=EXACT_COUNTS,
        num_kmv_buckets=exact.EXACT_UNIQUES,
        length_counter_sampling_rate=0.0,
    ),
    _Fractions(),
)


def partial_of(batch: pa.RecordBatch) -> Partial:
    """The partial statistics of one batch of plain columns.

    Raises:
        StatisticsError: a column's type has no statistics (lists, structs, maps).
    """
    names = batch.schema.names
    plain = pa.RecordBatch.from_arrays(
        [_plain(column, name) for name, column in zip(names, batch.columns, strict=True)], names
    )
    # TFDV sees an example's feature as a list of values; a missing value is a list that is null.
    lists = pa.RecordBatch.from_arrays(
        [array_util.ToSingletonListArray(column) for column in plain.columns], names
    )
    # An infinite value makes the mean NaN, which validation reports by name; numpy's warnings
    # would add nothing.
    with np.errstate(invalid="ignore", over="ignore"):
        sketched = [g.add_input(g.create_accumulator(), lists) for g in _GENERATORS]
    return [*sketched, exact.count_columns(plain)]


def merge(first: Partial, second: Partial) -> Partial:
    """Merge two partials. Consumes `first`, which must not be used again.

    `second` stays unchanged.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        sketched = [
            g.merge_accumulators([a, b])
            for g, a, b in zip(_GENERATORS, first[:-1], second[:-1], strict=True)
        ]
    return [*sketched, exact.add_columns(first[-1], second[-1])]


def copy(partial: Partial) -> Partial:
    """Copy a partial independently."""
    return pickle.loads(pickle.dumps(partial))  # type: ignore[no-any-return]  # noqa: S301


def extract(partial: Partial, *, name: str, columns: Sequence[str]) -> Any:
    """Convert a partial to `DatasetFeatureStatistics`, ordered by `columns`.

    The partial is consumed.
    """
    *sketched, counted = partial
    outputs = [g.extract_output(g.compact(a)) for g, a in zip(_GENERATORS, sketched, strict=True)]
    dataset = merge_util.merge_dataset_feature_statistics(outputs).datasets[0]
    dataset.name = name
    position = {column: i for i, column in enumerate(columns)}
    features = sorted(dataset.features, key=lambda f: position[f.path.step[0]])
    for feature in features:
        if feature.string_stats.unique > exact.EXACT_UNIQUES:
            _drop_guesses(feature.string_stats)
        if (counts := counted.get(feature.path.step[0])) is not None:
            exact.store(feature, counts)
    del dataset.features[:]
    dataset.features.extend(features)
    return dataset


def _drop_guesses(stats: Any) -> None:
    # Where a column has more distinct values than the sketch has counters, the sketch fills up
    # with values that all have its error as their count: any of very many, in an order that
    # differs from process to process. They are meaningless, and have the least count.
    buckets = stats.rank_histogram.buckets
    if not buckets:
        return
    least = buckets[-1].sample_count
    kept = [b for b in buckets if b.sample_count > least]
    del buckets[:]
    buckets.extend(kept)
    top = [v for v in stats.top_values if v.frequency > least]
    del stats.top_values[:]
    stats.top_values.extend(top)


def _plain(column: pa.Array, name: str) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if kind in (pa.int64(), pa.float64(), pa.string()):
        return column
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        target = pa.int64()
    elif pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        target = pa.float64()
    elif pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        text = pc.replace_substring(column.cast(pa.timestamp("us")).cast(pa.string()), " ", "T")
        return pc.replace_substring_regex(text, r"\.0+$", "")
    elif pa.types.is_null(kind) or pa.types.is_large_string(kind):
        target = pa.string()
    else:
        raise StatisticsError(
            f"column {name!r} is of type {kind}, which has no statistics; "
            "flatten it into plain columns before it is ingested"
        )
    try:
        return column.cast(target)
    except pa.ArrowInvalid as error:
        raise StatisticsError(
            f"column {name!r} of type {kind} does not fit {target}: {error}"
        ) from None
