"""Collect labels, predictions and slicing values in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegate.core.errors import EvaluationError, TrainingError
from tidegate.model.training.inputs import require
from tidegate.model.training.labels import LabelSpec
from tidegate.model.training.trained_model import TrainedModel
from tidegate.numerics.metrics import Array

if TYPE_CHECKING:
    from tidegate.data.examples import Examples

MISSING = "(missing)"
#: The most unknown labels that are shown.
STRANGERS = 5


@dataclass(frozen=True)
class Scored:
    """One model's labels and predictions for the rows.

    The labels are indices of its own classes.
    """

    labels: Array
    predictions: Array

    @property
    def not_finite(self) -> int:
        """The number of rows with a non-finite prediction."""
        rows = self.predictions.reshape(len(self.predictions), -1)
        return int((~np.isfinite(rows).all(axis=1)).sum()) if len(rows) else 0


@dataclass(frozen=True)
class Collected:
    """The rows that can be judged, in the order of the files.

    Attributes:
        challenger: The predictions of the model to be judged.
        champion: The predictions of the model to compare with; None if there is none or it fails.
        champion_problem: Why an existing champion cannot be run; empty otherwise.
        columns: The distinct values as text, by slicing column.
        codes: The index into them of each row, by slicing column.
        missing: Rows left out because their label is missing or infinite.
        unknown: Rows left out (binary), or counted as wrong (multiclass), because the model to be
            judged does not know their label.
        strangers: Some of the unknown labels.
    """

    challenger: Scored
    champion: Scored | None
    champion_problem: str
    columns: dict[str, list[str]]
    codes: dict[str, Array]
    missing: int
    unknown: int
    strangers: tuple[str, ...]

    @property
    def rows(self) -> int:
        """The number of rows that can be judged."""
        return len(self.challenger.labels)


def collect(
    examples: Examples,
    split: str,
    challenger: TrainedModel,
    champion: TrainedModel | None,
    slicing: Sequence[str],
) -> Collected:
    """Run both models over a split.

    A champion that fails is dropped, and the reason is recorded.

    Raises:
        EvaluationError: the model to be judged cannot be run.
    """
    labels = _Labels(challenger.label)
    own, rival = _Parts(challenger), _Parts(champion) if champion else None
    problem = ""
    values = {column: _Codes() for column in slicing}
    for batch in examples.batches(split, columns=_columns(challenger, champion, slicing)):
        try:
            batch = labels.judgeable(batch)
            own.add(batch)
        except TrainingError as error:
            raise EvaluationError(f"the model to be judged cannot be run: {error}") from None
        try:
            if rival is not None:
                rival.add(batch)
        except TrainingError as error:
            rival, problem = None, str(error)
        for name, codes in values.items():
            codes.add(batch.column(batch.schema.get_field_index(name)))
    theirs = rival.scored() if rival is not None else None
    if theirs is not None and theirs.not_finite:
        problem = f"{theirs.not_finite:,} of its predictions are not numbers"
        theirs = None
    return Collected(
        own.scored(),
        theirs,
        problem,
        {name: codes.words for name, codes in values.items()},
        {name: codes.joined() for name, codes in values.items()},
        labels.missing,
        labels.unknown,
        tuple(sorted(labels.strangers)),
    )


def comparable(champion: TrainedModel, challenger: TrainedModel, columns: pa.Schema) -> None:
    """Check that a champion predicts the same label and can run.

    Raises:
        TrainingError: it does not or cannot; gives the reason.
    """
    theirs, ours = champion.label, challenger.label
    if (theirs.column, theirs.task) != (ours.column, ours.task):
        raise TrainingError(
            f"it predicts {theirs.column!r} ({theirs.task}), the challenger {ours.column!r} "
            f"({ours.task})"
        )
    if theirs.kind != ours.kind or (ours.task == "binary" and theirs.classes != ours.classes):
        raise TrainingError(
            f"it knows the classes {', '.join(theirs.classes)}, the challenger "
            f"{', '.join(ours.classes)}"
        )
    require(champion.features, columns)


def _columns(
    challenger: TrainedModel, champion: TrainedModel | None, slicing: Sequence[str]
) -> list[str]:
    names = [f.name for f in challenger.features]
    names += [f.name for f in champion.features] if champion else []
    return list(dict.fromkeys([*names, challenger.label.column, *slicing]))


class _Labels:
    """A filter for rows with a usable label; it counts the others."""

    def __init__(self, label: LabelSpec) -> None:
        self._label = label
        self.missing = self.unknown = 0
        self.strangers: set[str] = set()

    def judgeable(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        column = batch.column(batch.schema.get_field_index(self._label.column))
        encoded = self._label.encode(column)
        present = np.isfinite(encoded)
        self.missing += int((~present).sum())
        if self._label.task != "regression":
            strange = encoded == -1
            self.unknown += int(strange.sum())
            if len(self.strangers) < STRANGERS and strange.any():
                found = pc.unique(column.filter(pa.array(strange))).to_pylist()
                self.strangers.update(str(v) for v in found[:STRANGERS])
            if self._label.task == "binary":
                present &= ~strange
        return batch if present.all() else batch.filter(pa.array(present))


class _Parts:
    """One model's predictions, batch by batch."""

    def __init__(self, model: TrainedModel) -> None:
        self._model = model
        self._labels: list[Array] = []
        self._predictions: list[Array] = []

    def add(self, batch: pa.RecordBatch) -> None:
        if not batch.num_rows:
            return
        label = self._model.label
        labels = label.encode(batch.column(batch.schema.get_field_index(label.column)))
        predictions = self._model.predict([batch])
        if label.task != "regression":
            labels = np.where(labels < 0, len(label.classes), labels).astype(np.int64)
        self._labels.append(labels)
        self._predictions.append(predictions)

    def scored(self) -> Scored:
        if self._labels:
            return Scored(np.concatenate(self._labels), np.concatenate(self._predictions))
        return Scored(np.zeros(0, np.int64), self._model.predict([]))


@dataclass
class _Codes:
    """A column as indices into its distinct values, batch by batch."""

    index: dict[str, int] = field(default_factory=dict)
    parts: list[Array] = field(default_factory=list)

    def add(self, column: pa.Array) -> None:
        encoded = pc.fill_null(column.cast(pa.string()), MISSING).dictionary_encode()
        words = encoded.dictionary.to_pylist()
        codes = np.array([self.index.setdefault(w or MISSING, len(self.index)) for w in words])
        self.parts.append(codes[encoded.indices.to_numpy(zero_copy_only=False)])

    def joined(self) -> Array:
        return np.concatenate(self.parts) if self.parts else np.zeros(0, np.int64)

    @property
    def words(self) -> list[str]:
        return list(self.index)
