"""The statistics of several spans as one."""

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.baselines import contract
from tests.support.drift import of
from tidegate.comparison.drift.compare import compare
from tidegate.core.errors import StatisticsError
from tidegate.statistics import Statistics
from tidegate.statistics.merging import merged


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.sampled_from([None, *"abcde"]), min_size=1), min_size=2, max_size=4))
def test_texts_merge_to_what_all_rows_have(parts):
    columns = [pa.array(part, pa.string()) for part in parts]
    ours = merged([of({"x": c}) for c in columns]).features()["x"]
    theirs = of({"x": pa.concat_arrays(columns)}).features()["x"]
    assert (ours.count, ours.missing, ours.unique) == (theirs.count, theirs.missing, theirs.unique)
    assert dict(ours.top_values) == dict(theirs.top_values)
    assert [c for _, c in ours.top_values] == sorted((c for _, c in ours.top_values), reverse=True)
    if ours.count:
        assert ours.avg_length == pytest.approx(theirs.avg_length)


numbers = st.lists(
    st.none() | st.integers(-5, 5).map(float) | st.floats(-50, 50) | st.just(math.nan),
    min_size=1,
    max_size=200,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(numbers, min_size=2, max_size=4))
@example([[None], [0.0, 0.0, 1.0, -1.0]])
def test_numbers_merge_to_what_all_rows_have(parts):
    columns = [pa.array(part, pa.float64()) for part in parts]
    ours = merged([of({"x": c}) for c in columns]).features()["x"]
    theirs = of({"x": pa.concat_arrays(columns)}).features()["x"]
    for field in ("type", "count", "missing", "nans", "zeros", "min", "max"):
        assert getattr(ours, field) == getattr(theirs, field), field
    assert ours.counts == theirs.counts
    if theirs.mean is not None:
        assert ours.mean == pytest.approx(theirs.mean, abs=1e-6)
        assert ours.std == pytest.approx(theirs.std, abs=1e-5)
        total = sum(c for _, _, c in ours.quantile_histogram)
        assert total == pytest.approx(ours.count - ours.nans)
        assert len(ours.quantiles) == 101
        assert list(ours.quantiles) == sorted(ours.quantiles)
        assert (ours.quantiles[0], ours.quantiles[-1]) == (ours.min, ours.max)


def test_merged_quantiles_are_within_a_bucket_of_the_exact_ones():
    generator = np.random.default_rng(1)
    parts = [
        generator.normal(0, 1, 8000),
        generator.exponential(3, 20_000),
        np.round(generator.normal(5, 2, 3000)),
    ]
    whole = np.sort(np.concatenate(parts))
    quantiles = merged([of({"x": p}) for p in parts]).features()["x"].quantiles
    below = np.searchsorted(whole, quantiles, side="left") / len(whole)
    upto = np.searchsorted(whole, quantiles, side="right") / len(whole)
    asked = np.linspace(0, 1, 101)
    assert (np.maximum(below - asked, asked - upto) < 0.01).all()


@pytest.mark.parametrize("stray", [math.inf, -math.inf])
def test_infinite_values_stay_at_their_end(stray):
    found = merged([of({"x": [1.0, 2.0, stray] * 20}), of({"x": [3.0, 4.0] * 30})]).features()["x"]
    assert (found.max if stray > 0 else found.min) == stray
    assert stray in found.quantiles


def test_halves_are_no_farther_from_their_merge_than_from_each_other():
    generator = np.random.default_rng(2)
    months = [
        of({"x": generator.exponential(size=9000), "c": generator.choice(list("abc"), 9000)}, s)
        for s in ("2013-01", "2013-02", "2013-03", "2013-04")
    ]
    baseline = merged(months[:3])
    assert baseline.span == "2013-01 to 2013-03 (3 spans)"
    assert baseline.num_examples() == 27_000
    found = compare(months[3], baseline, contract("default: auto"))
    assert [(d.feature, d.status, d.n_baseline) for d in found] == [
        ("x", "ok", 27_000),
        ("c", "ok", 27_000),
        ("c", "ok", 27_000),
    ]
    assert max(d.value for d in found) < 0.015
    assert max(d.value for d in found if d.measure == "jensen_shannon") < 0.002


def test_columns_that_come_go_and_change_their_type():
    old = of({"gone": [1, 2], "x": ["1", "2"], "y": pa.nulls(2, pa.string())}, "1")
    new = of({"x": [3, 4, 5], "y": [1, 2, 3], "new": ["a", "b", "b"]}, "2")
    found = merged([old, new]).features()
    assert {n: (f.type, f.count, f.missing) for n, f in found.items()} == {
        "x": ("int", 3, 2),
        "y": ("int", 3, 2),
        "new": ("string", 3, 2),
        "gone": ("int", 2, 3),
    }
    assert merged([new]) is new
    with pytest.raises(StatisticsError, match="no statistics to merge"):
        merged([])


def test_merged_statistics_survive_the_disk(tmp_path):
    made = merged(
        [of({"x": [1, 2], "c": ["a", "b"]}, "1"), of({"x": [3, 4], "c": ["a", "ü"]}, "2")]
    )
    made.write(tmp_path)
    assert Statistics.read(tmp_path).features() == made.features()


def test_fractions_merge_to_what_all_rows_have():
    for parts in ([[1.0, 2.0], [3.0]], [[1.5, 2.0], [3.5]], [[1.0], [0.5]]):
        ours = merged([of({"x": pa.array(p)}) for p in parts]).features()["x"]
        assert ours.fractions == sum(not v.is_integer() for p in parts for v in p)
    mixed = merged([of({"x": pa.array([1])}), of({"x": pa.array([2.0, None])})]).features()["x"]
    assert (mixed.type, mixed.fractions) == ("float", 0)
