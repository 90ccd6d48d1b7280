"""Information between a feature and a label, against chance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.numerics import information


def test_information_of_known_tables():
    determined = information.dependence(np.diag([300.0, 500.0, 200.0]), level=0.01, seed=0)
    assert determined.share == pytest.approx(1)
    assert determined.bits == pytest.approx(information.entropy(np.array([3.0, 5, 2])), abs=0.01)
    independent = information.dependence(np.outer([30, 50], [40.0, 60]), level=0.01, seed=0)
    assert (independent.share, independent.bits) == (0, 0)
    assert independent.p > 0.9
    # A noisy channel that flips a fair bit one time in ten: 1 - H(0.1) bits.
    flipped = information.dependence(np.array([[4500.0, 500], [500, 4500]]), level=0.01, seed=0)
    assert flipped.bits == pytest.approx(1 - 0.468996, abs=0.002)


def test_chance_is_that_of_shuffled_labels():
    random = np.random.default_rng(0)
    feature, label = random.integers(0, 7, 900), random.choice(3, 900, p=[0.1, 0.3, 0.6])
    counts = information.table(feature, label, 7, 3)
    cells, classes = (tuple(counts.sum(axis=i).astype(int)) for i in (1, 0))
    drawn = np.concatenate([information._under_chance(cells, classes, seed) for seed in range(10)])
    shuffled = [
        information.mutual_information(information.table(feature, random.permutation(label), 7, 3))
        for _ in range(1000)
    ]
    assert drawn.mean() == pytest.approx(np.mean(shuffled), rel=0.05)
    assert drawn.std() == pytest.approx(np.std(shuffled), rel=0.1)
    assert np.quantile(drawn, 0.99) == pytest.approx(np.quantile(shuffled, 0.99), rel=0.1)


def test_false_alarms_are_as_promised():
    random = np.random.default_rng(1)
    p = []
    for seed in range(400):
        feature, label = random.integers(0, 12, 500), random.random(500) < 0.1
        counts = information.table(feature, label.astype(int), 12, 2)
        p.append(information.dependence(counts, level=0.05, seed=seed).p)
    assert 0.02 < np.mean(np.array(p) < 0.05) < 0.085
    assert np.mean(np.array(p) < 0.001) < 0.0075


@settings(max_examples=60)
@given(st.lists(st.lists(st.integers(0, 40), min_size=3, max_size=3), min_size=1, max_size=12))
def test_every_table_has_a_share(counts):
    found = information.dependence(np.array(counts, float), level=0.01, seed=0)
    assert 0 <= found.share <= 1
    assert 0 <= found.floor <= 1
    assert 0 <= found.p <= 1
    assert found.bits >= 0
