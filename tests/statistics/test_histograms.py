"""Histograms of equal widths are TFDV's, to the last bit."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow_data_validation.utils import quantiles_util
from tfx_bsl import sketches

from tidegate.statistics import histograms


def sketched(values, buckets=histograms.QUANTILES):
    sketch = sketches.QuantilesSketch(0.002, 2**32, 1)
    sketch.AddValues(pa.array(np.asarray(values, float)))
    quantiles, cumulative = sketch.GetQuantilesAndCumulativeWeights(buckets)
    return (
        quantiles.flatten().to_numpy(zero_copy_only=False),
        cumulative.flatten().to_numpy(zero_copy_only=False),
    )


def both(values):
    values = np.asarray(values, float)
    finite = values[np.isfinite(values)]
    least, greatest = (finite.min(), finite.max()) if len(finite) else (np.inf, -np.inf)
    infinite = int((values == np.inf).sum())
    quantiles, cumulative = sketched(values)
    ours = histograms.equal_widths(
        quantiles, cumulative, least=least, greatest=greatest, infinite=infinite
    )
    theirs = quantiles_util.generate_equi_width_histogram(
        quantiles, cumulative, least, greatest, histograms.BUCKETS, infinite
    )
    return ours, theirs


numbers = st.one_of(
    st.integers(-20, 20).map(float),
    st.floats(-1e6, 1e6),
    st.sampled_from([0.1, 0.2, 0.3, 1e8, -1e8, 1e-9, 1e300]),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(numbers, min_size=1, max_size=400))
def test_any_numbers(values):
    ours, theirs = both(values)
    assert ours == theirs


@settings(max_examples=200, deadline=None)
@given(
    st.lists(numbers | st.sampled_from([np.inf, -np.inf, np.nan]), min_size=1, max_size=300),
    st.sampled_from([2, 3, 100]),
)
def test_any_quantile_buckets(values, buckets):
    quantiles, cumulative = sketched(values, buckets)
    ours = histograms.equal_shares(quantiles, cumulative)
    assert ours == quantiles_util.generate_quantiles_histogram(quantiles, cumulative)


@pytest.mark.parametrize(
    "values",
    [
        [1.0, 2.0, np.inf, 3.0],
        [-np.inf, 1.0, 2.0, 3.0, np.inf, np.inf],
        [np.inf, np.inf],
        [5.0] * 100,
        [-1e308, 1e308],
    ],
    ids=["plus", "both", "only", "constant", "overflow"],
)
def test_what_is_not_finite_and_what_does_not_vary(values):
    ours, theirs = both(values)
    assert ours == theirs


def test_long_tails_and_ties():
    random = np.random.default_rng(1)
    for values in (
        random.lognormal(0, 3, 20_000),
        random.integers(0, 11, 20_000),
        np.concatenate([random.normal(size=20_000), [1e8]]),
        np.repeat(np.arange(0, 101, 10), 100),
    ):
        ours, theirs = both(values)
        assert ours == theirs
        assert sum(b.sample_count for b in ours.buckets) == pytest.approx(len(values))
