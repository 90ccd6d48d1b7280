"""Put one feature of two spans on common cells.

Categorical features are compared over their values, numeric ones over about 20 cells that the
baseline's quantiles cut, so that one outlier cannot stretch the cells until everything else falls
into one: a value of 1e8 among 10,000 moves the divergence by 0.005 (by 0.99999 over TFDV's default
histogram). The formula is TFDV's, the cells are not. TFDV, with `source.type = QUANTILES`,
cuts both histograms at the edges of both, and a value so frequent that it fills a bucket is a point
in one and smeared in the other: between two random halves of one month of flights (13,000 rows
each) it finds 0.07 for `distance`, which has 214 distinct values, and the same between any two
months. Over the baseline's cells the halves are 0.0006 apart, the months at most 0.002, and
kilometres instead of miles 0.25. Cells are filled by exact counts where the statistics have them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from tidegate.numerics.counts import Bucket, alike, labels
from tidegate.numerics.distances import FloatArray
from tidegate.statistics.model import FeatureSummary
from tidegate.statistics.partial import EXACT_COUNTS

#: The label of all values that neither side lists.
REST = "(the rest)"
#: Cells of about equal mass that a numeric baseline is cut into.
CELLS = 20
_VALUES_PER_CELL = 10
_COARSE = "the statistics of a side have ten quantiles, as TFDV writes them"


@dataclass(frozen=True)
class Cells:
    """One feature over cells that both spans share.

    Attributes:
        labels: The label of each cell.
        current: The span's mass by cell.
        baseline: The baseline's mass by cell.
        numeric: Whether the cells were cut from the baseline: then the first and the last edge
            are its least and greatest value, and values beyond them are new.
        note: A remark on the cells; may be empty.
        known: Whether the statistics contain both masses of each cell; None if all.
        estimated: Whether masses are estimates: interpolated, or of a sketch of values.
    """

    labels: list[str]
    current: FloatArray
    baseline: FloatArray
    numeric: bool
    note: str = ""
    known: FloatArray | None = None
    estimated: bool = False

    @property
    def shares(self) -> tuple[FloatArray, FloatArray]:
        """The shares of baseline and span, each summing to one.

        Both must have mass.
        """
        return self.baseline / self.baseline.sum(), self.current / self.current.sum()

    @property
    def comparable(self) -> bool:
        """Whether both sides have mass."""
        return bool(self.current.sum() > 0 and self.baseline.sum() > 0)

    def moved(self, most: int = 3) -> tuple[tuple[str, float, float], ...]:
        """The known cells whose share changed most: label, baseline share, current share."""
        if not self.comparable:
            return ()
        old, new = self.shares
        change = np.abs(new - old)
        if self.known is not None:
            change = np.where(self.known, change, 0.0)
        ranked = np.argsort(-change, kind="stable")[:most]
        return tuple((self.labels[i], float(old[i]), float(new[i])) for i in ranked if change[i])


def of_values(current: FeatureSummary, baseline: FeatureSummary) -> Cells:
    """Put a categorical feature on its values."""
    labels, new, old, known = align_counts(current, baseline)
    cut = labels[-1] == REST
    note = f"the {len(labels) - 1:,} most frequent values, all others as one" if cut else ""
    return Cells(
        labels,
        new,
        old,
        numeric=False,
        note=note,
        known=known,
        estimated=current.sketched or baseline.sketched,
    )


def of_numbers(current: FeatureSummary, baseline: FeatureSummary) -> Cells:
    """Put a numeric feature on the baseline's quantiles, and NaN."""
    new_buckets, old_buckets, exact = common_buckets(current, baseline)
    edges = cell_edges(old_buckets, exact=exact)
    coarse = not exact and (_is_coarse(current) or _is_coarse(baseline))
    if coarse and _is_coarse(current):
        # TFDV's ten buckets spread a current value over a tenth of all: the cells are theirs.
        inner = cell_edges(new_buckets, exact=exact)
        inside = inner[(inner > edges[:1]) & (inner < edges[-1:])]
        edges = np.unique(np.concatenate([edges[:1], inside, edges[-1:]]))
    lows, highs = (
        np.unique([b[side] for b in (*new_buckets, *old_buckets) if math.isfinite(b[side])])
        for side in (0, 1)
    )
    whole = current.is_whole and baseline.is_whole
    return Cells(
        [*labels(edges, lows, highs, whole=whole), "NaN"],
        np.append(cell_masses(new_buckets, edges), current.nans),
        np.append(cell_masses(old_buckets, edges), baseline.nans),
        numeric=True,
        note=_COARSE if coarse else "",
        estimated=not exact,
    )


def common_buckets(
    current: FeatureSummary, baseline: FeatureSummary
) -> tuple[Sequence[Bucket], Sequence[Bucket], bool]:
    """The histograms of a numeric feature of two spans.

    Returns:
        The buckets of each, and whether they are exact counts over the same intervals; otherwise
        they are those between sketched quantiles.
    """
    if current.counts is None or baseline.counts is None:
        return current.quantile_histogram, baseline.quantile_histogram, False
    new, old = alike(current.counts, baseline.counts)
    return new.buckets, old.buckets, True


def _is_coarse(summary: FeatureSummary) -> bool:
    buckets = summary.quantile_histogram
    return len(buckets) < CELLS and any(low < high for low, high, _ in buckets)


