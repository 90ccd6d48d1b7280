"""A trained model on disk; only its predictions need TensorFlow."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tidegate.contract import Task
from tidegate.core.errors import TrainingError
from tidegate.model.training import inputs
from tidegate.model.training.features import Feature, from_json
from tidegate.model.training.labels import LabelSpec

CARD = "model.json"
SAVED_MODEL = "saved_model"


@dataclass(frozen=True)
class TrainedModel:
    """A directory with `model.json` and `saved_model/`.

    Attributes:
        path: The directory.
        label: The predicted label.
        features: The inputs, in the model's order.
        card: All of `model.json`.
    """

    path: Path
    label: LabelSpec
    features: tuple[Feature, ...]
    card: Mapping[str, Any] = field(repr=False)

    @classmethod
    def open(cls, path: Path) -> TrainedModel:
        """Read `model.json`; only the first prediction imports TensorFlow.

        Raises:
            TrainingError: there is no model, or its description cannot be understood.
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
        """The classes in the predictions' order; empty for regression."""
        return self.label.classes

    @property
    def steps(self) -> int | None:
        """The number of gradient steps of the training; None if it is not recorded."""
        steps = self.card.get("steps")
        return None if steps is None else int(steps)

    @property
    def saved_model(self) -> Path:
        """The SavedModel's directory."""
        return self.path / SAVED_MODEL

    @cached_property
    def _loaded(self) -> Any:
        import tidegate.core._quiet  # noqa: F401, I001
        import tensorflow as tf

        try:
            return tf.saved_model.load(str(self.saved_model))
        except (OSError, KeyError, ValueError, tf.errors.OpError) as error:
            raise self._unusable("loaded", error) from None

    def _unusable(self, verb: str, error: Exception) -> TrainingError:
        reason = (str(error).splitlines() or [repr(error)])[0]
        return TrainingError(
            f"{self.saved_model} cannot be {verb} ({reason}); is it complete? Train the model again"
        )

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
        parts = [self._predict(batch) for batch in batches]
        if parts:
            return np.concatenate(parts)
        return np.zeros((0, len(self.classes)) if self.task == "multiclass" else 0, np.float32)

    def _predict(self, batch: pa.RecordBatch) -> NDArray[Any]:
        inputs.require(self.features, batch.schema)
        raw = inputs.arrays(batch, self.features)
        signatures = self._loaded.signatures
        key = {"binary": "probability", "multiclass": "probabilities"}.get(self.task, "prediction")
        try:
            return np.asarray(signatures["serving_default"](**raw)[key], dtype=np.float32)
        except Exception as error:
            # A graph that does not fit its model.json fails in as many ways as there are
            # operations; the error must name the damaged model.
            raise self._unusable("run", error) from error
