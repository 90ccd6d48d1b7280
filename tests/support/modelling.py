"""Small real inputs for training and evaluation: examples from tables, SavedModels by hand."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from tidegate import schema, statistics
from tidegate.contract import Contract
from tidegate.data import examples
from tidegate.model.training import train

ROOT = Path(__file__).parents[2]


def contract_of(folder, **sections):
    """A contract on Parquet files in `folder`, key `id`, label `y` unless said otherwise."""
    written = {
        "dataset": "d",
        "source": {"uri": "source/{SPAN}.parquet", "format": "parquet"},
        "key": ["id"],
        "label": "y",
        **sections,
    }
    (folder / "contract.yaml").write_text(yaml.safe_dump(written))
    return Contract.load(folder / "contract.yaml")


def ingested(folder, contract, columns, *, span=1):
    """Columns as the examples of a span; a column `id` is added."""
    rows = len(next(iter(columns.values())))
    table = pa.table({"id": pa.array(range(rows)), **columns})
    (folder / "source").mkdir(exist_ok=True)
    pq.write_table(table, folder / "source" / f"{span}.parquet")
    return examples.ingest(contract, span=str(span), out=folder / f"examples-{span}")


def trained(folder, contract, made, **kwargs):
    """A model trained on examples, with their own statistics and inferred schema."""
    measured = statistics.compute(made)
    promised = schema.infer(measured, contract)
    return train(made, measured, promised, contract, out=folder / "model", **kwargs)


def flights(folder):
    """The flights example in `folder`: its contract, on the prepared real data."""
    script = ROOT / "examples" / "flights" / "prepare.py"
    subprocess.run([sys.executable, script, "--out", folder], check=True, capture_output=True)
    text = (ROOT / "examples" / "flights" / "contract.yaml").read_text()
    file = folder / "contract.yaml"
    file.write_text(text.replace("../../build/flights/data", str(folder / "data")))
    return Contract.load(file)


def written_model(path, answer, features=("x",), *, task="binary", classes=("0", "1"), label="y"):
    """A real SavedModel that answers `answer(x, ...)`, a TensorFlow expression."""
    import tensorflow as tf

    key = {"binary": "probability", "multiclass": "probabilities"}.get(task, "prediction")
    module = tf.Module()
    module.serve = tf.function(
        lambda *tensors: {key: tf.cast(answer(*tensors), tf.float32)},
        input_signature=[tf.TensorSpec([None], tf.float32, name=f) for f in features],
        autograph=False,
    )
    tf.saved_model.save(
        module, str(path / "saved_model"), signatures={"serving_default": module.serve}
    )
    kind = "number" if task == "regression" or classes[0].isdigit() else "text"
    card = {
        "label": {"column": label, "task": task, "kind": kind, "classes": list(classes)},
        "features": [
            {"name": f, "tensor": f, "kind": "numeric", "dtype": "float"} for f in features
        ],
    }
    (path / "model.json").write_text(json.dumps(card))
    return path


def normal(rows, seed=0):
    """Standard normal numbers."""
    return np.random.default_rng(seed).normal(size=rows)
