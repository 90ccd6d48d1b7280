"""Intervals of metrics against resampling and published tables."""

import math

import numpy as np
import pytest

from tests.support.predictions import ALL, realistic
from tidegate.numerics import metrics
from tidegate.numerics.intervals import Estimate, difference, interval, wilson
from tidegate.numerics.metrics import METRICS, Binary


@pytest.mark.parametrize(("task", "name"), ALL)
def test_intervals_hold_the_value_and_stay_in_range(task, name):
    labels, predictions = realistic(task)
    definition = METRICS[task][name]
    for rows in (2, 7, 500):
        sample = metrics.SAMPLES[task](labels[:rows], predictions[:rows])
        metric = interval(definition.compute(sample), definition.within)
        if metric.defined:
            assert metric.low <= metric.value <= metric.high
            assert metric.low >= (-math.inf if definition.within == "below_one" else 0)
            assert metric.high <= (math.inf if definition.within == "positive" else 1)


def test_auc_interval_covers_the_truth_as_often_as_it_says():
    rng, covered = np.random.default_rng(1), 0
    truth = 0.8413447460685429  # P(N(sqrt 2, 1) > N(0, 1)) is Phi(1)
    for _ in range(400):
        labels = (rng.random(150) < 0.3).astype(float)
        scores = rng.normal(size=150) + math.sqrt(2) * labels
        metric = interval(metrics.auc(Binary(labels, scores)), "unit")
        covered += metric.low <= truth <= metric.high
    assert 0.92 <= covered / 400 <= 0.98


def test_a_perfect_model_is_not_certain():
    sample = Binary(np.array([0.0] * 20 + [1.0] * 10), np.linspace(0, 1, 30))
    metric = interval(metrics.auc(sample), "unit")
    assert (metric.value, metric.high) == (1, 1)
    assert metric.low == pytest.approx(wilson(1, 10)[0])


def test_wilson_gives_the_published_intervals():
    # Newcombe, Two-sided confidence intervals for the single proportion, 1998, table I.
    for share, trials, low, high in [
        (81 / 263, 263, 0.2553, 0.3662),
        (15 / 148, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1 / 29, 29, 0.0061, 0.1718),
    ]:
        assert wilson(share, trials) == pytest.approx((low, high), abs=5e-5)


def test_pairing_sees_what_two_intervals_cannot():
    rng = np.random.default_rng(2)
    labels = (rng.random(3000) < 0.3).astype(float)
    signal = rng.normal(size=3000) + labels
    old = metrics.auc(Binary(labels, signal + 0.4 * rng.normal(size=3000)))
    new = metrics.auc(Binary(labels, signal))
    change = difference(new, old)
    assert 0 < change.low < change.value < change.high
    assert interval(new, "unit").low < interval(old, "unit").high
    assert difference(new, new).high == 0


def test_one_row_has_no_interval():
    metric = interval(metrics.log_loss(Binary(np.array([1.0]), np.array([0.7]))), "positive")
    assert metric.defined
    assert math.isnan(metric.low)
    assert math.isnan(Estimate(1.0, np.zeros(1), 1).standard_error)
