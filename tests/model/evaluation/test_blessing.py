"""What is blessed, and what is held and why."""

import json
import math
import re

import numpy as np
import pyarrow as pa
import pytest

from tests.support.judging import ROWS, codes, columns, message, rows_of, sigmoid
from tests.support.modelling import contract_of, ingested, normal, written_model
from tidegate.core.errors import ContractError
from tidegate.model.evaluation import evaluate
from tidegate.numerics.metrics import Binary, auc


def test_a_good_first_model_is_blessed(judged):
    found = judged(evaluation={"thresholds": {"auc": {"min": 0.7}, "ece": {"max": 0.2}}})
    assert found.blessed
    assert found.comparison is None
    assert codes(found, "info") == ["no_champion"]
    assert found.overall.metrics["auc"].low > 0.7
    assert sum(map(sum, found.confusion)) == found.overall.rows
    assert found.digests["content"]


def test_metrics_are_those_of_the_served_predictions(tmp_path, judged):
    contract = contract_of(tmp_path)
    made = ingested(tmp_path, contract, columns())
    found = judged(made=made)
    rows = pa.Table.from_batches(made.batches("eval"))
    scores = 1 / (1 + np.exp(-rows["x"].to_numpy()))
    assert found.overall.rows == len(rows)
    assert found.overall.metrics["auc"].value == pytest.approx(
        auc(Binary(rows["y"].to_numpy(), scores)).value, abs=1e-5
    )


@pytest.mark.parametrize(
    ("thresholds", "expected"),
    [
        ({"auc": {"min": 0.99}}, r"^auc is 0\.\d+ \(95% 0\.\d+ to 0\.\d+\), beyond .*min of 0.99"),
        ({"brier": {"max": 0.01}}, r"^brier is .*beyond the contract's max of 0.01"),
        ({"base_rate": {"min": 0.6, "max": 0.7}}, r"^base_rate is .*min of 0.6"),
    ],
)
def test_a_missed_threshold_holds(judged, thresholds, expected):
    found = judged(evaluation={"thresholds": thresholds})
    assert codes(found) == ["threshold"]
    assert re.search(expected, found.verdict.reasons[0])


def test_a_threshold_within_the_interval_is_a_warning(judged):
    value = judged().overall.metrics["auc"].value
    found = judged(evaluation={"thresholds": {"auc": {"min": round(value - 0.002, 4)}}})
    assert found.blessed
    assert codes(found, "warn") == ["uncertain_threshold"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [("acuracy", "did you mean 'accuracy'"), ("zzz", "there are: auc, "), ("rmse", "binary label")],
)
@pytest.mark.parametrize("where", ["metric", "thresholds"])
def test_an_unknown_metric_is_named_with_the_nearest(judged, name, hint, where):
    section = {"metric": name} if where == "metric" else {"thresholds": {name: {"min": 0}}}
    with pytest.raises(ContractError, match=hint) as caught:
        judged(evaluation=section)
    assert f"evaluation.{where} names {name!r}" in str(caught.value)


def test_the_base_rate_compares_no_models(judged):
    with pytest.raises(ContractError, match=r"describes the data.*such as 'auc'"):
        judged(evaluation={"metric": "base_rate"})


def test_predictions_that_are_not_numbers_hold(judged):
    found = judged(lambda x: sigmoid(x) / np.float32(0) * np.float32(0))
    assert codes(found) == ["not_finite", "undefined_metric"]
    assert codes(found, "warn") == []
    rows = found.overall.rows
    assert found.verdict.reasons[0].startswith(f"{rows} of {rows} predictions are not numbers")
    assert not any(m.defined for m in found.overall.metrics.values())
    assert found.roc == ()


def test_a_single_prediction_that_is_not_a_number_holds(judged):
    import tensorflow as tf

    found = judged(lambda x: tf.where(x == tf.reduce_max(x), np.nan, sigmoid(x)))
    assert "not_finite" in codes(found)


def test_one_class_holds(tmp_path, judged):
    contract = contract_of(tmp_path)
    data = columns()
    taken = rows_of(ingested(tmp_path, contract, data))["id"].to_numpy()
    data["y"][taken] = 1
    found = judged(made=ingested(tmp_path, contract, data, span=2))
    assert codes(found) == ["one_class", "undefined_metric"]
    assert math.isnan(found.overall.metrics["auc"].value)
    assert found.overall.metrics["log_loss"].defined


