"""How far apart chance brings two samples of one distribution."""

import math

import numpy as np
import pytest

from tidegate.comparison.drift.noise_floor import (
    jensen_shannon_moments,
    l_infinity_floor,
    noise_floor,
)
from tidegate.numerics.distances import jensen_shannon, l_infinity
from tidegate.numerics.quantiles import (
    chi_square_quantile,
    gamma_quantile,
    normal_quantile,
)
from tidegate.statistics.cells import Cells


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
