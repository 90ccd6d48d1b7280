"""The label of a model: task, classes, and encoding as numbers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tidegate.contract import Contract, Task
from tidegate.core.errors import TrainingError

if TYPE_CHECKING:
    from tidegate.data.examples import Examples

#: The most classes; more are taken for a mistake (an identifier as label).
MAX_CLASSES = 1000


@dataclass(frozen=True)
class LabelSpec:
    """The label of a model.

    Attributes:
        column: Its name.
        task: `binary`, `multiclass` or `regression`.
        kind: Whether the column holds numbers or texts.
        classes: The classes in the model's order, as text: numbers ascending, texts in code point
            order. Whole numbers have no decimal point, so that 1 and 1.0 are one class. Empty for
            regression.
        mean: Regression: the mean over the train split.
        std: Regression: the population standard deviation over the train split.
    """

    column: str
    task: Task
    kind: Literal["number", "text"]
    classes: tuple[str, ...] = ()
    mean: float = 0.0
    std: float = 1.0

    @property
    def positive(self) -> str | None:
        """Binary: the predicted class, the last of the two."""
        return self.classes[1] if self.task == "binary" else None

    def encode(self, column: pa.Array) -> NDArray[Any]:
        """Encode labels as numbers, float64 of shape (rows,).

        Classes become their index, -1 for an unknown value; a missing value is NaN.

        Raises:
            TrainingError: the column holds texts where numbers are expected, or the reverse.
        """
        if pa.types.is_null(column.type):
            return np.full(len(column), np.nan)
        if _kind(self.column, column.type) != self.kind:
            raise TrainingError(
                f"label {self.column!r} is {column.type} here, while the model was made for "
                f"{self.kind} labels; correct the data"
            )
        if self.task == "regression":
            return _numbers(column)
        if self.kind == "number":
            values = _numbers(column)
            missing = np.isnan(values)
            index = pc.index_in(
                pa.array(values), value_set=pa.array([float(c) for c in self.classes])
            )
        else:
            missing = column.is_null().to_numpy(zero_copy_only=False)
            index = pc.index_in(column, value_set=pa.array(self.classes, pa.string()))
        encoded: NDArray[Any] = pc.fill_null(index, -1).to_numpy(zero_copy_only=False).astype(float)
        encoded[missing] = np.nan
        return encoded

    def to_json(self) -> dict[str, Any]:
        """Convert to plain values, the positive class included."""
        return asdict(self) | {"positive": self.positive}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> LabelSpec:
        """Restore a label from `to_json`."""
        known = {k: v for k, v in value.items() if k != "positive"}
        return cls(**known | {"classes": tuple(value["classes"])})


def label_spec(examples: Examples, contract: Contract) -> LabelSpec:
    """Infer the label's specification from the examples.

    `contract.task` decides if it is given. Else two distinct values make a binary label, more than
    two a multiclass label if they are texts and a regression label if they are numbers.

    Raises:
        TrainingError: there is no label, it has missing or infinite values, a single value (over
            all examples, or in the train split), or values that do not fit the task.
    """
    column = contract.label
    if column is None:
        raise TrainingError("the contract names no label; add 'label: <column>' to train a model")
    if column not in examples.schema.names:
        raise TrainingError(
            f"label {column!r} is not a column of the examples; correct 'label' in the contract"
        )
    if examples.num_rows("train") == 0:
        raise TrainingError(
            "the train split is empty; there is nothing to learn from: give a larger span, or "
            "another column to split by"
        )
    kind = _kind(column, examples.schema.field(column).type)
    tallies = {s: _tally(examples, s, column, kind) for s in examples.splits}
    counts = sum((t.counts for t in tallies.values()), Counter[str]())
    _refuse_unusable(column, tallies.values(), counts)
    task = contract.task or _task(kind, counts)
    if task == "regression":
        if kind == "text":
            raise TrainingError(f"label {column!r} holds texts; regression needs numbers")
        train = tallies["train"]
        std = math.sqrt(train.squares / train.rows)
        if std == 0:
            raise TrainingError(f"label {column!r} has a single value in the train split")
        return LabelSpec(column, task, kind, mean=train.mean, std=std)

    order = sorted(counts, key=float) if kind == "number" else sorted(counts)
    if task == "binary" and len(order) > 2:
        shown = ", ".join(repr(c) for c in order[:5])
        raise TrainingError(
            f"label {column!r} has {_many(counts)} values ({shown}, ...) and the contract says "
            "binary; set 'task: multiclass', or derive a column of two values"
        )
    if len(order) > MAX_CLASSES:
        raise TrainingError(
            f"label {column!r} has more than {MAX_CLASSES} classes; is it an identifier? Set "
            "'task: regression' if it is a quantity, else group its rare values"
        )
    if len(tallies["train"].counts) < 2:
        raise TrainingError(
            f"label {column!r} has a single value in the train split, "
            f"{next(iter(tallies['train'].counts))!r}; there is nothing to tell apart"
        )
    return LabelSpec(column, task, kind, classes=tuple(order))


@dataclass
class _Tally:
    """The counts and moments of a label column, from one pass.

    `squares` is the sum of squares about the mean.
    """

    counts: Counter[str]
    rows: int = 0
    missing: int = 0
    infinite: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def add_numbers(self, values: NDArray[Any]) -> None:
        """Merge mean and sum of squares (Chan, Golub and LeVeque, 1979)."""
        if not len(values):
            return
        mean = float(values.mean())
        rows, delta = self.rows + len(values), mean - self.mean
        between = delta**2 * self.rows * len(values) / rows
        self.squares += float(((values - mean) ** 2).sum()) + between
        self.mean += delta * len(values) / rows
        self.rows = rows


def _tally(examples: Examples, split: str, column: str, kind: str) -> _Tally:
    tally = _Tally(Counter())
    for batch in examples.batches(split, columns=[column]):
        array = batch.column(0)
        if kind == "number":
            values = _numbers(array)
            present = values[~np.isnan(values)]
            finite = present[np.isfinite(present)]
            tally.infinite += len(present) - len(finite)
            tally.missing += len(values) - len(present)
            tally.add_numbers(finite)
            distinct, counts = np.unique(finite, return_counts=True)
            found = {class_text(v): int(n) for v, n in zip(distinct, counts, strict=True)}
        else:
            tally.missing += array.null_count
            tally.rows += len(array) - array.null_count
            pairs = pc.value_counts(array.drop_null()).to_pylist()
            found = {p["values"]: p["counts"] for p in pairs}
        if len(tally.counts) <= MAX_CLASSES:
            tally.counts.update(found)
    return tally


def _refuse_unusable(column: str, tallies: Iterable[_Tally], counts: Counter[str]) -> None:
    missing = sum(t.missing for t in tallies)
    rows = missing + sum(t.rows for t in tallies)
    if missing:
        raise TrainingError(
            f"label {column!r} is missing in {missing:,} of {rows:,} examples; leave these rows "
            "out of the source, or fill them"
        )
    if infinite := sum(t.infinite for t in tallies):
        raise TrainingError(f"label {column!r} is infinite in {infinite:,} examples; clean it")
    if len(counts) < 2:
        raise TrainingError(
            f"label {column!r} has a single value, {next(iter(counts), None)!r}, in all "
            f"{rows:,} examples; there is nothing to tell apart"
        )


def _task(kind: str, counts: Counter[str]) -> Task:
    if len(counts) == 2:
        return "binary"
    return "regression" if kind == "number" else "multiclass"


def _many(counts: Counter[str]) -> str:
    return str(len(counts)) if len(counts) <= MAX_CLASSES else f"more than {MAX_CLASSES}"


def _kind(column: str, type_: pa.DataType) -> Literal["number", "text"]:
    if pa.types.is_integer(type_) or pa.types.is_floating(type_):
        return "number"
    if pa.types.is_string(type_):
        return "text"
    if pa.types.is_null(type_):
        raise TrainingError(f"label {column!r} is missing in every example; correct the source")
    raise TrainingError(
        f"label {column!r} is of type {type_}; derive a number or a text from it in the source"
    )


def _numbers(column: pa.Array) -> NDArray[Any]:
    values: NDArray[Any] = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return values


def class_text(value: float) -> str:
    """Format a numeric class; whole numbers without a decimal point."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))
