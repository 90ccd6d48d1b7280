"""What every column tells of a label, and what of that should be doubted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegate.contract import Contract, Task, nearest
from tidegate.errors import SignalError
from tidegate.report.text import listing
from tidegate.sampling import SEED
from tidegate.signal import advice, information, pairs
from tidegate.signal.codes import MAX_BINS, Array, Coded, coded
from tidegate.signal.result import FeatureSignal, Role, Signal
from tidegate.signal.sampling import Rows

if TYPE_CHECKING:
    from tidegate.signal.importance import Shuffled

#: Quantile cells of a label that is a number.
LABEL_BINS: Final = 10
#: Classes of a label that are told apart; the rarer ones are one.
LABEL_CLASSES: Final = 20
#: The chance that any of all columns is called informative where none is.
FALSE_ALARM: Final = 0.05
#: Fewer labelled rows than this tell nothing.
MIN_ROWS: Final = 50


def measure(
    rows: Rows,
    contract: Contract,
    *,
    shuffled: Shuffled | None = None,
    digests: dict[str, str] | None = None,
    seed: int = SEED,
) -> Signal:
    """Measure every column but key, time, label and split column.

    Mutual information is over all rows, or, where they are splits, over the first one. What the
    cells of the first part say is judged by the second.

    Args:
        rows: All, or a sample.
        contract: Names label, task and the columns that no model sees. These are measured too.
        shuffled: What a model's metric lost by each feature.
        digests: Kept in the result.
        seed: Of what is drawn under chance.

    Raises:
        SignalError: there is no such label, it has one value, or hardly a row has one.
    """
    column = label_column(contract, rows.table.schema.names)
    table, held = rows.table, rows.held
    there = _labelled(table.column(column))
    without = int((~there).sum())
    if without:
        table, held = table.filter(pa.array(there)), held[there]
    if table.num_rows < MIN_ROWS:
        raise SignalError(
            f"{rows.name} has {table.num_rows:,} rows with a label; {MIN_ROWS} are the fewest that "
            "tell anything"
        )
    task, label = label_cells(table.column(column), column, contract.task)
    names = [n for n in table.schema.names if n not in _never(contract)]
    if not names:
        raise SignalError(f"{rows.name} has no column beside key, time and label to measure")
    codes = {name: coded(name, table.column(name)) for name in names}
    level = FALSE_ALARM / len(names)
    given: dict[str, tuple[float, str]] = {}
    features = []
    for number, name in enumerate(names):
        role: Role = "excluded" if name in contract.features.exclude else "feature"
        feature, away = _feature(
            codes[name], label, held, task, role, whole=not rows.divided, level=level,
            seed=seed + number,
        )  # fmt: skip
        features.append(feature)
        if away:
            given[name] = away
    if shuffled is not None:
        lost = shuffled.importances
        features = [replace(f, importance=lost.get(f.name)) for f in features]
    features.sort(key=lambda f: (-f.share, f.name))
    compared = [
        codes[f.name] for f in features if f.cells > 1 and f.role == "feature"
    ][: pairs.MAX_PAIRED]  # fmt: skip
    close = pairs.redundant(compared)
    told = advice.advise(
        features, close, rows=table.num_rows, classes=label.labels, given=given,
        carries=rows.divided,
    )  # fmt: skip
    return Signal(
        name=rows.name,
        label=column,
        task=task,
        label_entropy=information.entropy(np.bincount(label.codes).astype(float)),
        label_cells=label.cells,
        rows=rows.total,
        measured=table.num_rows + without,
        without_label=without,
        parts=rows.parts,
        part_rows=(int((~held).sum()), int(held.sum())),
        features=told,
        pairs=close,
        paired=len(compared),
        metric=shuffled.metric if shuffled else "",
        metric_value=shuffled.value if shuffled else None,
        importance_rows=shuffled.rows if shuffled else 0,
        repeats=shuffled.repeats if shuffled else 0,
        digests=digests or {},
    )


def label_column(contract: Contract, columns: Sequence[str]) -> str:
    """The contract's label, which must be among `columns`.

    Raises:
        SignalError: it names none, or one that is not there.
    """
    if contract.label is None:
        raise SignalError(
            "nothing says what is to be predicted; name the column with --label, or as 'label' in "
            "the contract"
        )
    if contract.label not in columns:
        raise SignalError(
            f"label {contract.label!r} is no column of the data; there are: "
            f"{listing(list(columns))}" + nearest(contract.label, columns)
        )
    return contract.label


def _never(contract: Contract) -> set[str | None]:
    return {*contract.key, contract.time, contract.label, contract.splits.column}


def _labelled(column: pa.ChunkedArray) -> Array:
    there: Array = column.is_valid().to_numpy()
    if pa.types.is_floating(column.type):
        there = there & np.isfinite(column.to_numpy())
    return there


def label_cells(column: pa.ChunkedArray, name: str, asked: Task | None) -> tuple[Task, Coded]:
    """What kind of label a column is, and its classes, or quantile cells of a number.

    As in training: two values are binary, more are a regression if they are numbers and classes
    if they are texts, unless the contract says otherwise.

    Raises:
        SignalError: it has one value only, is of a type that is no label, or does not fit the task.
    """
    numeric = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    if not numeric and not pa.types.is_string(column.type):
        raise SignalError(f"label {name!r} is of type {column.type}; a label is a number or a text")
    found = coded(name, column, most=MAX_BINS)
    if found.distinct < 2:
        raise SignalError(
            f"label {name!r} has a single value in all rows; there is nothing to tell apart"
        )
    task: Task = asked or (
        "binary" if found.distinct == 2 else "regression" if numeric else "multiclass"
    )
    if task == "binary" and found.distinct > 2:
        raise SignalError(
            f"label {name!r} has {found.distinct:,} values and the contract says binary; set "
            "'task: multiclass'"
        )
    if task == "regression":
        if not numeric:
            raise SignalError(f"label {name!r} holds texts; regression needs numbers")
        return task, coded(name, column, most=LABEL_BINS)
    if found.distinct > LABEL_CLASSES:
        return task, coded(name, column.cast(pa.string()), most=LABEL_CLASSES)
    # Few texts may all be rare, and still are classes.
    if not numeric:
        words = sorted(column.unique().to_pylist())
        places = np.asarray(pc.index_in(column, value_set=pa.array(words)).to_numpy(), np.int32)
        return task, Coded(name, "text", places, tuple(words), 0, len(words))
    return task, found


def _feature(
    column: Coded,
    label: Coded,
    held: Array,
    task: Task,
    role: Role,
    *,
    whole: bool,
    level: float,
    seed: int,
) -> tuple[FeatureSignal, tuple[float, str] | None]:
    first = information.table(column.codes[~held], label.codes[~held], column.cells, label.cells)
    second = information.table(column.codes[held], label.codes[held], column.cells, label.cells)
    counts = first + second if whole else first
    found = information.dependence(counts, level=level, seed=seed)
    varies = column.cells > 1
    held_out = information.explained(first, second) if varies else math.nan
    binary = task == "binary" and varies
    auc = information.held_out_auc(first, second) if binary else math.nan
    feature = FeatureSignal(
        name=column.name,
        kind=column.kind,
        role=role,
        missing=column.missing / len(column.codes),
        distinct=column.distinct,
        cells=column.cells,
        bits=found.bits,
        share=found.share,
        p=found.p,
        floor=found.floor,
        informative=found.p < level,
        held_out=held_out if math.isfinite(held_out) else None,
        auc=auc if math.isfinite(auc) else None,
    )
    return feature, advice.given_away(first, second) if binary else None
