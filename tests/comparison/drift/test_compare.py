"""Distances of features between two spans: what moves them, and what does not."""

import math

import numpy as np
import pytest

from tests.support.drift import apart, contract
from tidegate.comparison.drift.findings import drift_findings


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
    for shifted, label in ((values + 2, "2 or more"), (values - 2, "below 0")):
        found = apart(shifted, values)["jensen_shannon"]
        assert found.value == pytest.approx(1)
        assert (found.status, *found.moved[0]) == ("drift", label, 0.0, 1.0)


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
