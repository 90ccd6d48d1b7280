"""Metrics against their plain definitions, and their errors against resampling."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.support.predictions import ALL, binary_rows, realistic, sample_of
from tidegate.numerics import metrics
from tidegate.numerics.metrics import METRICS, Binary, Multiclass, Regression


@given(binary_rows)
def test_auc_is_the_share_of_pairs_in_order(rows):
    positive = [s for y, s in rows if y == 1]
    negative = [s for y, s in rows if y == 0]
    found = metrics.auc(sample_of(rows)).value
    if not positive or not negative:
        assert math.isnan(found)
        return
    pairs = [(p > n) + 0.5 * (p == n) for p in positive for n in negative]
    assert found == pytest.approx(sum(pairs) / len(pairs))


@given(binary_rows)
def test_auc_variance_is_delongs(rows):
    positive = np.array([s for y, s in rows if y == 1])
    negative = np.array([s for y, s in rows if y == 0])
    assume(len(positive) > 1 and len(negative) > 1)
    order = (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)
    m, n = order.shape
    delong = order.mean(axis=1).var() / m + order.mean(axis=0).var() / n
    error = metrics.auc(sample_of(rows)).standard_error
    assert error**2 == pytest.approx(delong * (m + n) / (m + n - 1), abs=1e-12)


@given(binary_rows)
def test_average_precision_steps_through_the_scores(rows):
    positives = sum(y for y, _ in rows)
    found = metrics.pr_auc(sample_of(rows)).value
    if not positives:
        assert math.isnan(found)
        return
    area, recall = 0.0, 0.0
    for threshold in sorted({s for _, s in rows}, reverse=True):
        taken = [y for y, s in rows if s >= threshold]
        now = sum(taken) / positives
        area += (now - recall) * sum(taken) / len(taken)
        recall = now
    assert found == pytest.approx(area)


@given(binary_rows)
def test_decisions_are_counted(rows):
    sample = sample_of(rows)
    tp = sum(y and s > 0.5 for y, s in rows)
    fp = sum(not y and s > 0.5 for y, s in rows)
    fn = sum(y and s <= 0.5 for y, s in rows)
    expected = {
        metrics.accuracy: (len(rows) - fp - fn, len(rows)),
        metrics.precision: (tp, tp + fp),
        metrics.recall: (tp, tp + fn),
        metrics.f1: (2 * tp, 2 * tp + fp + fn),
        metrics.base_rate: (tp + fn, len(rows)),
    }
    for metric, (numerator, denominator) in expected.items():
        found = metric(sample).value
        wanted = numerator / denominator if denominator else math.nan
        assert found == pytest.approx(wanted, nan_ok=True), metric


@given(binary_rows)
def test_probabilities_are_scored(rows):
    sample = sample_of(rows)
    brier = sum((s - y) ** 2 for y, s in rows) / len(rows)
    assert metrics.brier(sample).value == pytest.approx(brier)
    kept = [(y, min(max(s, 1e-7), 1 - 1e-7)) for y, s in rows]
    loss = -sum(math.log(s if y else 1 - s) for y, s in kept) / len(rows)
    assert metrics.log_loss(sample).value == pytest.approx(loss)


def test_calibration_error_is_the_mean_gap_of_the_bins():
    rng = np.random.default_rng(0)
    scores = rng.random(1000)
    labels = (rng.random(1000) < scores**2).astype(float)
    order = np.argsort(scores)
    gaps = [abs(scores[b].sum() - labels[b].sum()) for b in np.split(order, 10)]
    assert metrics.ece(Binary(labels, scores)).value == pytest.approx(sum(gaps) / 1000)
    constant = Binary(labels, np.full(1000, 0.5))
    assert metrics.ece(constant).value == pytest.approx(abs(labels.mean() - 0.5))


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.tuples(*[st.integers(1, 5)] * 3)), min_size=1, max_size=30
    )
)
def test_multiclass_metrics(rows):
    labels = np.array([y for y, _ in rows])
    weights = np.array([w for _, w in rows], dtype=float)
    shares = weights / weights.sum(axis=1, keepdims=True)
    sample = Multiclass(labels, shares)  # label 3 is one the model does not know
    decided = shares.argmax(axis=1)
    found = {name: d.compute(sample).value for name, d in METRICS["multiclass"].items()}
    assert found["accuracy"] == pytest.approx((decided == labels).mean())
    likely = [shares[i, y] if y < 3 else 1e-7 for i, y in enumerate(labels)]
    assert found["log_loss"] == pytest.approx(-np.log(likely).mean())
    scores = []
    for c in range(4):
        either = (labels == c).sum() + (decided == c).sum()
        if either:
            scores.append(2 * ((labels == c) & (decided == c)).sum() / either)
    assert found["macro_f1"] == pytest.approx(np.mean(scores))


@given(
    st.lists(st.tuples(st.floats(-99, 99), st.floats(-99, 99)), min_size=2, max_size=30),
)
def test_regression_metrics(rows):
    labels, predictions = map(np.array, zip(*rows, strict=True))
    sample = Regression(labels, predictions)
    found = {name: d.compute(sample).value for name, d in METRICS["regression"].items()}
    assert found["rmse"] == pytest.approx(math.sqrt(((predictions - labels) ** 2).mean()))
    assert found["mae"] == pytest.approx(np.abs(predictions - labels).mean())
    if labels.var() > 1e-6:
        wanted = 1 - ((predictions - labels) ** 2).mean() / labels.var()
        assert found["r2"] == pytest.approx(wanted)


@pytest.mark.parametrize(("task", "name"), ALL)
def test_influence_gives_the_bootstraps_standard_error(task, name):
    labels, predictions = realistic(task)
    compute, sample = METRICS[task][name].compute, metrics.SAMPLES[task]
    estimate = compute(sample(labels, predictions))
    assert estimate.influence.mean() == pytest.approx(0, abs=1e-9)
    rng, values = np.random.default_rng(0), []
    for _ in range(400):
        rows = rng.integers(0, len(labels), len(labels))
        values.append(compute(sample(labels[rows], predictions[rows])).value)
    assert estimate.standard_error == pytest.approx(np.std(values), rel=0.15)
