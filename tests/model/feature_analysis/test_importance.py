"""Permutation importance: what a model loses by each feature, with real SavedModels."""

import json

import numpy as np
import pyarrow as pa
import pytest

from tests.support.modelling import normal, written_model
from tidegate.contract import Contract
from tidegate.core.errors import ContractError, SignalError
from tidegate.model import feature_analysis
from tidegate.model.feature_analysis import importance

ROWS = 4000


def contract(label="y", **sections):
    text = {"dataset": "d", "source": {"uri": "x", "format": "csv"}, "key": ["id"], "label": label}
    return Contract.parse(json.dumps(text | sections))


def rows_of(columns):
    return feature_analysis.of_batches("f", pa.table(columns).to_batches())


def xor():
    """A label that two features tell together, and neither of them by itself."""
    a, b = normal(ROWS), normal(ROWS, 1)
    return {"a": a, "b": b, "c": normal(ROWS, 2), "y": ((a > 0) ^ (b > 0)).astype(int)}


@pytest.fixture(scope="module")
def knows_xor(tmp_path_factory):
    return written_model(
        tmp_path_factory.mktemp("model") / "xor",
        lambda a, b, c: 0.5 - 0.4 * a * b / (1 + abs(a * b)) + 0 * c,
        ("a", "b", "c"),
    )


def test_what_a_model_uses_beside_others_is_kept(knows_xor):
    rows = rows_of(xor())
    alone = feature_analysis.measure(rows, contract())
    assert {f.name for f in alone.dropped} == {"a", "b", "c"}
    shuffled = feature_analysis.shuffle(knows_xor, rows, contract())
    assert shuffled.metric == "auc"
    assert shuffled.value > 0.95
    assert (shuffled.rows, shuffled.repeats) == (ROWS // 2, 5)
    for name in "ab":
        lost = shuffled.importances[name]
        assert 0.4 < lost.low < lost.value < lost.high < 0.6
    assert shuffled.importances["c"] == feature_analysis.Importance(0, 0, 0)
    found = feature_analysis.measure(rows, contract(), shuffled=shuffled)
    assert {f.name for f in found.dropped} == {"c"}
    notes = {f.name: f.reason for f in found.features}
    assert "the model uses it beside others" in notes["a"]
    assert (found.metric, found.metric_value, found.repeats) == ("auc", shuffled.value, 5)
    assert found.importance_rows == ROWS // 2


def test_a_metric_that_is_better_when_lower_is_lost_upwards(tmp_path):
    model = written_model(
        tmp_path / "m", lambda x, z: 3 * x + 0 * z, ("x", "z"), task="regression", classes=()
    )
    x = normal(ROWS)
    rows = rows_of({"x": x, "z": normal(ROWS, 1), "y": 3 * x + normal(ROWS, 2)})
    shuffled = feature_analysis.shuffle(model, rows, contract())
    # Shuffled, the errors' variance is 1 + 2 * 9.
    assert shuffled.metric == "rmse"
    assert shuffled.value == pytest.approx(1, abs=0.05)
    assert shuffled.importances["x"].value == pytest.approx(np.sqrt(19) - 1, abs=0.15)
    assert shuffled.importances["z"].value == 0


def test_many_classes(tmp_path):
    import tensorflow as tf

    model = written_model(
        tmp_path / "m",
        lambda x: tf.nn.softmax(tf.stack([-4 * x, 0 * x + 1, 4 * x], axis=1)),
        task="multiclass",
        classes=("a", "b", "c"),
    )
    x = normal(ROWS)
    label = np.array(["a", "b", "c"])[np.digitize(x, [-0.25, 0.25])]
    label[:10] = "unknown"
    shuffled = feature_analysis.shuffle(model, rows_of({"x": x, "y": label}), contract())
    assert shuffled.metric == "accuracy"
    assert shuffled.value > 0.95
    assert ROWS // 2 - 10 <= shuffled.rows < ROWS // 2
    assert shuffled.importances["x"].low > 0.4


def test_intervals_hold_what_they_should(tmp_path):
    """Over samples of one population, 95% intervals hold what is lost in all of it."""
    model = written_model(tmp_path / "m", lambda x, z: 1 / (1 + 2.718 ** -(x + z / 4)), ("x", "z"))

    def lost(seed, rows):
        x, z = normal(rows, seed), normal(rows, seed + 5000)
        chance = 1 / (1 + np.exp(-(x + z / 4)))
        y = (np.random.default_rng(seed).random(rows) < chance).astype(int)
        table = pa.table({"x": x, "z": z, "y": y})
        sampled = feature_analysis.of_batches("f", table.to_batches())
        return feature_analysis.shuffle(model, sampled, contract(), seed=seed).importances

    population = lost(1, 2 * importance.MAX_ROWS)
    found = [lost(seed, 1200) for seed in range(2, 42)]
    for name in ("x", "z"):
        value = population[name].value
        held = [i[name].low <= value <= i[name].high for i in found]
        assert sum(held) >= 35, name


def test_the_same_seed_gives_the_same(knows_xor, monkeypatch):
    monkeypatch.setattr(importance, "MAX_ROWS", 300)
    rows = rows_of(xor())
    once = feature_analysis.shuffle(knows_xor, rows, contract())
    assert once.rows == 300
    assert once == feature_analysis.shuffle(knows_xor, rows, contract())
    assert once != feature_analysis.shuffle(knows_xor, rows, contract(), seed=2)


def test_errors_name_the_remedy(knows_xor, tmp_path):
    columns = xor()
    rows = rows_of(columns)
    with pytest.raises(SignalError, match=r"cannot be run: cannot read .*model.json"):
        feature_analysis.shuffle(tmp_path, rows, contract())
    with pytest.raises(SignalError, match="predicts 'y' and the label is 'z'"):
        feature_analysis.shuffle(knows_xor, rows, contract("z"))
    with pytest.raises(SignalError, match="'a' is absent"):
        feature_analysis.shuffle(
            knows_xor, rows_of({"b": columns["b"], "y": columns["y"]}), contract()
        )
    with pytest.raises(SignalError, match="no row of the half has a label that the model knows"):
        feature_analysis.shuffle(knows_xor, rows_of({**columns, "y": np.full(ROWS, 7)}), contract())
    with pytest.raises(SignalError, match="auc is not defined over these"):
        feature_analysis.shuffle(knows_xor, rows_of({**columns, "y": np.ones(ROWS)}), contract())
    with pytest.raises(SignalError, match="cannot be judged"):
        feature_analysis.shuffle(knows_xor, rows_of({**columns, "y": ["1"] * ROWS}), contract())
    with pytest.raises(ContractError, match="no metric of a binary label"):
        feature_analysis.shuffle(knows_xor, rows, contract(evaluation={"metric": "rmse"}))
