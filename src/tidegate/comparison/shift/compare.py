"""Compare two sets of rows: choose the columns and measure the shift."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegate.comparison.shift.classifier import discriminate
from tidegate.comparison.shift.labels import label_shift, most_moved
from tidegate.comparison.shift.result import FeatureShift, LabelShift, Shift
from tidegate.comparison.shift.twins import twins
from tidegate.contract import Contract
from tidegate.core.errors import SignalError
from tidegate.data.facts import NEAR_UNIQUE
from tidegate.data.sampling import SEED, sample
from tidegate.data.times import is_time
from tidegate.numerics.binning import Array, coded
from tidegate.numerics.information import dependence, table
from tidegate.statistics.row_names import time_unit

if TYPE_CHECKING:
    from tidegate.data.examples import Examples

#: The most rows of each side that are compared (a sample if there are more): enough for an
#: interval of the AUC about 0.01 wide.
MAX_ROWS: Final = 20_000
#: The fewest rows on each side for a conclusive result.
MIN_ROWS: Final = 50
#: The most cells of a numeric column and of a text column.
BINS: Final = 20
TEXTS: Final = 64
_FALSE_ALARM: Final = 0.05


class SpanRows(NamedTuple):
    """The current or the baseline rows.

    Attributes:
        name: The name of this side.
        rows: A uniform sample of the rows.
        total: The number of rows before sampling.
    """

    name: str
    rows: pa.Table
    total: int


def of_examples(examples: Examples) -> SpanRows:
    """The rows of all splits, sampled to at most `MAX_ROWS`.

    Raises:
        ExamplesError: there are none, or a file cannot be read.
    """
    batches = (batch for split in examples.splits for batch in examples.batches(split))
    return SpanRows(examples.span, *sample(batches, MAX_ROWS))


def compare(
    current: SpanRows,
    baseline: SpanRows,
    contract: Contract,
    *,
    seed: int = SEED,
) -> Shift:
    """Measure how the current rows differ from the baseline rows.

    The features that both sides have are compared; key, time, label, split column and the columns
    the contract excludes are not.

    Args:
        current: The current rows.
        baseline: The baseline rows.
        contract: The contract, which names label, task and the columns that are no features.
        seed: The seed of random draws.

    Raises:
        SignalError: there are too few rows, no common feature, or no such label.
    """
    for name, rows, _ in (current, baseline):
        if rows.num_rows < MIN_ROWS:
            raise SignalError(
                f"{name} has {rows.num_rows:,} rows; {MIN_ROWS} are the fewest that can be compared"
            )
    baseline_rows, current_rows = baseline.rows, current.rows
    is_current = np.repeat([False, True], [baseline_rows.num_rows, current_rows.num_rows])
    left_out: dict[str, str] = {}
    codes = []
    not_features = contract.not_features
    before, now = (dict.fromkeys(rows.schema.names) for rows in (baseline_rows, current_rows))
    for name in before:
        if name in not_features:
            continue
        if name not in now:
            left_out[name] = f"{current.name} does not have it"
            continue
        both = _both(baseline_rows.column(name), current_rows.column(name))
        if both is None:
            was, is_now = (rows.schema.field(name).type for rows in (baseline_rows, current_rows))
            left_out[name] = f"of another type ({was} before, {is_now} now)"
        else:
            most = TEXTS if pa.types.is_string(both.type) else BINS
            codes.append(coded(name, both, most=most))
    left_out |= {
        name: f"{baseline.name} does not have it"
        for name in now
        if name not in before and name not in not_features
    }
    if not codes:
        raise SignalError(
            f"{current.name} and {baseline.name} have no feature in common; name files of one "
            "dataset"
        )
    twin = twins(baseline_rows, current_rows, [column.name for column in codes])
    apart = discriminate(codes, is_current, twin, seed=seed)
    features = []
    for i, column in enumerate(codes):
        counts = table(column.codes, is_current.astype(np.int64), column.cells, 2)
        chance = dependence(counts, level=_FALSE_ALARM / len(codes), seed=seed)
        features.append(
            FeatureShift(
                name=column.name,
                kind=column.kind,
                auc=apart.alone[i],
                weight=apart.weights[i],
                significant=chance.p < _FALSE_ALARM / len(codes),
                moved=most_moved(column, counts),
            )
        )
    features.sort(key=lambda f: (-f.auc.value, f.name))
    return Shift(
        current=current.name,
        baseline=baseline.name,
        rows=(baseline.total, current.total),
        measured=(baseline_rows.num_rows, current_rows.num_rows),
        auc=apart.auc,
        features=tuple(features),
        joined=apart.joined,
        label=_label(baseline_rows, current_rows, is_current, contract, left_out, seed),
        left_out=left_out,
    )


def _label(
    baseline_rows: pa.Table,
    current_rows: pa.Table,
    is_current: Array,
    contract: Contract,
    left_out: dict[str, str],
    seed: int,
) -> LabelShift | None:
    name = contract.label
    if name is None:
        return None
    sides = {"before": baseline_rows, "now": current_rows}
    lacking = [where for where, rows in sides.items() if not _has(rows, name)]
    if lacking == ["before", "now"]:
        raise SignalError(f"label {name!r} is in neither; correct its name")
    if lacking:
        left_out[name] = f"the label is not there {lacking[0]}"
        return None
    both = _both(baseline_rows.column(name), current_rows.column(name))
    if both is None:
        left_out[name] = "the label is of another type now than before"
        return None
    there = both.is_valid().to_numpy()
    if pa.types.is_floating(both.type):
        there = there & np.isfinite(both.to_numpy())
    return label_shift(
        both.filter(pa.array(there)), name, is_current[there], contract.task, seed=seed
    )


def _has(rows: pa.Table, name: str) -> bool:
    return name in rows.schema.names and rows.column(name).null_count < rows.num_rows


def _both(baseline_rows: pa.ChunkedArray, current_rows: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Concatenate both columns in a common type; None if there is none."""
    types = [baseline_rows.type, current_rows.type]
    if types[0] != types[1]:
        known = [t for t in types if not pa.types.is_null(t)]
        if len(known) == 2:
            if not all(pa.types.is_integer(t) or pa.types.is_floating(t) for t in known):
                return None
            known = [pa.float64()]
        baseline_rows, current_rows = (
            baseline_rows.cast(known[0], safe=False),
            current_rows.cast(known[0], safe=False),
        )
    return pa.chunked_array([*baseline_rows.chunks, *current_rows.chunks], type=baseline_rows.type)


