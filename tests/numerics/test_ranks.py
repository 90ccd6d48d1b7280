"""Agreement in order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.numerics.ranks import function_of, rank_correlation


def normal(seed, rows=2000):
    return np.random.default_rng(seed).normal(size=rows)


@given(st.lists(st.integers(-20, 20), min_size=3, max_size=60))
def test_a_monotonic_function_has_one(values):
    x = np.array(values, float)
    found = function_of(x, np.exp(x / 10), seed=0)
    assert np.isnan(found) if len(set(values)) == 1 else found == pytest.approx(1)


def test_noise_takes_it_away_sooner_than_a_correlation():
    x = normal(0)
    near = x + normal(1) / 10
    assert rank_correlation(x, near) > 0.99
    assert function_of(x, near, seed=0) < 0.96
    assert function_of(x, np.round(x, 2), seed=0) > 0.99


def test_independent_columns_have_about_none_even_in_sorted_rows():
    y = np.sort(normal(0))
    assert abs(function_of(normal(1), y, seed=0)) < 0.1
    assert abs(function_of(np.zeros(2000), y, seed=0)) < 0.1
    assert np.isnan(rank_correlation(np.zeros(2000), y))
    assert np.isnan(function_of(y, np.zeros(2000), seed=0))
    assert rank_correlation(y, -np.exp(y)) == pytest.approx(-1)
