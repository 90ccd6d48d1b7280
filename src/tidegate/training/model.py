"""A trained model on disk: what it is without TensorFlow, what it predicts with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tidegate.contract import Task
from tidegate.errors import TrainingError
from tidegate.training import inputs
from tidegate.training.features import Feature, from_json
from tidegate.training.labels import LabelSpec

CARD = "model.json"
SAVED_MODEL = "saved_model"


@dataclass(frozen=True)
class TrainedModel:
    """A directory with `model.json` and `saved_model/`.

    Attributes:
        path: The directory.
        label: What is predicted.
        features: The inputs, in the model's order.
        card: All of `model.json`.
    """

    path: Path
    label: LabelSpec
    features: tuple[Feature, ...]
    card: Mapping[str, Any] = field(repr=False)

    @classmethod
    def open(cls, path: Path) -> TrainedModel:
        """Read `model.json`; TensorFlow is imported only by the first prediction.

        Raises:
            TrainingError: when there is no model, or its description cannot be understood.
        """
        file = path / CARD
        try:
            card = json.loads(file.read_text(encoding="utf-8"))
            label = LabelSpec.from_json(card["label"])
            features = tuple(from_json(f) for f in card["features"])
        except OSError as error:
            raise TrainingError(
                f"cannot read {file}: {error.strerror}; train the model again"
            ) from None
        except (ValueError, KeyError, TypeError) as error:
            raise TrainingError(
                f"{file} does not describe a model of this version ({error!r}); train it again"
            ) from None
        return cls(path, label, features, card)

    @property
    def task(self) -> Task:
        """`binary`, `multiclass` or `regression`."""
        return self.label.task

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes in the order of the predictions; empty for regression."""
        return self.label.classes

    @property
    def saved_model(self) -> Path:
        """The SavedModel's directory."""
        return self.path / SAVED_MODEL

    @cached_property
    def _signature(self) -> Callable[..., Mapping[str, Any]]:
        import tidegate._quiet  # noqa: F401, I001
        import tensorflow as tf

        try:
            loaded = tf.saved_model.load(str(self.saved_model))
            signature: Callable[..., Mapping[str, Any]] = loaded.signatures["serving_default"]
        except (OSError, KeyError, ValueError, tf.errors.OpError) as error:
            reason = str(error).splitlines()[0]
            raise TrainingError(f"cannot load {self.saved_model}: {reason}") from None
        # A signature lives only as long as the object it was loaded with.
        object.__setattr__(self, "_loaded", loaded)
        return signature

    def predict(self, batches: Iterable[pa.RecordBatch]) -> NDArray[Any]:
        """Predict through the signature `serving_default`, as a server would.

        Args:
            batches: Rows with at least the model's features, in any order of columns.

        Returns:
            float32. Binary: (rows,), the probability of the positive class. Multiclass:
            (rows, classes). Regression: (rows,), in the label's unit.

        Raises:
            TrainingError: a feature is absent or of another kind, or the model cannot be loaded.
        """
        key = {"binary": "probability", "multiclass": "probabilities"}.get(self.task, "prediction")
        parts = []
        for batch in batches:
            inputs.require(self.features, batch.schema)
            outputs = self._signature(**inputs.arrays(batch, self.features))
            parts.append(np.asarray(outputs[key], dtype=np.float32))
        if parts:
            return np.concatenate(parts)
        return np.zeros((0, len(self.classes)) if self.task == "multiclass" else 0, np.float32)
