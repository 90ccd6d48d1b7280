"""Measure a model's loss when one feature is shuffled."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from tidegate.contract import Contract
from tidegate.core.errors import SignalError, TrainingError
from tidegate.data.sampling import SEED
from tidegate.model.feature_analysis.result import Importance
from tidegate.model.feature_analysis.sampling import Rows
from tidegate.model.metric_names import require_metrics
from tidegate.model.training.inputs import require
from tidegate.model.training.trained_model import TrainedModel
from tidegate.numerics.binning import Array
from tidegate.numerics.intervals import Estimate, Z
from tidegate.numerics.metrics import METRICS, SAMPLES

#: The number of times every feature is shuffled, each time in another way.
REPEATS: Final = 5
#: The most predicted rows of the second part: 20,000 rows of 20 features 5 times are two million
#: predictions, some seconds.
MAX_ROWS: Final = 20_000


@dataclass(frozen=True)
class Shuffled:
    """The loss of a model's metric by shuffled feature.

    Attributes:
        metric: The name of the metric.
        value: Its value over the rows as they are.
        rows: The number of rows.
        repeats: The number of times each feature was shuffled.
        importances: The importances by feature.
    """

    metric: str
    value: float
    rows: int
    repeats: int
    importances: dict[str, Importance]


def shuffle(
    model: Path, rows: Rows, contract: Contract, *, repeats: int = REPEATS, seed: int = SEED
) -> Shuffled:
    """Shuffle each feature of a model among held-out rows.

    The interval covers both the limited number of rows (by the influence of each row on the mean
    loss, as in an evaluation) and the limited number of repeats. If two features carry the same
    information, shuffling one leaves the model the other, and both look unimportant.

    Args:
        model: A directory that training wrote.
        rows: The rows; those of the second part are predicted, a sample of `MAX_ROWS` if there are
            more.
        contract: The contract, which names the label and the metric.
        repeats: At least 2.
        seed: The seed of the sample and the shuffling.

    Raises:
        SignalError: the model cannot be run on these rows, or predicts something else.
        ContractError: the contract names a metric that the task does not have.
    """
    try:
        trained = TrainedModel.open(model)
        require(trained.features, rows.table.schema)
    except TrainingError as error:
        raise SignalError(f"the model cannot be run: {error}") from None
    label = trained.label
    if label.column != contract.label or label.column not in rows.table.schema.names:
        raise SignalError(
            f"the model predicts {label.column!r} and the label is {contract.label!r}; give a "
            "model that was trained for it"
        )
    metric = require_metrics(contract, label.task)
    generator = np.random.default_rng(seed)
    batch, truth = _judged(rows, trained, generator)
    sign = 1 if METRICS[label.task][metric].better == "higher" else -1

    def estimate(predicted: pa.RecordBatch) -> Estimate:
        return METRICS[label.task][metric].compute(
            SAMPLES[label.task](truth, trained.predict([predicted]))
        )

    try:
        whole = estimate(batch)
        if not math.isfinite(whole.value):
            raise SignalError(
                f"the model's {metric} is not defined over these {batch.num_rows:,} rows; measure "
                "rows with more than one class"
            )
        orders = [generator.permutation(batch.num_rows) for _ in range(repeats)]
        importances = {
            f.name: _importance(
                whole, [estimate(_shuffled(batch, f.name, o)) for o in orders], sign
            )
            for f in trained.features
        }
    except TrainingError as error:
        raise SignalError(f"the model cannot be run: {error}") from None
    return Shuffled(metric, whole.value, batch.num_rows, repeats, importances)


def _judged(
    rows: Rows, model: TrainedModel, generator: np.random.Generator
) -> tuple[pa.RecordBatch, Array]:
    """Sample the usable held-out rows, with their encoded labels."""
    table = rows.table.filter(pa.array(rows.held))
    try:
        encoded = model.label.encode(table.column(model.label.column).combine_chunks())
    except TrainingError as error:
        raise SignalError(f"the model cannot be judged: {error}") from None
    known = np.flatnonzero(np.isfinite(encoded))
    if model.task != "regression":
        known = known[encoded[known] >= 0]
    if not len(known):
        raise SignalError(
            f"no row of the {rows.parts[1]} has a label that the model knows; it cannot be judged"
        )
    if len(known) > MAX_ROWS:
        known = np.sort(generator.choice(known, MAX_ROWS, replace=False))
    columns = [f.name for f in model.features]
    taken = table.select(columns).take(pa.array(known)).combine_chunks()
    return taken.to_batches()[0], encoded[known]


def _shuffled(batch: pa.RecordBatch, name: str, order: Array) -> pa.RecordBatch:
    columns = [
        column.take(pa.array(order)) if field.name == name else column
        for field, column in zip(batch.schema, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def _importance(whole: Estimate, without: list[Estimate], sign: int) -> Importance:
    values = np.array([sign * (whole.value - each.value) for each in without])
    value = float(values.mean())
    influence = whole.influence - np.mean([each.influence for each in without], axis=0)
    error = Estimate(value, influence, 0).standard_error
    reach = Z * math.hypot(error, float(values.std(ddof=1)) / math.sqrt(len(values)))
    return Importance(value, value - reach, value + reach)
