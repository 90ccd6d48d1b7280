"""Bin columns into at most a few hundred cells.

A missing value has a cell of its own. Later measurements count cells and never read values, so that
one definition serves numbers, texts and times, and an outlier is one row of its cell.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tidegate.core.errors import SignalError
from tidegate.core.task import Task
from tidegate.core.text import exactly
from tidegate.numerics.counts import labels as counted_labels

Array: TypeAlias = NDArray[Any]
Kind = Literal["number", "text", "time"]

#: The most texts with a cell of their own, the most frequent ones.
MAX_TEXTS: Final = 256
#: The fewest rows of a text with its own cell; rarer texts share one cell.
MIN_ROWS: Final = 10
#: The most quantile cells of a number.
MAX_BINS: Final = 64
MISSING: Final = "(missing)"
RARE: Final = "(rare values)"

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Coded:
    """One column of some rows, as cells.

    Attributes:
        name: The name of the column.
        kind: The kind of its values.
        codes: The cell of each row, int32 of shape (rows,), each below the number of `labels`.
        labels: The content of each cell, in words; numbers ascending, texts by falling frequency,
            then `RARE`, then `MISSING`. Every cell has at least one row.
        missing: Rows without a value; NaN is none.
        distinct: The number of distinct values.
    """

    name: str
    kind: Kind
    codes: Array
    labels: tuple[str, ...]
    missing: int
    distinct: int

    @property
    def cells(self) -> int:
        """The number of cells."""
        return len(self.labels)

    @property
    def ordered(self) -> bool:
        """Whether a larger cell means a larger value, except missing ones."""
        return self.kind != "text"


def bins(rows: int) -> int:
    """The number of quantile cells for so many numbers.

    (2 n)^(1/3), from 4 to `MAX_BINS`: the fewest cells that a smooth density needs (Terrell and
    Scott, 1985); more would only add noise to the counts.
    """
    return max(4, min(MAX_BINS, math.ceil(math.cbrt(2 * rows))))


def coded(name: str, column: pa.ChunkedArray, *, most: int | None = None) -> Coded:
    """Bin the values of a column into cells.

    Args:
        name: The name of the column.
        column: Integers, floats, timestamps, strings or nulls; anything else is read as text.
        most: The most cells for values; by default `bins` for a number and `MAX_TEXTS` for a text.
    """
    type_ = column.type
    if pa.types.is_null(type_):
        return Coded(name, "text", np.zeros(len(column), np.int32), (MISSING,), len(column), 0)
    if pa.types.is_integer(type_) or pa.types.is_floating(type_):
        values = _floats(column)
        return _numbers(name, "number", values, most or bins(len(values)))
    if pa.types.is_timestamp(type_):
        moments = column.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
        values = _floats(moments)
        return _numbers(name, "time", values, most or bins(len(values)))
    return _texts(name, column, most or MAX_TEXTS)


def _floats(column: pa.ChunkedArray) -> Array:
    values: Array = column.cast(pa.float64(), safe=False).to_numpy()
    return values


def _numbers(name: str, kind: Kind, values: Array, most: int) -> Coded:
    present = ~np.isnan(values)
    found, counts = np.unique(values[present], return_counts=True)
    if not len(found):
        return Coded(name, kind, np.zeros(len(values), np.int32), (MISSING,), len(values), 0)
    if len(found) <= most:
        uppers = np.arange(len(found))
    else:
        reached = np.cumsum(counts)
        wanted = reached[-1] * np.arange(1, most + 1) / most
        uppers = np.unique(np.searchsorted(reached, wanted, side="left").clip(max=len(found) - 1))
    lowers = np.r_[0, uppers[:-1] + 1]
    codes: Array = np.searchsorted(found[uppers], values, side="left").astype(np.int32)
    if kind == "number" and np.isfinite(found).all():
        edges = np.r_[np.nextafter(found[0], -math.inf), found[uppers]]
        whole = bool((found == np.floor(found)).all())
        labels = counted_labels(edges, found, found, whole=whole)[1:-1]
    else:
        say = exactly if kind == "number" else _time
        labels = [
            say(found[low]) if low == high else f"{say(found[low])} to {say(found[high])}"
            for low, high in zip(lowers, uppers, strict=True)
        ]
    missing = int((~present).sum())
    if missing:
        codes[~present] = len(labels)
        labels.append(MISSING)
    return Coded(name, kind, codes, tuple(labels), missing, len(found))


def _texts(name: str, column: pa.ChunkedArray, most: int) -> Coded:
    encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    indices = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    words = encoded.dictionary
    there = indices >= 0
    counts = np.bincount(indices[there], minlength=len(words))
    order = np.argsort(-counts, kind="stable")
    own = order[:most][counts[order[:most]] >= MIN_ROWS]
    missing = int((~there).sum())
    cell = np.full(len(words) + 1, len(own), np.int32)
    cell[own] = np.arange(len(own))
    labels = words.take(pa.array(own, pa.int64())).to_pylist()
    if len(own) < len(words):
        labels.append(RARE)
    cell[-1] = len(labels)
    if missing:
        labels.append(MISSING)
    return Coded(name, "text", cell[indices], tuple(labels), missing, len(words))


def _time(value: float) -> str:
    return (_EPOCH + timedelta(microseconds=value)).strftime("%Y-%m-%d %H:%M")


#: The most quantile cells of a numeric label.
LABEL_BINS: Final = 10


#: The most classes of a label; rarer classes are merged into one.
LABEL_CLASSES: Final = 20


def label_cells(column: pa.ChunkedArray, name: str, configured: Task | None) -> tuple[Task, Coded]:
    """Infer a label's task, and bin it into classes or quantile cells.

    As in training: two values are binary, more are a regression if they are numbers and classes if
    they are texts, unless the contract sets the task.

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
    task: Task = configured or (
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
