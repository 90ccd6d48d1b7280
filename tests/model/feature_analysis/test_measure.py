"""What features tell of a label."""

import math

import numpy as np
import pyarrow as pa
import pytest

from tests.support.modelling import normal
from tests.support.signals import ROWS, by_name, coin, measured
from tidegate.core.errors import ExamplesError, SignalError
from tidegate.model import feature_analysis


def test_signal_is_told_from_noise():
    y = coin()
    found = measured({"strong": normal(ROWS) + y, "noise": normal(ROWS, 1), "y": y})
    strong, noise = found.features
    assert (strong.name, noise.name) == ("strong", "noise")
    # Two normals a standard deviation apart: 0.161 bits (by quadrature), AUC 0.760.
    assert strong.bits == pytest.approx(0.161, abs=0.03)
    assert strong.auc == pytest.approx(0.760, abs=0.02)
    assert strong.held_out == pytest.approx(0.161, abs=0.04)
    assert strong.informative
    assert not noise.informative
    assert (noise.code, noise.drop) == ("no_signal", True)
    assert found.label_entropy == pytest.approx(1, abs=0.001)
    assert [f.name for f in found.dropped] == ["noise"]


def test_what_names_rows_tells_nothing():
    y = coin()
    texts = [f"n{i}" for i in np.random.default_rng(5).permutation(ROWS)]
    found = by_name(
        measured(
            {
                "text": texts,
                "number": np.random.default_rng(6).permutation(ROWS),
                "thrice": [t[: -1 or None] for t in texts],
                "few_each": np.random.default_rng(7).integers(0, ROWS // 20, ROWS).astype(str),
                "y": y,
            }
        )
    )
    assert (found["text"].code, found["text"].drop) == ("identifier", True)
    for feature in found.values():
        assert feature.share < 0.01
        assert not feature.informative
        assert feature.auc is None or 0.45 < feature.auc < 0.55


def test_an_outlier_does_not_decide():
    y = coin()
    x = normal(ROWS) + y
    spoilt = x.copy()
    spoilt[0] = 1e8
    found = by_name(measured({"x": x, "spoilt": spoilt, "y": y}))
    assert found["spoilt"].bits == pytest.approx(found["x"].bits, abs=0.005)


def test_missing_is_a_value():
    y = coin()
    x = [None if missing else v for v, missing in
         zip(normal(ROWS), coin(seed=3, p=0.5) & y, strict=True)]  # fmt: skip
    found = measured({"x": pa.array(x, pa.float64()), "y": y})
    assert found.features[0].informative
    assert found.features[0].missing == pytest.approx(0.25, abs=0.03)


def test_every_kind_of_label():
    x = normal(ROWS)
    classes = np.array(["low", "mid", "high"])[np.digitize(x + normal(ROWS, 1) / 2, [-0.5, 0.5])]
    found = measured({"x": x, "noise": normal(ROWS, 2), "y": classes})
    assert (found.task, found.label_cells) == ("multiclass", 3)
    assert found.features[0].share > 0.3
    assert found.features[0].auc is None
    found = measured({"x": x, "noise": normal(ROWS, 2), "y": 3 * x + normal(ROWS, 1)})
    assert (found.task, found.label_cells) == ("regression", 10)
    assert found.label_entropy == pytest.approx(math.log2(10), abs=0.01)
    assert [f.informative for f in found.features] == [True, False]
    many = np.random.default_rng(3).integers(0, 40, ROWS)
    found = measured({"x": many % 2 + normal(ROWS) / 3, "y": many}, task="multiclass")
    assert found.label_cells == 21
    assert found.features[0].informative


def test_rows_without_a_label_are_left_out():
    y = pa.array([None if i % 4 == 0 else int(v) for i, v in enumerate(coin())])
    found = measured({"x": normal(ROWS), "y": y})
    assert found.without_label == ROWS // 4
    assert sum(found.part_rows) == ROWS - ROWS // 4


def test_errors_name_the_remedy():
    columns = {"x": normal(ROWS), "late": coin()}
    with pytest.raises(SignalError, match=r"name the column with --label"):
        measured(columns, None)
    with pytest.raises(SignalError, match=r"'lat' is no column .* did you mean 'late'"):
        measured(columns, "lat")
    with pytest.raises(SignalError, match="single value in all rows"):
        measured({**columns, "y": [1] * ROWS})
    with pytest.raises(SignalError, match="has 0 rows with a label"):
        measured({**columns, "y": pa.nulls(ROWS, pa.int64())})
    with pytest.raises(SignalError, match="the contract says binary"):
        measured({**columns, "y": np.arange(ROWS) % 3}, task="binary")
    with pytest.raises(SignalError, match="regression needs numbers"):
        measured({**columns, "y": ["a", "b"] * (ROWS // 2)}, task="regression")
    with pytest.raises(SignalError, match="is of type timestamp"):
        measured({**columns, "y": np.arange(ROWS).astype("datetime64[us]")})
    with pytest.raises(SignalError, match="no column beside"):
        measured({"late": coin()}, "late")
    with pytest.raises(ExamplesError, match="f has no rows"):
        feature_analysis.of_batches("f", [])
