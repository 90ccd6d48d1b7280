"""Measure every column's information about a label, and doubt it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from tidegate.contract import Contract, Task
from tidegate.core.errors import SignalError
from tidegate.core.text import listing, nearest
from tidegate.data.sampling import SEED
from tidegate.model.feature_analysis import advice, leaks, redundancy
from tidegate.model.feature_analysis.result import FeatureSignal, Role, Signal
from tidegate.model.feature_analysis.sampling import Rows, labelled
from tidegate.numerics import information
from tidegate.numerics.binning import Array, Coded, coded, label_cells

if TYPE_CHECKING:
    from tidegate.model.feature_analysis.importance import Shuffled

#: The probability that any column is called informative if none is.
FALSE_ALARM: Final = 0.05
#: The fewest labelled rows for a conclusive result.
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

    Mutual information is over all rows, or, if they are splits, over the first one. The cells'
    shares in the first part are judged by the second.

    Args:
        rows: All rows, or a sample.
        contract: The contract, which names label, task and excluded columns. These are measured
            too.
        shuffled: The loss of a model's metric by feature.
        digests: Stored in the result.
        seed: The seed of draws under chance.

    Raises:
        SignalError: there is no such label, it has one value, or too few rows have one.
    """
    column = label_column(contract, rows.table.schema.names)
    table, held = rows.table, rows.held
    there = labelled(table.column(column))
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
    doubts: dict[str, leaks.Suspicion] = {}
    features = []
    for number, name in enumerate(names):
        role: Role = "excluded" if name in contract.features.exclude else "feature"
        feature, given = _feature(
            codes[name], label, held, task, role, whole=not rows.divided, level=level,
            seed=seed + number,
        )  # fmt: skip
        features.append(feature)
        numeric = task == "regression" and codes[name].ordered
        order = leaks.order(table.column(name), table.column(column)) if numeric else None
        known = leaks.Knowledge(feature.share, feature.auc, order, given)
        if (doubt := leaks.suspicion(known, label.labels, numeric=numeric)) is not None:
            doubts[name] = doubt
    if shuffled is not None:
        lost = shuffled.importances
        features = [replace(f, importance=lost.get(f.name)) for f in features]
    features.sort(key=lambda f: (-f.share, f.name))
    compared = [
        codes[f.name] for f in features if f.cells > 1 and f.role == "feature"
    ][: redundancy.MAX_PAIRED]  # fmt: skip
    close = redundancy.redundant(compared)
    advised = advice.advise(
        features, close, rows=table.num_rows, doubts=doubts, carries=rows.divided,
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
        features=advised,
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
        SignalError: the contract names none, or one that is not there.
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
    return feature, leaks.given_away(first, second) if binary else None