def align_counts(
    current: FeatureSummary, baseline: FeatureSummary
) -> tuple[list[str], FloatArray, FloatArray, FloatArray]:
    """Align the value counts of two categorical features.

    If a feature has more values than its statistics list, the count of a value that only the other
    side lists is hidden; it is at most the least count listed. Of the possible counts, the one
    nearest to the other side's share is taken, so that the distance is never exaggerated. The
    remaining values are the last cell, `REST`.

    Returns:
        Labels, counts of this span and of the baseline, and whether both counts are known.
    """
    a, b = dict(current.top_values), dict(baseline.top_values)
    labels = sorted(a.keys() | b.keys())
    x, y = _counts(a, labels), _counts(b, labels)
    least_x, least_y = _least_listed(current), _least_listed(baseline)
    if least_x == least_y == 0:
        return labels, x, y, np.ones(len(labels), bool)
    hidden_x = np.where(x > 0, x, np.minimum(least_x, y / baseline.count * current.count))
    hidden_y = np.where(y > 0, y, np.minimum(least_y, x / current.count * baseline.count))
    known = ((x > 0) | (least_x == 0)) & ((y > 0) | (least_y == 0))
    return (
        [*labels, REST],
        np.append(hidden_x, max(current.count - hidden_x.sum(), 0)),
        np.append(hidden_y, max(baseline.count - hidden_y.sum(), 0)),
        np.append(known, known.all()),
    )


def _least_listed(summary: FeatureSummary) -> float:
    """The greatest possible count of an unlisted value.

    0 if all values are listed.
    """
    if sum(c for _, c in summary.top_values) >= summary.count:
        return 0.0
    if not summary.top_values:
        return summary.count / EXACT_COUNTS
    return float(summary.top_values[-1][1])


def _counts(values: Mapping[str, int], labels: Sequence[str]) -> FloatArray:
    counts: FloatArray = np.array([values.get(label, 0) for label in labels], float)
    return counts


def cell_edges(baseline: Sequence[Bucket], *, exact: bool, cells: int = CELLS) -> FloatArray:
    """The ascending edges of about `cells` cells with equal baseline shares.

    A cell reaches from one edge (exclusive) to the next (inclusive). Before the first edge lie the
    values below the baseline's least value, and beyond the last the values above its greatest. A
    value that alone has a cell's share has a cell of its own, and so has a counted interval. No
    cell is meant to hold fewer than ten values. Empty if the baseline has no finite values.

    Args:
        baseline: The baseline's histogram.
        exact: Whether it counts values over fixed intervals; else it lies between quantiles.
        cells: The number of cells.
    """
    wide, points = _parts(tuple(baseline))
    values: FloatArray = np.unique(np.concatenate([wide[:, :2].ravel(), points[:, 0]]))
    if not len(values):
        return values
    share = _below(wide, points, values)
    share /= share[-1]
    total = _total(wide, points)
    least = max(1 / cells, _VALUES_PER_CELL / total)
    heavy = points[points[:, 1] >= least * total][:, [0, 0]]
    if exact:
        heavy = np.concatenate([heavy, wide[wide[:, 2] >= least * total, :2]])
    edges, last = [np.nextafter(values[0], -np.inf)], 0.0
    for value, reached in zip(values, share, strict=True):
        if reached - last >= (1 - 1e-6) * least:
            edges.append(value)
            last = reached
    edges += [values[-1], *heavy[:, 1], *np.nextafter(heavy[:, 0], -np.inf)]
    result: FloatArray = np.unique(np.array(edges, float))
    return result


def cell_masses(buckets: Sequence[Bucket], edges: FloatArray) -> FloatArray:
    """The mass of a histogram in each cell between `edges`.

    The first and last cells are below the first edge and above the last. Within a bucket mass is
    spread evenly; a bucket of no width is a point; one that reaches to an infinity lies in the
    outermost cell of that side. Shape: (edges + 1,).
    """
    wide, points = _parts(tuple(buckets))
    low = sum(c for left, _, c in buckets if left == -math.inf)
    high = sum(c for left, right, c in buckets if right == math.inf and left != -math.inf)
    total = _total(wide, points)
    reached = _below(wide, points, edges)
    # Sums of floats may fall short of each other by a trifle.
    mass: FloatArray = np.diff([-low, *reached, total + high]).clip(min=0.0)
    return mass


def _total(wide: FloatArray, points: FloatArray) -> float:
    return float(wide[:, 2].sum() + points[:, 1].sum())


@lru_cache(maxsize=64)
def _parts(buckets: tuple[Bucket, ...]) -> tuple[FloatArray, FloatArray]:
    finite = [b for b in buckets if math.isfinite(b[0]) and math.isfinite(b[1])]
    wide = [b for b in finite if b[0] < b[1]]
    points = dict[float, float]()
    for _, value, count in (b for b in finite if b[0] == b[1]):
        points[value] = points.get(value, 0.0) + count
    return (
        np.array(wide, float).reshape(-1, 3),
        np.array(list(points.items()), float).reshape(-1, 2),
    )


def _below(wide: FloatArray, points: FloatArray, values: FloatArray) -> FloatArray:
    """The mass at or below each of `values`."""
    result: FloatArray = np.zeros(len(values))
    if len(wide):
        low, high, count = wide.T
        before = np.append(0.0, np.cumsum(count))
        bucket = np.minimum(np.searchsorted(high, values), len(wide) - 1)
        # Halved, because the width of a bucket may exceed the greatest float.
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            part = (values / 2 - low[bucket] / 2) / (high[bucket] / 2 - low[bucket] / 2)
        part = np.nan_to_num(part, nan=1.0).clip(0.0, 1.0)
        result += before[bucket] + part * count[bucket]
    if len(points):
        reached = np.append(0.0, np.cumsum(points[:, 1]))
        result += reached[np.searchsorted(points[:, 0], values, side="right")]
    return result
