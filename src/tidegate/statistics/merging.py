"""Merge the recorded statistics of several spans into one.

Counts, shares of listed values, counts of numbers, means and deviations are the same as for all
rows together. For values that not every span lists, the sum covers the spans that list them, and
the rest is one cell, as within a single span. Where numbers are not all counted one by one,
quantiles come from the mixture of the spans' quantile histograms, each spread evenly within its
buckets: they are within one of 100 buckets of the exact ones. The number of distinct values is
exact where all are listed, else the largest of the spans'.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from functools import partial as bind
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
from tensorflow_metadata.proto.v0 import statistics_pb2

from tidegate.core.errors import StatisticsError
from tidegate.data.sampling import sample
from tidegate.numerics.counts import add
from tidegate.numerics.distances import FloatArray
from tidegate.statistics import exact
from tidegate.statistics.cells import cell_masses
from tidegate.statistics.model import FRACTIONS, FeatureSummary, Statistics
from tidegate.statistics.partial import QUANTILE_BUCKETS, TOP_VALUES

_STANDARD_BUCKETS = 10


def merged(parts: Sequence[Statistics]) -> Statistics:
    """Merge the statistics of several spans: `all`, and the slices.

    The slices are those of the last span. A column has the type it has in the last span; spans with
    another type, text for numbers, are left out of it and count as having no values.

    Args:
        parts: The statistics, the oldest first.

    Raises:
        StatisticsError: there are none.
    """
    if not parts:
        raise StatisticsError("there are no statistics to merge")
    if len(parts) == 1:
        return parts[0]
    whole = _dataset("all", parts)
    sliced = [part.by_slice() for part in parts]
    slices = [_dataset(name, [p[name] for p in sliced if name in p]) for name in sliced[-1]]
    return Statistics(
        statistics_pb2.DatasetFeatureStatisticsList(datasets=[whole]),
        span=f"{parts[0].span} to {parts[-1].span} ({len(parts)} spans)",
        content_digest="",
        slices=statistics_pb2.DatasetFeatureStatisticsList(datasets=slices) if slices else None,
        sample=_sample(parts),
    )


def _sample(parts: Sequence[Statistics]) -> pa.Table | None:
    """Merge the rows that the spans kept, by their shares.

    There are as many rows as one span's. Columns that a span lacks, or has with another type than
    the last, are empty in its rows.
    """
    known = [(part.sample, part.num_examples()) for part in parts if part.sample is not None]
    if not known:
        return None
    like = known[-1][0].schema
    total = sum(rows for _, rows in known)
    most = max(kept.num_rows for kept, _ in known)
    tables = []
    for kept, rows in known:
        share = min(kept.num_rows, round(most * rows / total))
        taken, _ = sample(kept.to_batches(), max(share, 1))
        there = taken.schema
        tables.append(
            pa.table(
                [
                    taken.column(field.name)
                    if field.name in there.names and there.field(field.name).type == field.type
                    else pa.nulls(taken.num_rows, field.type)
                    for field in like
                ],
                schema=like,
            )
        )
    return pa.concat_tables(tables)


def _dataset(name: str, parts: Sequence[Statistics]) -> Any:
    dataset = statistics_pb2.DatasetFeatureStatistics(
        name=name, num_examples=sum(part.num_examples() for part in parts)
    )
    summaries = [part.features() for part in parts]
    for column in dict.fromkeys(c for part in reversed(summaries) for c in part):
        sides = [part[column] for part in summaries if column in part]
        # A column without any value is a string to TFDV.
        known = [side for side in sides if side.count] or sides
        text = known[-1].type == "string"
        same = [side for side in known if (side.type == "string") == text]
        missing = dataset.num_examples - sum(side.count for side in same)
        dataset.features.append(_feature(column, same, missing=missing))
    return dataset


def _feature(name: str, sides: Sequence[FeatureSummary], *, missing: int) -> Any:
    kinds = statistics_pb2.FeatureNameStatistics
    feature = kinds(type=kinds.STRING)
    feature.path.step.append(name)
    stats: Any = feature.string_stats
    if sides[-1].type != "string":
        whole = all(side.type == "int" for side in sides)
        feature.type = kinds.INT if whole else kinds.FLOAT
        stats = feature.num_stats
        _numbers(stats, [side for side in sides if side.count > side.nans])
    else:
        _text(stats, sides)
    common = stats.common_stats
    common.num_non_missing = sum(side.count for side in sides)
    common.num_missing = missing
    common.min_num_values = common.max_num_values = 1
    common.avg_num_values = 1.0
    common.tot_num_values = common.num_non_missing
    if sides[-1].type != "string":
        nans = sum(side.nans for side in sides)
        if feature.type == kinds.FLOAT and all(s.is_whole or s.fractions for s in sides):
            fractions = sum(side.fractions or 0 for side in sides)
            feature.custom_stats.add(name=FRACTIONS, num=fractions)
        for kind in (statistics_pb2.Histogram.STANDARD, statistics_pb2.Histogram.QUANTILES):
            found = [h for h in stats.histograms if h.type == kind]
            (found[0] if found else stats.histograms.add(type=kind)).num_nan = nans
        counted = [side.counts for side in sides if side.counts is not None]
        if len(counted) == len(sides):
            exact.store(feature, reduce(bind(add, most=exact.MOST), counted))
    return feature


def _text(stats: Any, sides: Sequence[FeatureSummary]) -> None:
    counts = Counter[str]()
    for side in sides:
        counts.update(dict(side.top_values))
    complete = all(sum(c for _, c in side.top_values) >= side.count for side in sides)
    stats.unique = len(counts) if complete else max(side.unique or 0 for side in sides)
    total = sum(side.count for side in sides)
    if total:
        weights = [(side.avg_length or 0.0) * side.count for side in sides]
        stats.avg_length = sum(weights) / total
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:TOP_VALUES]
    for rank, (value, count) in enumerate(ranked):
        stats.top_values.add(value=value, frequency=count)
        stats.rank_histogram.buckets.add(
            low_rank=rank, high_rank=rank, label=value, sample_count=count
        )


def _numbers(stats: Any, sides: Sequence[FeatureSummary]) -> None:
    if not sides:
        return
    weights = np.array([side.count - side.nans for side in sides], float)
    means, deviations = (
        np.array([getattr(side, field) for side in sides], float) for field in ("mean", "std")
    )
    with np.errstate(invalid="ignore", over="ignore"):
        mean = float((weights * means).sum() / weights.sum())
        spread = (weights * (deviations**2 + (means - mean) ** 2)).sum() / weights.sum()
        stats.mean, stats.std_dev = mean, math.sqrt(spread) if spread >= 0 else math.nan
    stats.num_zeros = sum(side.zeros for side in sides)
    stats.min = min(side.min for side in sides if side.min is not None)
    stats.max = max(side.max for side in sides if side.max is not None)
    quantiles = _quantiles(sides)
    if not len(quantiles):
        return
    share = float(weights.sum()) / QUANTILE_BUCKETS
    by_rank = stats.histograms.add(type=statistics_pb2.Histogram.QUANTILES)
    for low, high in itertools.pairwise(quantiles):
        by_rank.buckets.add(low_value=low, high_value=high, sample_count=share)
    stats.median = float(quantiles[QUANTILE_BUCKETS // 2])
    finite = quantiles[np.isfinite(quantiles)]
    if len(finite):
        _standard(stats, sides, float(finite[0]), float(finite[-1]))


def _quantiles(sides: Sequence[FeatureSummary]) -> FloatArray:
    """The edges of equal-mass buckets in the mixture of all sides.

    Empty if there is no mass.
    """
    edges: FloatArray = np.unique(
        [edge for side in sides for low, high, _ in side.quantile_histogram for edge in (low, high)]
    )
    edges = edges[np.isfinite(edges)]
    # Just below an edge too: a frequent value is a step.
    values = np.unique(np.append(edges, np.nextafter(edges, -np.inf)))
    mass = np.sum([cell_masses(side.quantile_histogram, values) for side in sides], axis=0)
    if not len(values) or not mass.sum() > 0:
        return edges[:0]
    reached = np.cumsum(mass)[:-1]
    configured = np.linspace(0, 1, QUANTILE_BUCKETS + 1) * mass.sum()
    # Cumulated sums of floats may end a trifle short.
    slack = 1e-9 * mass.sum()
    # Interpolated between numbers a hair apart, a quantile may land beyond the upper one.
    reaching = np.searchsorted(reached, configured - slack).clip(max=len(values) - 1)
    found = np.minimum(np.interp(configured, reached, values), values[reaching])
    upper = edges[np.searchsorted(edges, found).clip(max=len(edges) - 1)]
    found = np.where(np.nextafter(upper, -np.inf) <= found, upper, found)
    found = np.maximum.accumulate(found)
    found = np.where(configured < mass[0] - slack, -np.inf, found)
    result: FloatArray = np.where(configured > reached[-1] + slack, np.inf, found)
    return result


def _standard(stats: Any, sides: Sequence[FeatureSummary], low: float, high: float) -> None:
    histogram = stats.histograms.add(type=statistics_pb2.Histogram.STANDARD)
    edges = np.linspace(low, high, _STANDARD_BUCKETS + 1) if low < high else np.array([low, high])
    inner = edges[1:-1]
    mass = np.sum([cell_masses(side.quantile_histogram, inner) for side in sides], axis=0)
    for left, right, count in zip(edges, edges[1:], mass, strict=False):
        histogram.buckets.add(low_value=left, high_value=right, sample_count=count)
