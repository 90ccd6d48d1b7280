"""Train a model from examples, statistics, schema and contract."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate import __version__
from tidegate.contract import Contract
from tidegate.core.errors import TrainingError
from tidegate.model.training.features import choose
from tidegate.model.training.labels import LabelSpec, label_spec
from tidegate.model.training.trained_model import CARD, SAVED_MODEL, TrainedModel
from tidegate.platform.storage.directory import atomic_directory

if TYPE_CHECKING:
    import keras
    from tensorflow_metadata.proto.v0 import schema_pb2

    from tidegate.data.examples import Examples
    from tidegate.statistics import Statistics

OnEpoch = Callable[[int, Mapping[str, float]], None]

#: The most rows of the eval split for the loss shown for each epoch.
_EVAL_LOSS_ROWS = 262_144
_EVAL_LOSS_BATCH = 8_192
_STEPS_PER_EXECUTION = 32


def train(
    examples: Examples,
    statistics: Statistics,
    schema: schema_pb2.Schema,
    contract: Contract,
    *,
    out: Path,
    on_epoch: OnEpoch | None = None,
) -> TrainedModel:
    """Train a model on the train split and write it to `out`.

    The same inputs and seed give the same model on the same machine and TensorFlow version. The
    eval split decides nothing here: only its loss is recorded for each epoch.

    Args:
        examples: Examples with splits `train` and `eval`.
        statistics: The statistics of these examples.
        schema: The schema, which names the columns that may be features.
        contract: The contract with label, features and training parameters.
        out: The directory to make; replaced as a whole if it exists, and never left half written.
        on_epoch: Called after each epoch with its number, from 1, and `loss` and `eval_loss`.

    Raises:
        TrainingError: no model can be made of this; the message gives the reason and the remedy.
        ContractError: the evaluation's metrics are none of this task: reported now, not afterwards.
    """
    if statistics.content_digest != examples.content_digest:
        raise TrainingError(
            f"the statistics are of other data than the examples ({statistics.span!r} and "
            f"{examples.span!r}); compute the statistics of these examples"
        )
    from tidegate.model.metric_names import require_metrics

    label = label_spec(examples, contract)
    require_metrics(contract, label.task)
    features, dropped = choose(statistics, schema, examples.schema, contract)

    # These import TensorFlow: not before the mistakes above are reported.
    from tidegate.model.training import dataset, export, network

    network.seed(contract.training.seed)
    preprocess = network.Preprocess(features)
    learnt = dataset.batches(
        dataset.shuffled(
            dataset.blocks(examples, "train", features, label, preprocess),
            seed=contract.training.seed,
        ),
        rows=examples.num_rows("train"),
        batch_size=contract.training.batch_size,
    )
    watched = None
    if "eval" in examples.splits and (rows := examples.num_rows("eval")):
        watched = dataset.batches(
            dataset.blocks(examples, "eval", features, label, preprocess, max_rows=_EVAL_LOSS_ROWS),
            rows=min(rows, _EVAL_LOSS_ROWS),
            batch_size=_EVAL_LOSS_BATCH,
        )
    model = network.build(preprocess, contract.training, _bias(examples, label))
    steps = math.ceil(examples.num_rows("train") / contract.training.batch_size)
    model.compile(
        optimizer=network.optimizer(contract.training, steps),
        loss=network.loss(label),
        steps_per_execution=min(_STEPS_PER_EXECUTION, steps),
        jit_compile=False,
    )
    history = _fit(model, learnt, watched, contract.training.epochs, on_epoch)

    card = {
        "task": label.task,
        "classes": list(label.classes),
        "label": label.to_json(),
        "features": [f.to_json() for f in features],
        "dropped": dropped,
        "parameters": int(model.count_params()),
        "training": contract.training.model_dump(mode="json"),
        "steps": steps * contract.training.epochs,
        "rows": {split: examples.num_rows(split) for split in examples.splits},
        "history": history,
        "span": examples.span,
        "content_digest": examples.content_digest,
        "contract_digest": contract.digest,
        "versions": {"tidegate": __version__, **network.versions()},
    }
    with atomic_directory(out) as directory:
        export.save(preprocess, model, features, label, directory / SAVED_MODEL)
        text = json.dumps(card, indent=1, ensure_ascii=False, allow_nan=False)
        (directory / CARD).write_text(text + "\n", encoding="utf-8")
    return TrainedModel.open(out)


def _fit(
    model: keras.Model, learnt: Any, watched: Any, epochs: int, on_epoch: OnEpoch | None
) -> list[dict[str, float]]:
    """Fit epoch by epoch, and return `loss` and `eval_loss` for each."""
    history = []
    for epoch in range(epochs):
        fitted = model.fit(
            learnt,
            validation_data=watched,
            shuffle=False,
            initial_epoch=epoch,
            epochs=epoch + 1,
            verbose=0,
        )
        logs = {k.replace("val_", "eval_"): float(v[0]) for k, v in fitted.history.items()}
        if not all(math.isfinite(v) for v in logs.values()):
            raise TrainingError(
                f"the loss is not finite after epoch {epoch + 1} ({logs}); lower "
                "training.learning_rate in the contract"
            )
        history.append(logs)
        if on_epoch:
            on_epoch(epoch + 1, logs)
    return history


def _bias(examples: Examples, label: LabelSpec) -> list[float]:
    """The scores of a model that knows only the classes' shares."""
    if label.task == "regression":
        return [0.0]
    counts = np.ones(len(label.classes))  # add-one smoothing: a class may be only in eval
    for batch in examples.batches("train", columns=[label.column]):
        index = label.encode(batch.column(0)).astype(int)
        counts += np.bincount(index, minlength=len(counts))
    if label.task == "binary":
        return [float(np.log(counts[1] / counts[0]))]
    return [float(b) for b in np.log(counts / counts.sum())]
