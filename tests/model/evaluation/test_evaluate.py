"""Champions, slices, every task, and what cannot be judged at all."""

import math
import re

import numpy as np
import pyarrow as pa
import pytest

from tests.support.judging import ROWS, codes, columns, message, sigmoid, worse
from tests.support.modelling import contract_of, flights, ingested, normal, trained, written_model
from tidegate.core.errors import EvaluationError
from tidegate.data import examples
from tidegate.model.evaluation import evaluate

# The champion


@pytest.fixture
def champion(tmp_path):
    return written_model(tmp_path / "champion", sigmoid)


def test_a_worse_challenger_is_held_with_the_paired_change(judged, champion):
    found = judged(worse, ("x", "noise"), champion=champion)
    assert codes(found) == ["regression"]
    change = found.comparison.change
    assert found.comparison.worse_by == -change.value > 0
    assert change.low < change.value < change.high < 0
    assert not found.comparison.within_noise
    assert "worse than the champion v1 by more than evaluation.max_regression (0)" in str(
        found.verdict.reasons
    )
    assert judged(
        worse, ("x", "noise"), champion=champion, evaluation={"max_regression": 0.5}
    ).blessed


def test_lower_is_better_where_it_is(judged, champion):
    found = judged(worse, ("x", "noise"), champion=champion, evaluation={"metric": "log_loss"})
    assert codes(found) == ["regression"]
    assert found.comparison.worse_by == found.comparison.change.value > 0


def test_a_better_challenger_is_blessed(tmp_path, judged):
    old = written_model(tmp_path / "old", worse, ("x", "noise"))
    found = judged(champion=old)
    assert found.blessed
    assert found.comparison.worse_by < 0
    assert "went from" in message(found, "compared")


def test_the_champion_itself_is_as_good(judged, champion):
    found = judged(champion=champion)
    assert found.blessed
    assert found.comparison.change.value == 0
    assert found.comparison.within_noise


def remove_card(path):
    (path / "model.json").unlink()


def remove_graph(path):
    (path / "saved_model" / "saved_model.pb").unlink()


@pytest.mark.parametrize(
    ("make", "damage", "reason"),
    [
        ({"features": ("x", "gone"), "answer": worse}, None, "'gone' is absent"),
        ({"features": ("side",)}, None, "'side' is string, not numeric"),
        ({"label": "z"}, None, "it predicts 'z'"),
        ({"task": "regression", "classes": ()}, None, "it predicts 'y' .regression."),
        ({"classes": ("1", "2")}, None, "it knows the classes 1, 2, the challenger 0, 1"),
        ({"answer": lambda x: x * np.float32(np.nan)}, None, "predictions are not numbers"),
        ({}, remove_card, "cannot read .*model.json"),
        ({}, remove_graph, "saved_model cannot be loaded"),
    ],
)
def test_a_champion_that_cannot_be_run_holds_with_the_reason(
    tmp_path, judged, make, damage, reason
):
    old = written_model(tmp_path / "champion", **({"answer": sigmoid} | make))
    if damage:
        damage(old)
    found = judged(champion=old)
    assert codes(found) == ["champion_unusable"]
    assert re.search(reason, found.verdict.reasons[0])
    assert "evaluation.unusable_champion" in found.verdict.reasons[0]
    assert found.overall.champion is None
    replaced = judged(champion=old, evaluation={"unusable_champion": "replace"})
    assert replaced.blessed
    assert codes(replaced, "warn") == ["champion_unusable"]


def test_a_champion_may_lack_what_the_new_data_has(judged, champion):
    assert judged(
        lambda x, noise: sigmoid(x + 0 * noise), ("x", "noise"), champion=champion
    ).blessed


# Slices


def test_slices_are_judged_apart(judged, tmp_path):
    found = judged(slices=[["side"], ["side", "y"]], evaluation={"min_slice_examples": 100})
    sides = [s for s in found.slices if "," not in s.name]
    assert [s.name for s in sides] == ["side=right", "side=left"]
    assert sum(s.rows for s in sides) == found.overall.rows
    both = next(s for s in found.slices if s.name == "side=left, y=1")
    assert math.isnan(both.metrics["auc"].value)
    assert both.metrics["recall"].defined


def test_a_slice_that_lost_too_much_holds(judged, tmp_path):
    import tensorflow as tf

    data = columns()
    data["flag"] = np.where(data["side"] == "left", 1.0, 0.0)
    old = written_model(tmp_path / "old", worse, ("x", "noise"))

    def answer(x, noise, flag):
        return sigmoid(tf.where(flag == 1, x + 2 * noise, x))

    sections = {"data": data, "champion": old, "slices": [["side"]]}
    features = ("x", "noise", "flag")
    limit = {"max_slice_regression": 0.01, "min_slice_examples": 20}
    found = judged(answer, features, **sections, evaluation=limit)
    assert codes(found) == ["slice_regression"]
    assert found.comparison.worse_by < 0
    assert "side=left" in found.verdict.reasons[0]
    assert judged(answer, features, **sections).blessed
    large = limit | {"min_slice_examples": 500}
    assert judged(answer, features, **sections, evaluation=large).blessed


