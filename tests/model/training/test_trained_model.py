"""A trained model: its predictions, its directory, and damage that is named."""

import shutil
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from tests.support.modelling import contract_of, ingested, trained, written_model
from tests.support.training import FAST, rows_of, table
from tidegate.core.errors import TidegateError, TrainingError
from tidegate.model.training import TrainedModel


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


def test_a_batch_that_does_not_fit_is_refused(january):
    _, made, model, _ = january
    batch = rows_of(made).slice(0, 3)
    table_ = pa.Table.from_batches([batch]).drop(["carrier"])
    table_ = table_.set_column(table_.column_names.index("hour"), "hour", [["a", "b", "c"]])
    with pytest.raises(TrainingError, match=r"'carrier' is absent, 'hour' is string, not numeric"):
        model.predict(table_.to_batches())


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
