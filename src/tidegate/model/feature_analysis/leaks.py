"""Suspect features that know more of the label than an honest one can.

A strong correlation is no reason: a diamond's length tells its weight, and is known before it. A
suspect knows nearly all of the label, or gives away a class without exception; `docs/signal.md` has
the rule and its false alarms on public tables.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from tidegate.contract import Contract
from tidegate.core.errors import SignalError
from tidegate.core.text import fixed, percent
from tidegate.data.sampling import SEED
from tidegate.model.feature_analysis.sampling import labelled
from tidegate.numerics import information
from tidegate.numerics.binning import Array, Coded, coded, label_cells
from tidegate.numerics.ranks import function_of, rank_correlation

#: A feature knows nearly all of a label of classes or texts with this share of its entropy ...
NEARLY_ALL: Final = 0.9
#: ... or with this held-out AUC: one of a hundred pairs of a positive and a negative row is ranked
#: wrongly. It detects leaks for rare labels, where a share of the entropy means little.
NEARLY_ALL_AUC: Final = 0.99
#: Numbers know nearly all of a numeric label if it is a function of them up to this degree, and
#: their ranks correlate by as much. Noise of a hundredth of the label's spread is less.
FUNCTION: Final = 0.99
#: With this held-out AUC a feature is in doubt: it may be honest.
DOUBTFUL_AUC: Final = 0.95
#: Cells reveal a class if this share of their rows is of it ...
PURE: Final = 0.99
_PURE_ROWS: Final = 30
#: ... and they hold this share of a class with less than half of all rows.
CAUGHT: Final = 0.1
#: The fewest rows with a label and a value that are judged.
MIN_ROWS: Final = 50


class Knowledge(NamedTuple):
    """What one feature knows of the label.

    Attributes:
        share: Its information as a share of the label's entropy.
        auc: Binary labels: the held-out AUC; None if it is not defined.
        order: Numeric labels and features: the degree to which the label is a monotonic function of
            the feature, in [0, 1]; None if it is not defined.
        given: Binary labels: the result of `given_away`.
    """

    share: float
    auc: float | None = None
    order: float | None = None
    given: tuple[float, str] | None = None


class Suspicion(NamedTuple):
    """Why a feature is suspected, as a phrase, and whether it knows nearly all of the label."""

    reason: str
    nearly_all: bool


def suspicion(known: Knowledge, classes: tuple[str, ...], *, numeric: bool) -> Suspicion | None:
    """Judge what a feature knows of the label.

    Args:
        known: What it knows.
        classes: The classes of the label, in the order of its cells.
        numeric: Whether label and feature are numbers or times, whose order counts.
    """
    if numeric:
        if known.order is not None and known.order >= FUNCTION:
            return Suspicion(
                f"the label is a function of it (rank agreement {fixed(known.order, 3)})", True
            )
        return None
    if known.share >= NEARLY_ALL:
        return Suspicion(f"it tells {percent(known.share)} of the label by itself", True)
    if known.auc is not None and known.auc >= DOUBTFUL_AUC:
        shown = f"by itself it ranks rows with an AUC of {fixed(known.auc, 3)}"
        return Suspicion(shown, known.auc >= NEARLY_ALL_AUC)
    if known.given is not None:
        share, k = known.given
        return Suspicion(
            f"some of its values are there for label {classes[int(k)]} alone, and give away "
            f"{percent(share)} of these rows",
            False,
        )
    return None


def given_away(learnt: Array, held: Array) -> tuple[float, str] | None:
    """Find cells that reveal a class of a binary label.

    For example, a refund's date reveals a return. Cells are chosen by the first part of the rows,
    and judged by the second.

    Args:
        learnt: Counts of shape (cells, 2).
        held: Counts of the held-out rows, of the same shape.

    Returns:
        The share of the class that they hold, and the class; None if no cells reveal one.
    """
    for k in (0, 1):
        sizes = learnt.sum(axis=1)
        if learnt[:, k].sum() >= learnt.sum() / 2 or not held[:, k].sum():
            continue
        pure = (sizes >= _PURE_ROWS) & (learnt[:, k] >= PURE * sizes)
        caught, all_held = held[pure, k].sum(), held[pure].sum()
        share = float(caught / held[:, k].sum())
        if share >= CAUGHT and caught >= PURE * all_held:
            return share, str(k)
    return None


def order(feature: pa.ChunkedArray, label: pa.ChunkedArray) -> float | None:
    """The degree to which a label of numbers is a monotonic function of a feature.

    The smaller of `function_of` and the size of the rank correlation, over rows with both values.

    Args:
        feature: Numbers or times.
        label: Numbers, as many.

    Returns:
        In [0, 1]; None if fewer than half of the rows, or than `MIN_ROWS`, have both.
    """
    x, y = _floats(feature), _floats(label)
    both = np.isfinite(x) & np.isfinite(y)
    if both.sum() < max(MIN_ROWS, len(x) / 2):
        return None
    correlated = abs(rank_correlation(x[both], y[both]))
    if math.isnan(correlated) or correlated < FUNCTION:
        return None if math.isnan(correlated) else correlated
    return max(0.0, min(correlated, function_of(x[both], y[both], seed=SEED)))


def suspects(rows: pa.Table, contract: Contract) -> Iterator[tuple[str, Suspicion]]:
    """Find the suspects among some rows' features.

    Nothing is found without a label that can be learnt, or with fewer than `MIN_ROWS` rows of it.

    Args:
        rows: All rows or a sample.
        contract: The contract with label and features.

    Returns:
        Names with suspicions, in the order of the columns.
    """
    name = contract.label
    if name is None or name not in rows.schema.names:
        return
    rows = rows.filter(pa.array(labelled(rows.column(name))))
    if rows.num_rows < MIN_ROWS:
        return
    values = rows.column(name)
    try:
        task, label = label_cells(values, name, contract.task)
    except SignalError:
        return  # Other checks hold for a label that cannot be learnt.
    if label.cells < 2:
        return  # So many classes that each is rare.
    held = np.random.default_rng(SEED).permutation(rows.num_rows) % 2 == 1
    for column in rows.schema.names:
        if column in contract.not_features:
            continue
        feature = coded(column, rows.column(column))
        numeric = task == "regression" and feature.ordered
        if numeric:
            known = Knowledge(0.0, order=order(rows.column(column), values))
        else:
            known = _known(feature, label, held, binary=task == "binary")
        if (found := suspicion(known, label.labels, numeric=numeric)) is not None:
            yield column, found


def _known(feature: Coded, label: Coded, held: Array, *, binary: bool) -> Knowledge:
    if feature.cells < 2:
        return Knowledge(0.0)
    parts = [
        information.table(feature.codes[part], label.codes[part], feature.cells, label.cells)
        for part in (~held, held)
    ]
    counts = parts[0] + parts[1]
    # Chance is drawn, which costs time, only where it could decide.
    plain = information.mutual_information(counts) / information.entropy(counts.sum(axis=0))
    share = 0.0
    if plain >= NEARLY_ALL:
        share = information.dependence(counts, level=0.05, seed=SEED).share
    if not binary:
        return Knowledge(share)
    auc = information.held_out_auc(*parts)
    return Knowledge(share, None if math.isnan(auc) else auc, None, given_away(*parts))


def _floats(column: pa.ChunkedArray) -> Array:
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
    values: Array = column.cast(pa.float64(), safe=False).to_numpy()
    return values
