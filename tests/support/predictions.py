"""Labels and predictions: any few rows, and many that look real."""

import numpy as np
from hypothesis import strategies as st

from tidegate.numerics.metrics import METRICS, Binary

probabilities = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.500001, 0.7, 0.9, 1.0]) | st.floats(0, 1)
binary_rows = st.lists(st.tuples(st.integers(0, 1), probabilities), min_size=1, max_size=30)


def sample_of(rows):
    labels, scores = zip(*rows, strict=True)
    return Binary(np.array(labels), np.array(scores))


def realistic(task, rows=500):
    rng = np.random.default_rng(5)
    if task == "binary":
        scores = rng.beta(2, 4, rows).round(2)
        return (rng.random(rows) < scores**1.3).astype(float), scores
    if task == "multiclass":
        labels = rng.choice(4, rows, p=[0.5, 0.3, 0.15, 0.05])
        logits = rng.normal(size=(rows, 3)) + 1.2 * np.eye(4)[labels][:, :3]
        return labels, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = rng.gamma(2, 3, rows)
    return labels, labels + rng.normal(size=rows) * (1 + labels / 4)


ALL = [(task, name) for task, named in METRICS.items() for name in named]
