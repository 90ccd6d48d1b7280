"""Numbers counted exactly in bounded space."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tidegate.numerics.counts import EMPTY, add, alike, between, count

FINITE = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.lists(
    st.floats(allow_nan=False) | st.integers(-1000, 1000).map(float) | st.floats(0, 1), max_size=60
)


def held(counted, values):
    """How many of the values each interval holds, by comparing each value with its ends."""
    return [sum(low <= v <= high for v in values) for low, high, _ in counted.buckets]


@given(VALUES, st.integers(1, 70))
@example([0.3, 0.1 + 0.2, 0.29999999999999993, -0.3], 1)
@example([1e300, -1e300, 5e-324, 1e-320, 9.99e22, math.inf, -math.inf, 0.0, -0.0], 3)
@example([0.0, -1.0000000000000002e308], 1)
@example([10.0, 9.99, 100.0, 99.0, -10.0, -9.99, -10.5], 2)
def test_each_value_is_in_the_interval_that_counts_it(values, most):
    counted = count(np.array(values), most)
    assert counted.total == len(values)
    assert held(counted, values) == counted.counts.tolist()
    assert len(counted.lows) <= most or counted.digits == 1
    assert all(a[1] < b[0] for a, b in zip(counted.buckets, counted.buckets[1:], strict=False))


@given(VALUES, st.data(), st.integers(1, 40))
def test_parts_add_up_to_the_whole_however_it_is_divided(values, data, most):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(values)), max_size=3)))
    total = EMPTY
    for start, stop in zip([0, *cuts], [*cuts, len(values)], strict=True):
        total = add(total, count(np.array(values[start:stop]), most), most)
    assert total == count(np.array(values), most)


@given(VALUES, VALUES, st.integers(1, 30))
def test_two_samples_get_common_intervals(first, second, most):
    a, b = alike(count(np.array(first), most), count(np.array(second), 2 * most))
    assert a.digits == b.digits or not (first and second)
    for counted, values in ((a, first), (b, second)):
        assert held(counted, values) == counted.counts.tolist()


def test_ends_are_decimal_numbers():
    counted = count(np.arange(1000) / 7, 170)
    assert counted.digits == 2
    assert counted.lows[:4].tolist() == [0.0, 0.14, 0.28, 0.42]
    assert counted.lows[-2:].tolist() == [130.0, 140.0]
    assert not counted.each
    assert count(np.arange(100) / 7, 150).each


@given(st.lists(st.integers(-5, 5), min_size=1), st.floats(0, 1))
def test_a_quantile_is_the_value_at_its_place(values, rank):
    place = min(math.floor(rank * len(values)), len(values) - 1)
    assert count(np.array(values, float), 20).quantiles([rank]) == [sorted(values)[place]]


@pytest.mark.parametrize(
    ("low", "high", "shortest"),
    [
        (3.14159, 3.1502, 3.15),
        (-0.62, -0.55, -0.6),
        (19, 23, 20),
        (19, 20, 20),
        (-1, 1, 0),
        (0.1, 0.1 + 2e-17, 0.1 + 2e-17),
        (999.5, 1000.5, 1000),
        (1.7e9, 1.7e9 + 1, 1.7e9 + 1),
        (-math.inf, 0.123, 0.123),
    ],
)
def test_a_number_between_two_has_few_digits(low, high, shortest):
    if low < high:
        assert between(low, high) == shortest


@given(FINITE, FINITE)
def test_a_number_between_two_lies_between_them(a, b):
    low, high = sorted((a, b))
    if low < high:
        assert low < between(low, high) <= high
