"""Training: what is learnt, and what is refused."""

import json

import numpy as np
import pyarrow as pa
import pytest

from tests.support.modelling import contract_of, ingested, normal, trained
from tests.support.training import FAST, ROWS, rows_of, table
from tidegate import schema, statistics
from tidegate.core.errors import ContractError, TrainingError
from tidegate.model.training import TrainedModel, train
from tidegate.numerics.metrics import Binary, Regression, auc, r2


def test_statistics_of_other_data_are_refused(tmp_path):
    contract = contract_of(tmp_path)
    made = ingested(tmp_path, contract, table())
    measured = statistics.compute(ingested(tmp_path, contract, table(z=normal(ROWS)), span=2))
    with pytest.raises(TrainingError, match="statistics are of other data"):
        train(made, measured, schema.infer(measured, contract), contract, out=tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_an_unknown_metric_is_told_before_training(tmp_path):
    contract = contract_of(tmp_path, evaluation={"metric": "acuracy"})
    with pytest.raises(ContractError, match=r"'acuracy', no metric.*did you mean 'accuracy'"):
        trained(tmp_path, contract, ingested(tmp_path, contract, table()))


def test_a_loss_that_is_not_finite_is_refused(tmp_path):
    contract = contract_of(tmp_path, training=FAST | {"learning_rate": 1e30})
    made = ingested(tmp_path, contract, {"x": normal(ROWS), "y": normal(ROWS, 1)})
    with pytest.raises(TrainingError, match=r"loss is not finite.*learning_rate"):
        trained(tmp_path, contract, made)
    assert not (tmp_path / "model").exists()


def test_flights_are_learnt(january):
    contract, made, model, seen = january
    batch = rows_of(made)
    found = auc(Binary(batch["late"].to_numpy(), model.predict([batch]))).value
    assert 0.66 < found < 0.8
    assert [n for n, _ in seen] == list(range(1, contract.training.epochs + 1))
    assert seen[-1][1]["loss"] < seen[0][1]["loss"]
    assert set(seen[0][1]) == {"loss", "eval_loss"}


def test_the_card_says_what_the_model_is(january):
    contract, made, model, seen = january
    card = json.loads((model.path / "model.json").read_text())
    assert card["classes"] == ["0", "1"]
    assert card["label"]["positive"] == "1"
    assert card["history"] == [logs for _, logs in seen]
    assert card["content_digest"] == made.content_digest
    assert card["contract_digest"] == contract.digest
    batches = -(-made.num_rows("train") // contract.training.batch_size)
    assert card["steps"] == model.steps == batches * contract.training.epochs
    assert (card["span"], card["rows"]["train"]) == ("2013-01", made.num_rows("train"))
    carrier = next(f for f in card["features"] if f["name"] == "carrier")
    assert carrier["vocabulary_size"] > 10
    assert "vocabulary" not in carrier
    assert TrainedModel.open(model.path).features == tuple(
        f.__class__(**vars(f) | {"vocabulary": ()}) for f in model.features
    )


def test_a_model_of_texts_alone(tmp_path):
    word = np.array(["a", "b"] * (ROWS // 2))
    contract = contract_of(tmp_path, training={"batch_size": 16, "hidden_units": []})
    made = ingested(tmp_path, contract, {"word": word, "y": (word == "b").astype(int)})
    made_of = trained(tmp_path, contract, made)
    batch = rows_of(made)
    assert ((made_of.predict([batch]) > 0.5) == batch["y"].to_numpy()).all()


def test_the_seed_decides(tmp_path):
    def predictions(seed):
        contract = contract_of(tmp_path, training=FAST | {"seed": seed})
        made = ingested(tmp_path, contract, table(word=["a", "b"] * (ROWS // 2)))
        return trained(tmp_path, contract, made).predict(made.batches("eval"))

    first = predictions(1)
    assert np.array_equal(first, predictions(1))
    assert not np.array_equal(first, predictions(2))


def test_odd_names_and_unicode_words(tmp_path):
    odd = {"dep delay": normal(ROWS, 1), "dep_delay": normal(ROWS, 2), "self": normal(ROWS, 3)}
    odd |= {"9é": ["Zürich", "東京"] * (ROWS // 2), "class": [1, 2] * (ROWS // 2)}
    contract = contract_of(tmp_path, training=FAST)
    made = ingested(tmp_path, contract, table(**odd))
    model = trained(tmp_path, contract, made)
    assert {f.name: f.tensor for f in model.features} == {
        "x": "x",
        "dep delay": "dep_delay",
        "dep_delay": "dep_delay_2",
        "self": "f_self",
        "9é": "f_9_",
        "class": "f_class",
    }
    assert np.isfinite(model.predict(made.batches("eval"))).all()


@pytest.mark.parametrize("numeric", ["normalize", "bucketize"])
def test_regression_is_learnt_in_the_labels_unit(tmp_path, numeric):
    rows = 4000
    x = normal(rows)
    word = np.array(["low", "high"])[(normal(rows, 1) > 0).astype(int)]
    y = 5000 + 100 * np.abs(x) + 50 * (word == "high") + 5 * normal(rows, 2)
    holes = pa.array(x, mask=np.arange(rows) % 10 == 0)
    contract = contract_of(
        tmp_path, training={"numeric": numeric, "batch_size": 64, "learning_rate": 0.01}
    )
    made = ingested(tmp_path, contract, {"x": holes, "word": word, "y": y})
    model = trained(tmp_path, contract, made)
    batch = rows_of(made)
    seen = batch["x"].is_valid().to_numpy(zero_copy_only=False)
    labels, found = batch["y"].to_numpy()[seen], model.predict([batch])[seen]
    assert r2(Regression(labels, found)).value > 0.95
    edges = model.features[0].edges
    assert len(edges) == (0 if numeric == "normalize" else 19)
    assert list(edges) == sorted(edges)


def test_multiclass_is_learnt_and_served(tmp_path):
    import tensorflow as tf

    rows = 3000
    x, z = normal(rows), normal(rows, 1)
    y = np.array(["left", "right", "up"])[np.where(z > 0.5, 2, (x > 0).astype(int))]
    contract = contract_of(
        tmp_path, training={"batch_size": 64, "learning_rate": 0.01, "dropout": 0}
    )
    made = ingested(tmp_path, contract, {"x": x, "z": z, "y": y})
    model = trained(tmp_path, contract, made)
    batch = rows_of(made)
    found = model.predict([batch])
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    named = np.array(model.classes)[found.argmax(axis=1)]
    assert (named == np.array(batch["y"].to_pylist())).mean() > 0.95
    signature = tf.saved_model.load(str(model.saved_model)).signatures["serving_default"]
    raw = {n: tf.constant(batch[n].to_numpy(), tf.float32) for n in ("x", "z")}
    assert [c.decode() for c in signature(**raw)["class"].numpy()] == named.tolist()
