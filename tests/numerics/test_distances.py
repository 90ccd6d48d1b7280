"""Distances between shares, and that they are TFDV's."""

import math

import numpy as np
import pytest
import tensorflow_data_validation as tfdv
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from tests.support.drift import apart, of
from tidegate.numerics.distances import jensen_shannon, l_infinity
from tidegate.statistics.cells import cell_edges, cell_masses

weights = st.lists(st.integers(0, 1000), min_size=2, max_size=20).filter(any)


@given(st.data(), weights)
def test_jensen_shannon_is_a_symmetric_divergence_in_0_1(data, p):
    q = data.draw(st.lists(st.integers(0, 1000), min_size=len(p), max_size=len(p)).filter(any))
    p, q = np.array(p), np.array(q)
    value = jensen_shannon(p, q)
    assert 0 <= value <= 1
    assert value == pytest.approx(jensen_shannon(q, p), abs=1e-12)
    assert jensen_shannon(p, p * 3) == pytest.approx(0, abs=1e-12)
    assert jensen_shannon([*p, *np.zeros_like(q)], [*np.zeros_like(p), *q]) == pytest.approx(1)


def test_no_mass_is_not_a_distance_of_zero():
    assert math.isnan(jensen_shannon([0, 0], [1, 2]))
    assert math.isnan(l_infinity([1, 2], [0, 0]))


def tfdv_measures(current, baseline, *, kind, measures):
    """What TFDV's validation measures between two `FeatureNameStatistics`."""
    schema = schema_pb2.Schema()
    feature = schema.feature.add(name="x", type=kind)
    for measure in measures:
        comparator = getattr(feature.drift_comparator, measure)
        comparator.threshold = 0.0
        if kind != schema_pb2.BYTES:
            comparator.source.type = schema_pb2.HistogramSelection.QUANTILES
    lists = [
        statistics_pb2.DatasetFeatureStatisticsList(
            datasets=[statistics_pb2.DatasetFeatureStatistics(num_examples=9, features=[f])]
        )
        for f in (current, baseline)
    ]
    found = tfdv.validate_statistics(lists[0], schema, previous_statistics=lists[1])
    return [m.value for m in found.drift_skew_info[0].drift_measurements]


values = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=60)


@settings(max_examples=40, deadline=None)
@given(values, values)
def test_categories_agree_with_tfdv(current, baseline):
    found = apart(current, baseline)
    theirs = tfdv_measures(
        of({"x": current}).split().features[0],
        of({"x": baseline}).split().features[0],
        kind=schema_pb2.BYTES,
        measures=["infinity_norm", "jensen_shannon_divergence"],
    )
    ours = [found["l_infinity"].value, found["jensen_shannon"].value]
    assert [f"{v:.12f}" for v in ours] == [f"{v:.12f}" for v in theirs]


def test_numbers_agree_with_tfdv_over_the_same_cells():
    generator = np.random.default_rng(2)
    a = of({"x": generator.normal(0.5, 1, 40_000)}).features()["x"].quantile_histogram
    b = of({"x": generator.normal(0, 1, 30_000)}).features()["x"].quantile_histogram
    edges = cell_edges(b, exact=False)
    bounds = [-100.0, *edges, 100.0]
    masses = [cell_masses(histogram, edges) for histogram in (a, b)]
    features = []
    for mass in masses:
        feature = statistics_pb2.FeatureNameStatistics(
            type=statistics_pb2.FeatureNameStatistics.FLOAT
        )
        feature.path.step.append("x")
        feature.num_stats.common_stats.num_non_missing = 9
        histogram = feature.num_stats.histograms.add(type=statistics_pb2.Histogram.QUANTILES)
        for low, high, count in zip(bounds, bounds[1:], mass, strict=False):
            histogram.buckets.add(low_value=low, high_value=high, sample_count=count)
        features.append(feature)
    theirs = tfdv_measures(*features, kind=schema_pb2.FLOAT, measures=["jensen_shannon_divergence"])
    assert [jensen_shannon(*masses)] == pytest.approx(theirs, abs=1e-9)
    # Of two normals half a sigma apart; d^2 / (8 ln 2) is the leading term of the exact value.
    assert theirs[0] == pytest.approx(0.5**2 / (8 * math.log(2)), rel=0.1)