def test_an_empty_split_holds(tmp_path, judged):
    contract = contract_of(tmp_path, splits={"by": "hash(day)"})
    for day in range(50):
        data = columns(60) | {"day": [day] * 60}
        made = ingested(tmp_path, contract, data, span=day)
        if made.num_rows("eval") == 0:
            break
    found = judged(made=made, slices=[["side"]])
    assert codes(found) == ["empty_split", "undefined_metric"]
    assert (found.overall.rows, found.slices, found.confusion) == (0, (), ())


def test_missing_and_unknown_labels_hold(judged):
    data = columns()
    y = data["y"].tolist()
    y[:500] = [None] * 250 + [2] * 250
    found = judged(data=data | {"y": pa.array(y)})
    assert codes(found) == ["label_missing", "label_unknown"]
    assert "(2); left out" in message(found, "label_unknown")


def test_an_infinite_label_holds(tmp_path):
    contract = contract_of(tmp_path)
    y = normal(ROWS)
    y[:500] = np.inf
    made = ingested(tmp_path, contract, columns() | {"y": y})
    model = written_model(tmp_path / "m", lambda x: x, task="regression", classes=())
    found = evaluate(model, made, contract)
    assert codes(found) == ["label_missing"]
    assert found.overall.metrics["rmse"].defined


def test_a_model_no_better_than_a_constant_is_held(judged):
    found = judged(lambda x: sigmoid(-x))
    assert codes(found) == ["no_better_than_constant"]
    assert judged(lambda x: sigmoid(-x), evaluation={"thresholds": {"auc": {"min": 0}}}).blessed


def test_a_model_that_few_rows_do_not_show_to_be_better_is_held(tmp_path):
    """Its AUC is above one half, and the interval of that begins below."""
    contract = contract_of(tmp_path)
    made = ingested(tmp_path, contract, columns(rows=120))
    model = written_model(tmp_path / "m", lambda x, noise: sigmoid(0.4 * x + noise), ("x", "noise"))
    found = evaluate(model, made, contract)
    metric = found.overall.metrics["auc"]
    assert metric.low < 0.5 < metric.value
    assert codes(found) == ["no_better_than_constant"]
    assert "its interval reaches the 0.5000 of the best constant answer" in found.verdict.reasons[0]


def test_a_metric_that_does_not_decide_may_be_undefined(judged):
    found = judged(lambda x: sigmoid(x) / 4)
    assert found.blessed
    assert codes(found, "warn") == ["one_answer", "undefined_metric"]
    assert message(found, "one_answer").startswith("the model predicts y = 0 for all ")
    assert message(found, "undefined_metric").startswith("precision is not defined")
    held = judged(lambda x: sigmoid(x) / 4, evaluation={"thresholds": {"precision": {"min": 0.1}}})
    assert codes(held) == ["undefined_metric"]


def test_few_examples_are_a_warning(judged):
    found = judged(data=columns(rows=300))
    assert "few_examples" in codes(found, "warn")
    assert re.search(r"has \d\d examples, fewer than the 100", message(found, "few_examples"))
    lower = {"min_slice_examples": 20}
    assert "few_examples" not in codes(judged(data=columns(rows=300), evaluation=lower), "warn")


def test_few_examples_of_a_class_are_a_warning(judged):
    data = columns()
    data["y"] = ((np.arange(ROWS) % 100 == 0) & (data["x"] > -9)).astype(int)
    found = judged(data=data, evaluation={"thresholds": {"auc": {"min": 0}}})
    assert re.match(r"only \d of \d+ examples .* have y = 1:", message(found, "few_examples"))


@pytest.mark.parametrize(("steps", "warned"), [(99, True), (100, False), (None, False)])
def test_few_gradient_steps_are_a_warning(tmp_path, steps, warned):
    contract = contract_of(tmp_path)
    made = ingested(tmp_path, contract, columns())
    model = written_model(tmp_path / "m", sigmoid)
    card = json.loads((model / "model.json").read_text())
    (model / "model.json").write_text(
        json.dumps(card | ({} if steps is None else {"steps": steps}))
    )
    found = evaluate(model, made, contract)
    assert ("few_steps" in codes(found, "warn")) is warned
    assert found.blessed
    if warned:
        assert "99 gradient steps" in message(found, "few_steps")
