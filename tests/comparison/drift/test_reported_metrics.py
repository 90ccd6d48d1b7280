"""What other tools measure is recorded beside the distances."""

import numpy as np
import pytest

from tests.support.drift import apart, normal


def test_what_other_tools_measure_is_recorded_and_judges_nothing():
    now, before = normal(5, 20_000, 0.5), normal(6, 20_000)
    found = dict(apart(now, before)["jensen_shannon"].reported_metrics)
    assert set(found) == {"psi", "kolmogorov_smirnov", "wasserstein"}
    ordered = np.sort(before)
    reached = np.searchsorted(np.sort(now), ordered, side="right") / len(now)
    exact = np.abs(reached - np.arange(1, len(ordered) + 1) / len(ordered)).max()
    assert found["kolmogorov_smirnov"] == pytest.approx(exact, abs=0.01)
    assert found["wasserstein"] == pytest.approx(0.5 * 0.98, abs=0.03)
    cuts = np.quantile(before, np.arange(1, 10) / 10)
    p, q = (np.bincount(np.searchsorted(cuts, x), minlength=10) / len(x) for x in (before, now))
    assert found["psi"] == pytest.approx(((q - p) * np.log(q / p)).sum(), rel=0.05)
    text = dict(apart(["a", "b", "c", "c"], ["a", "b"])["jensen_shannon"].reported_metrics)
    assert text["unseen"] == 0.5
    assert text["psi"] == pytest.approx(0.5 * np.log(2) + 0.4999 * np.log(0.5 / 0.0001), abs=1e-3)


def test_one_outlier_moves_no_measure():
    values = normal(7, 10_000)
    with_outlier = values.copy()
    with_outlier[17] = 1e8
    for now, before in ((with_outlier, values), (values, with_outlier)):
        found = apart(now, before)["jensen_shannon"]
        assert found.status == "ok"
        assert found.value < 0.006
        measured = dict(found.reported_metrics)
        assert measured["psi"] < 0.05
        assert measured["kolmogorov_smirnov"] < 0.011
        assert measured["wasserstein"] < 0.02
