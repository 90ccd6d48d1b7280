"""Quantiles are those of the tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.numerics.quantiles import (
    chi_square_quantile,
    gamma_above,
    gamma_quantile,
    t_quantile,
)


# Abramowitz and Stegun, tables 26.8 and 26.10; beyond them R 4.2.
@pytest.mark.parametrize(
    ("degrees", "level", "expected"),
    [
        (1, 0.05, 3.841459), (1, 0.01, 6.634897), (1, 1e-5, 19.511421), (3, 0.05, 7.814728),
        (20, 0.01, 37.566235), (20, 1e-5, 59.044550), (100, 0.001, 149.449253),
    ],
)  # fmt: skip
def test_chi_square_quantiles_are_those_of_the_tables(degrees, level, expected):
    assert chi_square_quantile(degrees, level) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("degrees", "level", "expected"),
    [
        (1, 0.05, 6.313752), (2, 0.01, 6.964557), (5, 0.025, 2.570582), (7, 0.0005, 5.407883),
        (10, 0.0001, 5.693820), (11, 0.0005, 4.436979), (30, 0.005, 2.749996),
    ],
)  # fmt: skip
def test_t_quantiles_are_those_of_the_tables(degrees, level, expected):
    assert t_quantile(degrees, level) == pytest.approx(expected, abs=1e-6)


@given(st.floats(0.05, 2000), st.floats(1e-9, 0.5))
def test_a_gamma_quantile_is_exceeded_with_its_level(shape, level):
    assert gamma_above(shape, gamma_quantile(shape, level)) == pytest.approx(level, rel=1e-6)
