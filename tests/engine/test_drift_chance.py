import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.comparison.drift.learned import MIN_STEPS, learn
from tidegate.comparison.drift.noise_floor import (
    jensen_shannon_moments,
    l_infinity_floor,
    noise_floor,
)
from tidegate.numerics.distances import jensen_shannon, l_infinity
from tidegate.numerics.quantiles import (
    chi_square_quantile,
    gamma_above,
    gamma_quantile,
    normal_quantile,
    t_quantile,
)
from tidegate.statistics.cells import Cells


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


def pooled_sample(generator, share, n, m):
    counts = generator.multinomial(n + m, share)
    return counts[counts > 0]


DISTRIBUTIONS = {
    "coin": [0.5, 0.5],
    "rare": [0.995, 0.005],
    "even": np.ones(20),
    "falling": 1 / np.arange(1, 61),
    "sparse": 1 / np.arange(1, 300),
}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
@pytest.mark.parametrize(("n", "m"), [(100, 100), (100, 5000), (2000, 300), (3000, 3000)])
def test_moments_are_those_of_many_random_divisions(name, n, m):
    generator = np.random.default_rng(1)
    share = np.array(DISTRIBUTIONS[name]) / np.sum(DISTRIBUTIONS[name])
    pooled = pooled_sample(generator, share, n, m)
    drawn = generator.multivariate_hypergeometric(pooled, n, 3000)
    distances = jensen_shannon(drawn, pooled - drawn)
    mean, variance = jensen_shannon_moments(pooled, n, m)
    error = 5 * distances.std() / math.sqrt(len(distances))
    assert mean == pytest.approx(distances.mean(), abs=error + 0.01 * mean)
    assert math.sqrt(variance) == pytest.approx(distances.std(), rel=0.12, abs=6e-4)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
@pytest.mark.parametrize("measure", ["jensen_shannon", "l_infinity"])
@pytest.mark.parametrize(("n", "m"), [(100, 100), (150, 4000), (2000, 2000)])
def test_chance_exceeds_the_noise_floor_about_as_often_as_promised(name, measure, n, m):
    generator = np.random.default_rng(2)
    share = np.array(DISTRIBUTIONS[name]) / np.sum(DISTRIBUTIONS[name])
    pooled = pooled_sample(generator, share, n, m)
    drawn = generator.multivariate_hypergeometric(pooled, n, 6000)
    rest = pooled - drawn
    distances = (jensen_shannon if measure == "jensen_shannon" else l_infinity)(drawn, rest)
    cells = Cells(["?"] * len(pooled), drawn[0], rest[0], numeric=False)
    floor = noise_floor(measure, cells, n_current=n, n_baseline=m, level=0.005)
    assert (distances > floor).mean() <= 0.009
    # Not by being out of reach, but where a distribution has two values and so few distances.
    if len(pooled) > 2 and measure == "jensen_shannon":
        assert (distances > 0.75 * floor).mean() > 0.005


def test_well_filled_cells_have_the_limit_of_a_chi_square():
    n, m, level = 1_000_000, 500_000, 1e-5
    mean, variance = jensen_shannon_moments(np.full(20, 75_000), n, m)
    scale = (1 / n + 1 / m) / (8 * math.log(2))
    assert (mean, variance) == pytest.approx((19 * scale, 38 * scale**2))
    floor = gamma_quantile(mean**2 / variance, level) * variance / mean
    assert floor == pytest.approx(scale * chi_square_quantile(19, level))


def test_the_limit_for_one_value_is_that_of_the_normal_distribution():
    floor = l_infinity_floor(np.array([9000.0, 1000.0]), 5000, 5000, 0.001)
    deviation = math.sqrt(0.09 * 2 / 5000)
    assert floor == pytest.approx(normal_quantile(0.00025) * deviation, rel=0.02)
    assert floor > normal_quantile(0.00025) * deviation
    many = l_infinity_floor(np.full(1000, 10.0), 5000, 5000, 0.001)
    assert many > normal_quantile(0.0005) * math.sqrt(0.001 * 2 / 5000)


def test_nothing_to_draw_from_has_no_noise():
    nothing = Cells(["a"], np.zeros(1), np.ones(1), numeric=False)
    assert noise_floor("jensen_shannon", nothing, n_current=0, n_baseline=1, level=0.01) is None
    one = Cells(["a"], np.full(1, 50.0), np.full(1, 70.0), numeric=False)
    for measure in ("jensen_shannon", "l_infinity"):
        assert noise_floor(measure, one, n_current=50, n_baseline=70, level=0.01) == 0


def test_a_limit_is_learned_from_enough_steps_and_exceeded_as_seldom_as_promised():
    assert learn([0.01] * (MIN_STEPS - 1), 0.01).threshold is None
    assert learn([0.02] * MIN_STEPS, 0.001).threshold == pytest.approx(0.02)
    generator = np.random.default_rng(3)
    logits = generator.normal(-4, 0.7, (4000, 10))
    steps = 1 / (1 + np.exp(-logits))
    limits = [learn(row[:-1], 0.02).threshold for row in steps]
    assert 0.014 < (steps[:, -1] > limits).mean() < 0.026
    assert learn([0.0, 0.9] * 20, 1e-6).threshold < 1
