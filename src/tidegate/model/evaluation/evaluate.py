"""Evaluate a model and the champion on the same examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.contract import Contract, Task
from tidegate.core.errors import EvaluationError, TrainingError
from tidegate.model.evaluation import curves
from tidegate.model.evaluation.blessing import bless
from tidegate.model.evaluation.predictions import Collected, Scored, collect, comparable
from tidegate.model.evaluation.result import Evaluation, MetricChange, SliceResult
from tidegate.model.metric_names import require_metrics
from tidegate.model.training.inputs import require
from tidegate.model.training.trained_model import TrainedModel
from tidegate.numerics.intervals import Estimate, Metric, difference, interval, undefined
from tidegate.numerics.metrics import METRICS, SAMPLES, Array

if TYPE_CHECKING:
    from tidegate.data.examples import Examples

#: The most slices per column combination that are shown although too small to be judged.
SMALL_SLICES = 50


def evaluate(
    model: Path,
    examples: Examples,
    contract: Contract,
    *,
    champion: Path | None = None,
    champion_version: str | None = None,
    split: str = "eval",
) -> Evaluation:
    """Judge a model by its predictions for one split.

    The predictions are made as a server makes them. A champion that cannot be run on these examples
    (a column it needs is gone, it predicts something else, its files are damaged) does not end the
    evaluation: it is a finding, which `contract.evaluation.unusable_champion` makes a hold or a
    warning.

    Args:
        model: A directory `train` wrote.
        examples: Examples of any span.
        contract: The contract with slices, thresholds and tolerances.
        champion: The directory of the model in production, to compare with.
        champion_version: Its name in the registry, for the messages.
        split: The split to judge on.

    Raises:
        ContractError: the contract names a metric that the task does not have.
        EvaluationError: the model to be judged cannot be run on these examples.
    """
    try:
        challenger = TrainedModel.open(model)
        require(challenger.features, examples.schema)
    except TrainingError as error:
        raise EvaluationError(f"the model to be judged cannot be run: {error}") from None
    label = challenger.label
    if label.column != contract.label:
        raise EvaluationError(
            f"the model predicts {label.column!r} and the contract's label is "
            f"{contract.label!r}; train it again with this contract"
        )
    metric = require_metrics(contract, label.task)
    slicing = list(dict.fromkeys(c for columns in contract.slices for c in columns))
    _require_columns(examples, split, [label.column, *slicing])
    rival, problem = _open(champion, challenger, examples)

    data = collect(examples, split, challenger, rival, slicing)
    evaluation = Evaluation(
        span=examples.span,
        split=split,
        task=label.task,
        label=label.column,
        classes=label.classes,
        metric=metric,
        overall=_result("all", None, data, label.task, metric),
        slices=tuple(
            _result(name, rows, data, label.task, metric)
            for columns in contract.slices
            for name, rows in _slices(data, columns, contract.evaluation.min_slice_examples)
        ),
        champion_version=champion_version or (champion.name if champion else None),
        digests={"content": examples.content_digest, "contract": contract.digest},
        **_charts(data.challenger, label.task, label.classes),
    )
    problem = problem or data.champion_problem
    return bless(evaluation, data, contract, problem, steps=challenger.steps)


def _require_columns(examples: Examples, split: str, columns: Sequence[str]) -> None:
    if split not in examples.splits:
        raise EvaluationError(
            f"the examples have no split {split!r}; there are: {', '.join(examples.splits)}"
        )
    for column in columns:
        if column not in examples.schema.names:
            raise EvaluationError(
                f"the examples have no column {column!r}, which the contract names as label or "
                "slice; restore it, or correct the contract"
            )


def _open(
    champion: Path | None, challenger: TrainedModel, examples: Examples
) -> tuple[TrainedModel | None, str]:
    """Open the champion, or explain why it cannot be compared."""
    if champion is None:
        return None, ""
    try:
        rival = TrainedModel.open(champion)
        comparable(rival, challenger, examples.schema)
    except TrainingError as error:
        return None, str(error)
    return rival, ""


def _result(name: str, rows: Array | None, data: Collected, task: Task, metric: str) -> SliceResult:
    ours = _estimates(data.challenger, rows, task)
    size = data.rows if rows is None else len(rows)
    if data.champion is None:
        return SliceResult(name, size, _metrics(ours, task))
    theirs = _estimates(data.champion, rows, task)
    change = difference(ours[metric], theirs[metric])
    sign = -1 if METRICS[task][metric].better == "higher" else 1
    comparison = MetricChange(
        metric, ours[metric].value, theirs[metric].value, change, sign * change.value
    )
    return SliceResult(name, size, _metrics(ours, task), _metrics(theirs, task), comparison)


def _estimates(scored: Scored, rows: Array | None, task: Task) -> dict[str, Estimate]:
    labels, predictions = scored.labels, scored.predictions
    if rows is not None:
        labels, predictions = labels[rows], predictions[rows]
    definitions = METRICS[task]
    if not len(labels) or not np.isfinite(predictions).all():
        return {name: undefined() for name in definitions}
    sample = SAMPLES[task](labels, predictions)
    return {name: definition.compute(sample) for name, definition in definitions.items()}


def _metrics(estimates: Mapping[str, Estimate], task: Task) -> dict[str, Metric]:
    return {name: interval(e, METRICS[task][name].within) for name, e in estimates.items()}


def _slices(data: Collected, columns: Sequence[str], min_rows: int) -> Iterator[tuple[str, Array]]:
    """Names and row numbers of the slices by some columns.

    The largest come first: every slice large enough to be judged, and the largest of the others.
    """
    if not data.rows:
        return
    combined = np.zeros(data.rows, dtype=np.int64)
    for column in columns:
        combined = combined * len(data.columns[column]) + data.codes[column]
    order = np.argsort(combined, kind="stable")
    starts = np.flatnonzero(np.diff(combined[order], prepend=-1))
    groups = np.split(order, starts[1:])
    groups.sort(key=len, reverse=True)
    judged = sum(len(rows) >= min_rows for rows in groups)
    for rows in groups[: judged + SMALL_SLICES]:
        named = (f"{c}={data.columns[c][data.codes[c][rows[0]]]}" for c in columns)
        yield ", ".join(named), rows


def _charts(scored: Scored, task: Task, classes: Sequence[str]) -> dict[str, Any]:
    labels, predictions = scored.labels, scored.predictions
    if not len(labels) or scored.not_finite:
        return {}
    sample = SAMPLES[task](labels, predictions)
    shown: dict[str, Any] = {"baselines": curves.baselines(sample)}
    if task == "regression":
        return shown | {"calibration": curves.calibration(predictions, labels)}
    if task == "binary":
        decided = sample.decided.astype(np.int64)
        chosen, outcome = predictions, labels
        shown["roc"] = curves.roc(sample)
    else:
        decided, chosen, outcome = sample.decided, predictions.max(axis=1), sample.right
    matrix, names = curves.confusion(labels, decided, classes)
    return shown | {
        "confusion": matrix,
        "confusion_classes": names,
        "calibration": curves.calibration(chosen, outcome),
        "histogram": curves.histogram(labels, chosen, classes),
    }
