"""What the charts of an evaluation show."""

import math

import numpy as np
import pytest
from hypothesis import given

from tests.support.modelling import normal
from tests.support.predictions import binary_rows, realistic, sample_of
from tidegate.model.evaluation import curves
from tidegate.numerics import metrics
from tidegate.numerics.metrics import METRICS, Binary, Multiclass, Regression


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
