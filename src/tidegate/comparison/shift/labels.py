"""Measure how the distribution of the label changed."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import pyarrow as pa

from tidegate.comparison.shift.result import LabelShift, Moved
from tidegate.contract import Task
from tidegate.numerics.binning import MISSING, Array, Coded, label_cells
from tidegate.numerics.distances import jensen_shannon
from tidegate.numerics.information import dependence, table
from tidegate.numerics.intervals import Metric, Z, wilson

#: The most cells or classes that are named.
MOVED: Final = 5


def label_shift(
    column: pa.ChunkedArray, name: str, is_current: Array, configured: Task | None, *, seed: int
) -> LabelShift:
    """Compare the labels of two sets of rows.

    The test permutes rows: if both sets came from one distribution, it would be chance which rows
    are current (`tidegate.numerics.information`).

    Args:
        column: The labels of all rows, none missing.
        name: The name of the column.
        is_current: Which rows are current.
        configured: The task, if the contract sets it.
        seed: The seed of random draws.

    Raises:
        SignalError: the label has one value only, or does not fit the task.
    """
    task, label = label_cells(column, name, configured)
    counts = table(label.codes, is_current.astype(np.int64), label.cells, 2)
    before, after = counts[:, 0], counts[:, 1]
    sizes = (int(before.sum()), int(after.sum()))
    moved = most_moved(label, counts)
    if task == "regression":
        values = column.cast(pa.float64(), safe=False).to_numpy()
        old, new = values[~is_current], values[is_current]
        error = math.sqrt(float(old.var(ddof=1)) / len(old) + float(new.var(ddof=1)) / len(new))
        subject, value, change = "", float(old.mean()), float(new.mean() - old.mean())
        interval = Metric(change, change - Z * error, change + Z * error)
    else:
        # Of two classes the last, as in training; of more the one that changed most.
        place = label.cells - 1
        if label.cells != 2:
            place = int(np.argmax(np.abs(before / sizes[0] - after / sizes[1])))
        subject, value = label.labels[place], float(before[place] / sizes[0])
        interval = _difference(before[place], sizes[0], after[place], sizes[1])
    return LabelShift(
        label=name,
        task=task,
        rows=sizes,
        p=dependence(counts, level=0.05, seed=seed).p,
        jensen_shannon=float(jensen_shannon(before, after)),
        moved=moved,
        change=interval,
        subject=subject,
        baseline_value=value,
    )


def most_moved(column: Coded, counts: Array) -> tuple[Moved, ...]:
    """The cells whose share changed most, with baseline and current shares.

    Args:
        column: The column, which names the cells.
        counts: Counts of shape (cells, 2), baseline and current, with rows on both sides.
    """
    shares = counts / counts.sum(axis=0)
    order = np.argsort(-np.abs(shares[:, 1] - shares[:, 0]), kind="stable")[:MOVED]
    return tuple(
        (
            "missing" if column.labels[i] == MISSING else column.labels[i],
            float(shares[i, 0]),
            float(shares[i, 1]),
        )
        for i in order
        if shares[i, 0] != shares[i, 1]
    )


def _difference(hits: float, rows: int, now_hits: float, now_rows: int) -> Metric:
    """The difference of two shares with Newcombe's interval (1998, method 10)."""
    before, now = hits / rows, now_hits / now_rows
    low, high = wilson(before, rows)
    now_low, now_high = wilson(now, now_rows)
    change = float(now - before)
    return Metric(
        change,
        change - math.hypot(now - now_low, high - before),
        change + math.hypot(now_high - now, before - low),
    )