def test_a_slice_without_both_classes_cannot_be_compared(judged, champion):
    found = judged(champion=champion, slices=[["y"]], evaluation={"max_slice_regression": 0.1})
    assert found.blessed
    assert "not defined in 2 slices" in message(found, "slice_undefined")


def test_missing_values_are_a_slice_and_small_ones_are_few(judged):
    data = columns()
    rare = [f"r{i}" for i in range(ROWS)]
    rare[: ROWS // 2] = ["often"] * (ROWS // 2)
    rare[: ROWS // 4] = [None] * (ROWS // 4)
    found = judged(
        data=data | {"rare": pa.array(rare)},
        slices=[["rare"]],
        evaluation={"min_slice_examples": 50},
    )
    names = [s.name for s in found.slices]
    assert {"rare=often", "rare=(missing)"} == set(names[:2])
    assert len(names) == 52


# What cannot be judged at all


@pytest.mark.parametrize(
    ("sections", "features", "expected"),
    [
        ({"label": "z"}, ("x",), "the model predicts 'y' and the contract's label is 'z'"),
        ({"slices": [["sied"]]}, ("x",), "no column 'sied'"),
        ({}, ("gone",), "cannot be run: .*'gone' is absent"),
    ],
)
def test_the_impossible_is_an_error(judged, sections, features, expected):
    with pytest.raises(EvaluationError, match=expected):
        judged(sigmoid, features, **sections)


def test_a_model_that_is_not_there_is_an_error(tmp_path):
    contract = contract_of(tmp_path)
    made = ingested(tmp_path, contract, columns())
    with pytest.raises(EvaluationError, match=r"cannot read .*model.json"):
        evaluate(tmp_path / "nowhere", made, contract)
    with pytest.raises(EvaluationError, match="no split 'test'; there are: "):
        evaluate(written_model(tmp_path / "m", sigmoid), made, contract, split="test")


def test_a_label_of_another_type_is_an_error(judged):
    data = columns()
    with pytest.raises(EvaluationError, match="label 'y' is string here"):
        judged(data=data | {"y": data["side"]})


# The other tasks


def test_regression_is_compared_by_rmse(tmp_path):
    contract = contract_of(tmp_path, slices=[["side"]])
    data = columns() | {"y": 3 * normal(ROWS) + normal(ROWS, 5)}
    made = ingested(tmp_path, contract, data)
    kind = {"task": "regression", "classes": ()}
    new = written_model(tmp_path / "new", lambda x: 3 * x, **kind)
    old = written_model(tmp_path / "old", lambda x: 2 * x, **kind)
    found = evaluate(new, made, contract, champion=old)
    assert found.blessed
    assert found.overall.metrics["rmse"].value == pytest.approx(1, abs=0.15)
    assert found.comparison.change.high < 0
    assert (found.confusion, found.roc, dict(found.histogram)) == ((), (), {})
    assert len(found.calibration) == 10
    back = evaluate(old, made, contract, champion=new)
    assert codes(back) == ["regression"]


def test_multiclass_counts_strangers_as_wrong(tmp_path):
    import tensorflow as tf

    contract = contract_of(tmp_path)
    data = columns()
    data["y"] = np.array(["a", "b", "c"])[np.digitize(data["x"], [-0.5, 1.5])]
    made = ingested(tmp_path, contract, data)

    def two(x):
        p = tf.sigmoid(4 * (x + 0.5))
        return tf.stack([1 - p, p], axis=1)

    def three(x):
        scores = [-4 * (x + 0.5), tf.zeros_like(x), 4 * (x - 1.5)]
        return tf.nn.softmax(tf.stack(scores, axis=1))

    kind = {"task": "multiclass"}
    old = written_model(tmp_path / "old", two, classes=("a", "b"), **kind)
    new = written_model(tmp_path / "new", three, classes=("a", "b", "c"), **kind)
    found = evaluate(new, made, contract, champion=old)
    assert found.blessed
    assert found.metric == "accuracy"
    assert found.comparison.change.low > 0
    back = evaluate(old, made, contract, champion=new)
    assert codes(back) == ["regression"]
    assert codes(back, "warn") == ["label_unknown"]
    assert back.confusion_classes == ("a", "b", "(unknown to the model)")
    strangers = sum(back.confusion[2])
    assert back.overall.metrics["accuracy"].value <= 1 - strangers / back.overall.rows


# Real data
def test_february_flights_against_januarys_champion(tmp_path):
    contract = flights(tmp_path)
    models = {}
    for span in ("2013-01", "2013-02"):
        made = examples.ingest(contract, span=span, out=tmp_path / span / "examples")
        models[span] = trained(tmp_path / span, contract, made).path
    found = evaluate(models["2013-02"], made, contract, champion=models["2013-01"])
    assert found.verdict.status == "pass"
    assert found.overall.metrics["auc"].value > 0.6
    assert 0.55 < found.overall.champion["auc"].value < 0.7
    names = {s.name for s in found.slices}
    assert {"origin=EWR", "origin=JFK", "origin=LGA", "carrier=UA"} <= names
