"""A limit is learned from the steps between accepted spans."""

import numpy as np
import pytest

from tidegate.comparison.drift.learned import MIN_STEPS, learn


def test_a_limit_is_learned_from_enough_steps_and_exceeded_as_seldom_as_promised():
    assert learn([0.01] * (MIN_STEPS - 1), 0.01).threshold is None
    assert learn([0.02] * MIN_STEPS, 0.001).threshold == pytest.approx(0.02)
    generator = np.random.default_rng(3)
    logits = generator.normal(-4, 0.7, (4000, 10))
    steps = 1 / (1 + np.exp(-logits))
    limits = [learn(row[:-1], 0.02).threshold for row in steps]
    assert 0.014 < (steps[:, -1] > limits).mean() < 0.026
    assert learn([0.0, 0.9] * 20, 1e-6).threshold < 1
