"""Training: labels, features, what travels in the SavedModel, and what is refused."""

import json
import shutil
import subprocess
import sys
from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.modelling import contract_of, flights, ingested, normal, trained, written_model
from tidegate import schema, statistics
from tidegate.core.errors import ContractError, TidegateError, TrainingError
from tidegate.data import examples
from tidegate.model.training import LabelSpec, TrainedModel, label_spec, train
from tidegate.model.training.features import choose
from tidegate.model.training.labels import class_text
from tidegate.numerics.metrics import Binary, Regression, auc, r2

ROWS = 400
FAST = {"epochs": 2, "batch_size": 64, "hidden_units": [8]}


def table(rows=ROWS, **columns):
    x = normal(rows)
    return {"x": x, "y": (x > 0).astype(int), **columns}


# Labels


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        ([0, 1], "binary", ("0", "1")),
        ([10, 9], "binary", ("9", "10")),
        ([1.0, 0.0], "binary", ("0", "1")),
        ([0.5, -1.5], "binary", ("-1.5", "0.5")),
        (["no", "yes"], "binary", ("no", "yes")),
        (["b", "a", "é"], "multiclass", ("a", "b", "é")),
        ([1, 2, 3], "regression", ()),
        ([0.1, 0.2, 0.3], "regression", ()),
    ],
)
def test_task_and_classes_follow_from_the_values(tmp_path, values, task, classes):
    contract = contract_of(tmp_path)
    made = ingested(tmp_path, contract, {"x": normal(60), "y": values * (60 // len(values))})
    spec = label_spec(made, contract)
    assert (spec.task, spec.classes) == (task, classes)
    assert spec.positive == (classes[1] if task == "binary" else None)


def test_contract_can_make_numbers_classes(tmp_path):
    contract = contract_of(tmp_path, task="multiclass")
    made = ingested(tmp_path, contract, {"x": normal(60), "y": [3, 20, 1] * 20})
    spec = label_spec(made, contract)
    assert spec.classes == ("1", "3", "20")
    assert spec.encode(pa.array([20, 1, 7, None])).tolist()[:3] == [2, 0, -1]


@pytest.mark.parametrize(
    ("sections", "y", "message"),
    [
        ({}, [1] * 60, "label 'y' has a single value, '1', in all 60 examples"),
        ({}, [None, *[0, 1] * 29, 1], "label 'y' is missing in 1 of 60 examples"),
        ({}, [float("nan"), *[0.0, 1.0] * 29, 1.0], "label 'y' is missing in 1 of 60"),
        ({}, [float("inf"), *[0.0, 1.0] * 29, 1.0], "label 'y' is infinite in 1 examples"),
        ({}, pa.nulls(60), "label 'y' is missing in every example"),
        ({"task": "binary"}, ["a", "b", "c"] * 20, "has 3 values .* set 'task: multiclass'"),
        ({"task": "regression"}, ["a", "b"] * 30, "holds texts; regression needs numbers"),
        ({"label": "z"}, [0, 1] * 30, "label 'z' is not a column"),
        ({}, [datetime(2013, 1, i % 9 + 1) for i in range(60)], "is of type timestamp"),
    ],
)
def test_unusable_labels_are_refused(tmp_path, sections, y, message):
    contract = contract_of(tmp_path, **sections)
    made = ingested(tmp_path, contract, {"x": normal(60), "y": y})
    with pytest.raises(TrainingError, match=message) as caught:
        label_spec(made, contract)
    assert "\n" not in str(caught.value)


def test_a_class_only_the_eval_split_has_is_nothing_to_learn_from(tmp_path):
    contract = contract_of(tmp_path, splits={"by": "hash(day)"})
    columns = {"day": np.arange(60) // 3, "x": normal(60), "y": np.zeros(60)}
    judged = rows_of(ingested(tmp_path, contract, columns))["day"].to_numpy()
    columns["y"] = np.isin(columns["day"], judged).astype(int)
    made = ingested(tmp_path, contract, columns, span=2)
    with pytest.raises(TrainingError, match="single value in the train split"):
        label_spec(made, contract)


def test_an_identifier_is_no_label(tmp_path):
    contract = contract_of(tmp_path)
    made = ingested(tmp_path, contract, {"x": normal(1500), "y": [f"v{i}" for i in range(1500)]})
    with pytest.raises(TrainingError, match="more than 1000 classes; is it an identifier"):
        label_spec(made, contract)


def test_regression_moments_are_those_of_the_train_split(tmp_path):
    contract = contract_of(tmp_path, task="regression")
    made = ingested(tmp_path, contract, {"x": normal(ROWS), "y": 1e6 + normal(ROWS, 1)})
    column = np.concatenate([b["y"].to_numpy() for b in made.batches("train")])
    spec = label_spec(made, contract)
    assert spec.mean == pytest.approx(column.mean(), rel=1e-12)
    assert spec.std == pytest.approx(column.std(), rel=1e-9)


@given(st.lists(st.integers(-(2**53), 2**53), min_size=2, max_size=9, unique=True))
def test_numeric_classes_are_found_again(values):
    order = tuple(class_text(v) for v in sorted(values))
    spec = LabelSpec("y", "multiclass", "number", order)
    assert [order[int(i)] for i in spec.encode(pa.array(values))] == [str(v) for v in values]
    assert LabelSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


# Features


def chosen(tmp_path, columns, **sections):
    contract = contract_of(tmp_path, **sections)
    made = ingested(tmp_path, contract, columns)
    measured = statistics.compute(made)
    return choose(measured, schema.infer(measured, contract), made.schema, contract)


def test_columns_without_information_are_left_out_with_a_note(tmp_path):
    features, dropped = chosen(
        tmp_path,
        table(
            empty=pa.nulls(ROWS),
            nan=np.full(ROWS, np.nan),
            same=["a"] * ROWS,
            one=np.ones(ROWS),
            sometimes=pa.array([1.0, None] * (ROWS // 2)),
        ),
    )
    assert [f.name for f in features] == ["x", "sometimes"]
    assert dropped == {
        "empty": "no value in the train split",
        "nan": "no value in the train split",
        "same": "the same value in every row of the train split",
        "one": "the same value in every row of the train split",
    }
    assert features[1].std == 1


def test_a_column_the_schema_does_not_know_is_left_out(tmp_path):
    contract = contract_of(tmp_path)
    made = ingested(tmp_path, contract, table())
    promised = schema.infer(statistics.compute(made), contract)
    more = ingested(tmp_path, contract, table(new=normal(ROWS, 1)), span=2)
    _, dropped = choose(statistics.compute(more), promised, more.schema, contract)
    assert dropped == {"new": "not in the schema"}


def test_vocabulary_leaves_rare_values_to_the_strangers(tmp_path):
    words = ["often"] * 200 + ["seldom"] * 190 + [f"once{i}" for i in range(10)]
    (_, word), _ = chosen(tmp_path, table(word=words))
    assert word.vocabulary == ("often", "seldom")


@pytest.mark.parametrize(
    ("columns", "sections", "message"),
    [
        (
            {"at": [datetime(2013, 1, i % 28 + 1) for i in range(ROWS)]},
            {},
            "feature 'at' is a timestamp.*exclude it in the contract",
        ),
        ({"x": np.r_[np.inf, normal(ROWS - 1)]}, {}, "feature 'x' has no finite mean"),
        ({}, {"features": {"exclude": ["x"]}}, "no column is left to learn from"),
        ({"x": np.ones(ROWS)}, {}, "no column is left to learn from .'x': the same value"),
    ],
)
def test_unusable_features_are_refused(tmp_path, columns, sections, message):
    with pytest.raises(TrainingError, match=message) as caught:
        chosen(tmp_path, table(**columns), **sections)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("later", "message"),
    [
        ({"x": pa.array(["a", "b"] * (ROWS // 2))}, "'x' holds string, while the schema promises"),
        ({}, "feature 'x' is in the schema and not in the examples"),
    ],
)
def test_examples_must_keep_what_the_schema_promises(tmp_path, later, message):
    contract = contract_of(tmp_path)
    made = ingested(tmp_path, contract, table(z=normal(ROWS, 1)))
    promised = schema.infer(statistics.compute(made), contract)
    columns = {"y": [0, 1] * (ROWS // 2), "z": normal(ROWS, 1), **later}
    other = ingested(tmp_path, contract, columns, span=2)
    with pytest.raises(TrainingError, match=message):
        choose(statistics.compute(other), promised, other.schema, contract)


# Training


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


@pytest.fixture(scope="module")
def january(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flights")
    contract = flights(folder)
    made = examples.ingest(contract, span="2013-01", out=folder / "examples")
    seen = []
    model = trained(folder, contract, made, on_epoch=lambda n, logs: seen.append((n, dict(logs))))
    return contract, made, model, seen


def rows_of(made, split="eval"):
    return pa.Table.from_batches(made.batches(split)).combine_chunks().to_batches()[0]


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
    assert (card["span"], card["rows"]["train"]) == ("2013-01", made.num_rows("train"))
    carrier = next(f for f in card["features"] if f["name"] == "carrier")
    assert carrier["vocabulary_size"] > 10
    assert "vocabulary" not in carrier
    assert TrainedModel.open(model.path).features == tuple(
        f.__class__(**vars(f) | {"vocabulary": ()}) for f in model.features
    )


def example_of(row, features):
    from tensorflow import train as protos

    carried = {}
    for f in features:
        value = row[f.name]
        if value is None:
            continue
        if f.dtype == "int":
            carried[f.name] = protos.Feature(int64_list=protos.Int64List(value=[value]))
        elif f.dtype == "float":
            carried[f.name] = protos.Feature(float_list=protos.FloatList(value=[value]))
        else:
            text = protos.BytesList(value=[value.encode()])
            carried[f.name] = protos.Feature(bytes_list=text)
    return protos.Example(features=protos.Features(feature=carried))


def test_both_signatures_and_predict_agree_on_missing_values_too(january):
    import tensorflow as tf

    _, made, model, _ = january
    rows = rows_of(made).slice(0, 500).to_pylist()
    names = [f.name for f in model.features]
    assert any(row["wind_gust"] is None for row in rows)
    for i, row in enumerate(rows):
        row[names[i % len(names)]] = None
    rows += [dict.fromkeys(rows[0])]
    types = pa.schema([made.schema.field(n) for n in names])
    batch = pa.RecordBatch.from_pylist([{n: r[n] for n in names} for r in rows], schema=types)
    ours = model.predict([batch])
    assert np.isfinite(ours).all()

    signatures = tf.saved_model.load(str(model.saved_model)).signatures
    protos = [example_of(row, model.features).SerializeToString() for row in rows]
    served = signatures["serve_tf_examples"](examples=tf.constant(protos))["probability"]
    np.testing.assert_allclose(served, ours, atol=1e-6)
    raw = {
        f.tensor: tf.constant(
            [np.nan if r[f.name] is None else r[f.name] for r in rows], tf.float32
        )
        if f.kind == "numeric"
        else tf.constant([r[f.name] or "" for r in rows])
        for f in model.features
    }
    direct = signatures["serving_default"](**raw)["probability"]
    np.testing.assert_allclose(direct, ours, atol=1e-6)

    empty = tf.train.Example()
    empty.features.feature["hour"].int64_list.SetInParent()
    (blank,) = signatures["serve_tf_examples"](examples=[empty.SerializeToString()])["probability"]
    assert float(blank) == pytest.approx(float(ours[-1]), abs=1e-6)
    empty.features.feature["hour"].int64_list.value.extend([1, 2])
    with pytest.raises(tf.errors.InvalidArgumentError, match="more than one value"):
        signatures["serve_tf_examples"](examples=[empty.SerializeToString()])


def test_values_never_seen_are_finite_and_bounded(january):
    _, made, model, _ = january
    row = rows_of(made).slice(0, 1).to_pylist()[0]
    distance = next(f for f in model.features if f.name == "distance")
    far = [round(distance.mean + z * distance.std) for z in (7, 9, 1e9)]
    rows = [row | {"carrier": "??"}, *(row | {"distance": d} for d in far)]
    found = model.predict([pa.RecordBatch.from_pylist(rows, schema=made.schema)])
    assert np.isfinite(found).all()
    assert found[1] != found[2]
    assert found[2] == found[3]  # both beyond the cut-off


def test_predictions_do_not_depend_on_batches(january):
    _, made, model, _ = january
    whole = model.predict(made.batches("eval"))
    parts = model.predict(made.batches("eval", batch_size=1000))
    np.testing.assert_allclose(parts, whole, atol=1e-6)
    assert model.predict([]).shape == (0,)


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize("block", [100, 65_536])
def test_an_epoch_is_every_row_once_in_an_order_the_seed_decides(
    tmp_path, monkeypatch, block, cached
):
    from tidegate.model.training import dataset, network

    monkeypatch.setattr(dataset, "BLOCK_ROWS", block)
    monkeypatch.setattr(dataset, "SHUFFLE_ROWS", 250)
    monkeypatch.setattr(dataset, "CACHE_BYTES", 1 << 30 if cached else 0)
    contract = contract_of(tmp_path, task="regression")
    made = ingested(tmp_path, contract, {"x": normal(1000), "y": np.arange(1000)})
    measured = statistics.compute(made)
    features, _ = choose(measured, schema.infer(measured, contract), made.schema, contract)
    label, rows = label_spec(made, contract), made.num_rows("train")

    def epochs(seed):
        data = dataset.blocks(made, "train", features, label, network.Preprocess(features))
        learnt = dataset.batches(dataset.shuffled(data, seed=seed), rows=rows, batch_size=64)
        return [[y.numpy() for _, y in learnt] for _ in range(2)]

    first, second = epochs(1)
    assert [len(y) for y in first] == [64] * (rows // 64) + [rows % 64]
    everything = np.concatenate([b["y"].to_numpy() for b in made.batches("train")])
    for epoch in (first, second):
        seen = np.concatenate(epoch) * label.std + label.mean
        np.testing.assert_allclose(np.sort(seen), np.sort(everything), atol=0.01)
    assert not np.array_equal(np.concatenate(first), np.concatenate(second))
    assert np.array_equal(np.concatenate(first), np.concatenate(epochs(1)[0]))
    assert not np.array_equal(np.concatenate(first), np.concatenate(epochs(2)[0]))


def test_a_model_of_texts_alone(tmp_path):
    word = np.array(["a", "b"] * (ROWS // 2))
    contract = contract_of(tmp_path, training={"batch_size": 16, "hidden_units": []})
    made = ingested(tmp_path, contract, {"word": word, "y": (word == "b").astype(int)})
    made_of = trained(tmp_path, contract, made)
    batch = rows_of(made)
    assert ((made_of.predict([batch]) > 0.5) == batch["y"].to_numpy()).all()


def test_a_batch_that_does_not_fit_is_refused(january):
    _, made, model, _ = january
    batch = rows_of(made).slice(0, 3)
    table_ = pa.Table.from_batches([batch]).drop(["carrier"])
    table_ = table_.set_column(table_.column_names.index("hour"), "hour", [["a", "b", "c"]])
    with pytest.raises(TrainingError, match=r"'carrier' is absent, 'hour' is string, not numeric"):
        model.predict(table_.to_batches())


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


def test_a_model_is_replaced_whole(tmp_path):
    contract = contract_of(tmp_path, training=FAST)
    made = ingested(tmp_path, contract, table())
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "stale").touch()
    trained(tmp_path, contract, made)
    assert sorted(p.name for p in (tmp_path / "model").iterdir()) == ["model.json", "saved_model"]


@pytest.mark.parametrize(
    "damage", ["no card", "half a card", "no graph", "half the weights", "another graph"]
)
def test_a_damaged_model_is_named(tmp_path, damage):
    contract = contract_of(tmp_path, training=FAST)
    made = ingested(tmp_path, contract, table())
    path = trained(tmp_path, contract, made).path
    if damage == "no card":
        (path / "model.json").unlink()
    elif damage == "half a card":
        (path / "model.json").write_text((path / "model.json").read_text()[:99])
    elif damage == "no graph":
        (path / "saved_model" / "saved_model.pb").unlink()
    elif damage == "another graph":
        other = written_model(tmp_path / "other", lambda z: z, ("z",))
        shutil.rmtree(path / "saved_model")
        (other / "saved_model").rename(path / "saved_model")
    else:
        for file in (path / "saved_model" / "variables").iterdir():
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(TidegateError, match=r"model") as caught:
        TrainedModel.open(path).predict(made.batches("eval"))
    assert "\n" not in str(caught.value)


def test_reading_needs_no_tensorflow(january):
    _, _, model, _ = january
    code = (
        "import sys, pathlib, tidegate.model.training, tidegate.model.evaluation\n"
        f"model = tidegate.model.training.TrainedModel.open(pathlib.Path({str(model.path)!r}))\n"
        "assert model.task == 'binary'\n"
        "heavy = {'tensorflow', 'keras', 'tensorflow_data_validation', 'apache_beam'}\n"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
