import math

import numpy as np
import pyarrow as pa
import pytest
import tensorflow_data_validation as tfdv
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from tidegate.comparison.drift.compare import compare
from tidegate.comparison.drift.findings import drift_findings
from tidegate.contract import Contract
from tidegate.numerics.distances import jensen_shannon, l_infinity
from tidegate.statistics import compute_table
from tidegate.statistics.cells import cell_edges, cell_masses

weights = st.lists(st.integers(0, 1000), min_size=2, max_size=20).filter(any)


def of(columns, span="1"):
    table = pa.table(columns)
    return compute_table(table.to_batches(), schema=table.schema, span=span)


def contract(gates="{drift: auto}"):
    return Contract.parse(
        f"dataset: d\nsource: {{uri: x, format: csv}}\nkey: [id]\ngates: {gates}\n"
    )


def apart(current, baseline, gates="{drift: auto}"):
    """The distances of column `x`, by measure."""
    found = compare(of({"x": current}, "2"), of({"x": baseline}, "1"), contract(gates))
    return {d.measure: d for d in found}


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
    edges = cell_edges(b)
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


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-20, 20) | st.floats(-50, 50), min_size=1, max_size=300),
    st.lists(st.integers(-30, 30) | st.floats(-80, 80), min_size=1, max_size=300),
)
def test_cells_hold_everything_once(baseline, current):
    past = of({"x": [float(v) for v in baseline]}).features()["x"].quantile_histogram
    now = of({"x": [float(v) for v in current]}).features()["x"].quantile_histogram
    edges = cell_edges(past)
    assert (np.diff(edges) > 0).all()
    for histogram, values in ((past, baseline), (now, current)):
        mass = cell_masses(histogram, edges)
        assert mass.sum() == pytest.approx(len(values))
        assert mass[0] == pytest.approx(0, abs=len(values) / 50) or min(current) < min(baseline)
    assert cell_masses(past, edges)[[0, -1]] == pytest.approx([0, 0], abs=1e-6)


def test_one_outlier_decides_nothing():
    values = np.random.default_rng(3).normal(size=10_000)
    with_outlier = values.copy()
    with_outlier[17] = 1e8
    assert apart(with_outlier, values)["jensen_shannon"].value < 0.006
    assert apart(values, with_outlier)["jensen_shannon"].value < 0.006


@pytest.mark.parametrize("distinct", [5, 60, 214, 1000])
def test_ties_do_not_look_like_drift(distinct):
    generator = np.random.default_rng(4)
    support = np.unique(generator.integers(50, 3000, distinct))
    share = generator.exponential(size=len(support))
    draw = lambda: generator.choice(support, 13_000, p=share / share.sum())  # noqa: E731
    assert apart(draw(), draw())["jensen_shannon"].value < 0.005


def test_a_frequent_value_that_moves_a_little_is_seen():
    generator = np.random.default_rng(5)
    around = generator.normal(100, 20, 6000)
    before = np.append(around, np.full(4000, 100.0))
    after = np.append(around, np.full(4000, 99.5))
    assert apart(after, before)["jensen_shannon"].value > 0.3


def test_values_beyond_the_baseline_are_seen_at_either_end():
    values = np.random.default_rng(6).uniform(0, 1, 5000)
    for shifted, label in ((values + 2, "above"), (values - 2, "below")):
        found = apart(shifted, values)["jensen_shannon"]
        assert found.value == pytest.approx(1)
        assert (found.status, found.moved[0][0].split()[0]) == ("drift", label)


def test_infinite_and_nan_values_are_cells_of_their_own():
    values = np.random.default_rng(7).normal(size=4000)
    for stray in (math.inf, -math.inf, math.nan):
        some = values.copy()
        some[:2000] = stray
        assert apart(some, values)["jensen_shannon"].value > 0.25
        assert apart(some, some)["jensen_shannon"].value == pytest.approx(0, abs=1e-6)


def test_long_lists_of_values_are_compared_as_far_as_they_are_known():
    generator = np.random.default_rng(8)
    values = [f"v{i}" for i in np.minimum(generator.zipf(1.2, 30_000), 5000)]
    same = apart(values[:15_000], values[15_000:])["jensen_shannon"]
    assert "all others as one" in same.note
    assert same.status == "ok"
    assert same.value < 0.02
    other = apart([f"w{v}" for v in values], values)["jensen_shannon"]
    assert other.status == "drift"
    assert other.value > 0.5


def test_a_feature_whose_values_never_recur_is_said_not_to_be_judged():
    found = apart([f"a{i}" for i in range(30_000)], [f"b{i}" for i in range(30_000)])
    assert {(d.value, d.status) for d in found.values()} == {(None, "report")}
    findings = drift_findings(found.values(), contract())
    assert [(f.code, f.severity) for f in findings] == [("drift_not_judged", "warn")]