def uninformative_columns(current: pa.Table, baseline: pa.Table, named: set[str]) -> dict[str, str]:
    """Find columns that separate any two files: times and row names.

    Where no contract describes a column, its values decide.

    Args:
        current: The current rows.
        baseline: The baseline rows.
        named: Columns whose role is known.

    Returns:
        The reason, by column.
    """
    reasons = {}
    for name in baseline.schema.names:
        if name in named or name not in current.schema.names:
            continue
        for column in (baseline.column(name), current.column(name)):
            reason = _reason(column)
            if reason:
                reasons[name] = reason
    return reasons


def _reason(column: pa.ChunkedArray) -> str:
    if pa.types.is_timestamp(column.type):
        return "times"
    there = column.drop_null()
    if len(there) < 2:
        return ""
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        ends = pc.min_max(there)
        if unit := time_unit(ends["min"].as_py(), ends["max"].as_py()):
            return unit
    if pa.types.is_string(column.type):
        if all(map(is_time, there.slice(0, 100).to_pylist())):
            return "times"
        unique = len(pc.unique(there)) >= NEAR_UNIQUE * len(there)
    elif pa.types.is_integer(column.type):
        unique = len(pc.unique(there)) == len(there)
    else:
        return ""
    return "a different value in nearly every row" if unique else ""
