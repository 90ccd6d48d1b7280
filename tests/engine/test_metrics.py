"""Metrics against their plain definitions, and their intervals against resampling."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.engine.modelling import normal
from tidegate.model.evaluation import curves
from tidegate.numerics import metrics
from tidegate.numerics.intervals import Estimate, difference, interval, wilson
from tidegate.numerics.metrics import METRICS, Binary, Multiclass, Regression

probabilities = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.500001, 0.7, 0.9, 1.0]) | st.floats(0, 1)
binary_rows = st.lists(st.tuples(st.integers(0, 1), probabilities), min_size=1, max_size=30)


def sample_of(rows):
    labels, scores = zip(*rows, strict=True)
    return Binary(np.array(labels), np.array(scores))


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


# Charts


@given(binary_rows)
def test_roc_has_the_metrics_area(rows):
    sample = sample_of(rows)
    points = curves.roc(sample)
    area = metrics.auc(sample).value
    if math.isnan(area):
        assert points == ()
        return
    false, true, thresholds = np.array(points).T
    assert (points[0][:2], points[-1][:2]) == ((0, 0), (1, 1))
    assert (np.diff(thresholds) <= 0).all()
    trapezes = ((true[1:] + true[:-1]) / 2 * np.diff(false)).sum()
    assert trapezes == pytest.approx(area)


def test_roc_is_thinned_and_keeps_its_area():
    labels = (normal(20_000) > 0).astype(float)
    sample = Binary(labels, 1 / (1 + np.exp(-normal(20_000, 1) - labels)))
    points = curves.roc(sample)
    false, true, _ = np.array(points).T
    assert len(points) <= 200
    trapezes = ((true[1:] + true[:-1]) / 2 * np.diff(false)).sum()
    assert trapezes == pytest.approx(metrics.auc(sample).value, abs=1e-3)


def test_confusion_folds_rare_and_unknown_classes():
    labels = np.array([0, 0, 1, 2, 2])
    matrix, names = curves.confusion(labels, np.array([0, 1, 1, 0, 1]), ("a", "b"))
    assert names == ("a", "b", curves.UNKNOWN)
    assert matrix == ((1, 1, 0), (0, 1, 0), (1, 1, 0))
    many = np.arange(1000) % 100
    matrix, names = curves.confusion(many, many, [str(i) for i in range(100)])
    assert len(names) == len(matrix) == 30
    assert names[-1] == curves.OTHER
    assert sum(map(sum, matrix)) == 1000
    assert matrix[-1][-1] == 710


@given(binary_rows)
def test_bins_and_histograms_count_every_row(rows):
    sample = sample_of(rows)
    bins = curves.calibration(sample.scores, sample.labels)
    assert sum(n for _, _, n in bins) == len(rows)
    assert len(bins) <= 10
    counts = curves.histogram(sample.labels.astype(int), sample.scores, ("0", "1"))
    assert sum(map(sum, counts.values())) == len(rows)
    assert {len(c) for c in counts.values()} == {20}


def test_baselines_are_what_constants_get():
    labels, _ = realistic("binary")
    constant = np.full(len(labels), labels.mean())
    found = curves.baselines(Binary(labels, constant))
    for name in ("auc", "pr_auc", "log_loss", "brier", "accuracy"):
        value = METRICS["binary"][name].compute(Binary(labels, constant)).value
        assert found[name] == pytest.approx(value), name
    labels = np.minimum(realistic("multiclass")[0], 2)
    constant = np.tile(np.bincount(labels) / len(labels), (len(labels), 1))
    sample = Multiclass(labels, constant)
    for name, value in curves.baselines(sample).items():
        assert value == pytest.approx(METRICS["multiclass"][name].compute(sample).value), name
    labels, _ = realistic("regression")
    sample = Regression(labels, np.full(len(labels), labels.mean()))
    found = curves.baselines(sample)
    for name in ("rmse", "r2"):
        value = METRICS["regression"][name].compute(sample).value
        assert found[name] == pytest.approx(value, abs=1e-9)
