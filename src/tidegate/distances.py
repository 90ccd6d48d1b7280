"""How far two spans of one feature are apart, from their statistics alone.

Jensen-Shannon here is the divergence with logarithms to base 2, in [0, 1], as TFDV computes it
(`tensorflow_data_validation/anomalies/metrics.cc`); its square root, which others call the
Jensen-Shannon distance, is larger. L-infinity is the greatest difference of one value's share and
exists for categorical features only: TFDV answers 0 for numeric ones.

Categorical features are compared over their values, numeric ones over about 20 cells that the
baseline's quantiles cut, so that one outlier cannot stretch the cells until everything else falls
into one: a value of 1e8 among 10,000 moves the divergence by 0.0001. The formula is TFDV's, the
cells are not. TFDV, asked for `source.type = QUANTILES`, cuts both histograms at the edges of both,
and a value so frequent that it fills a bucket is a point in one and smeared in the other: between
two random halves of one month of flights (13,000 rows each) it finds 0.07 for `distance`, which has
214 different values, and the same between any two months. Over the baseline's cells the halves
are 0.0007 apart, the months at most 0.002, and kilometres instead of miles 0.25.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from tidegate.statistics.model import FeatureSummary

Measure = Literal["jensen_shannon", "l_infinity"]
Status = Literal["ok", "drift", "too_few", "not_comparable", "report"]
Bucket = tuple[float, float, float]
FloatArray: TypeAlias = np.ndarray[Any, np.dtype[Any]]

#: Cells of about equal mass that a numeric baseline is cut into.
CELLS = 20


@dataclass(frozen=True)
class Distance:
    """One distance of one feature from the baseline, and how it was judged.

    Attributes:
        feature: The column.
        measure: What was measured.
        value: The distance in [0, 1]; None where there is none.
        threshold: The distance above which the feature has drifted; None where nothing is judged.
        origin: Where the threshold comes from, in one phrase.
        noise: The distance chance alone gives at these sample sizes; None where not estimated.
        n_current: Values of this span that were compared.
        n_baseline: Values of the baseline that were compared.
        status: `drift` holds; `report` is recorded and not judged.
        note: What else there is to know, or empty.
        moved: At most three (label, share in the baseline, share now), the greatest change first.
    """

    feature: str
    measure: Measure
    value: float | None
    threshold: float | None
    origin: str
    noise: float | None
    n_current: int
    n_baseline: int
    status: Status
    note: str = ""
    moved: tuple[tuple[str, float, float], ...] = ()


def jensen_shannon(p: FloatArray, q: FloatArray) -> Any:
    """The divergence of non-negative weights over the same cells, in [0, 1].

    Shapes: (..., cells) each; the result has the leading shape. Weights need not be normalized.
    NaN where either side has no mass.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        p, q = _shares(p), _shares(q)
        m = (p + q) / 2
        terms = np.where(p > 0, p * np.log2(p / m), 0) + np.where(q > 0, q * np.log2(q / m), 0)
    divergence = np.clip(terms.sum(-1) / 2, 0.0, 1.0)
    return np.where(np.isnan(p).any(-1) | np.isnan(q).any(-1), np.nan, divergence)[()]


def l_infinity(p: FloatArray, q: FloatArray) -> Any:
    """The greatest difference of normalized weights over the same cells, in [0, 1].

    Shapes and NaN as for `jensen_shannon`.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.abs(_shares(p) - _shares(q)).max(-1)


def _shares(weights: FloatArray) -> FloatArray:
    weights = np.asarray(weights, float)
    shares: FloatArray = weights / weights.sum(-1, keepdims=True)
    return shares


def align_counts(
    current: FeatureSummary, baseline: FeatureSummary
) -> tuple[list[str], FloatArray, FloatArray]:
    """The values of two categorical features, and how often each occurs in either.

    Where a feature has more values than its statistics list, a value that only one side lists may
    be frequent on the other too, unlisted: such values are one cell, the rest, on both sides.
    """
    a, b = dict(current.top_values), dict(baseline.top_values)
    cut = {s.name for s in (current, baseline) if sum(c for _, c in s.top_values) < s.count}
    if not cut:
        labels = sorted(a.keys() | b.keys())
        return labels, _counts(a, labels), _counts(b, labels)
    labels = sorted(a.keys() & b.keys())
    x, y = _counts(a, labels), _counts(b, labels)
    rest = [max(current.count - x.sum(), 0), max(baseline.count - y.sum(), 0)]
    return [*labels, "(the rest)"], np.append(x, rest[0]), np.append(y, rest[1])


def _counts(values: Mapping[str, int], labels: Sequence[str]) -> FloatArray:
    counts: FloatArray = np.array([values.get(label, 0) for label in labels], float)
    return counts


def cell_edges(baseline: Sequence[Bucket]) -> FloatArray:
    """Upper edges of about 20 cells that hold about a twentieth of the baseline each, ascending.

    A cell reaches from one edge (exclusive) to the next (inclusive). Before the first edge lies
    what is below the baseline's least value, and beyond the last what is above its greatest. A
    value that alone has a twentieth of the mass has a cell of its own. Empty where the baseline
    has no finite values.
    """
    wide, points = _parts(baseline)
    values: FloatArray = np.unique(np.concatenate([wide[:, :2].ravel(), points[:, 0]]))
    if not len(values):
        return values
    share = _below(wide, points, values)
    share /= share[-1]
    heavy = points[points[:, 1] >= _total(wide, points) / CELLS, 0]
    edges, last = [np.nextafter(values[0], -np.inf)], 0.0
    for value, reached in zip(values, share, strict=True):
        if reached - last >= (1 - 1e-6) / CELLS:
            edges.append(value)
            last = reached
    edges += [values[-1], *heavy, *np.nextafter(heavy, -np.inf)]
    result: FloatArray = np.unique(np.array(edges, float))
    return result


def cell_masses(buckets: Sequence[Bucket], edges: FloatArray) -> FloatArray:
    """The mass of a histogram in the cells between `edges`, below the first and above the last.

    Within a bucket mass is spread evenly; a bucket of no width is a point; one that reaches to an
    infinity lies in the outermost cell of that side. Shape: (edges + 1,).
    """
    wide, points = _parts(buckets)
    low = sum(c for left, _, c in buckets if left == -math.inf)
    high = sum(c for left, right, c in buckets if right == math.inf and left != -math.inf)
    total = _total(wide, points)
    reached = _below(wide, points, edges)
    # Sums of floats may fall short of each other by a trifle.
    mass: FloatArray = np.diff([-low, *reached, total + high]).clip(min=0.0)
    return mass


def _total(wide: FloatArray, points: FloatArray) -> float:
    return float(wide[:, 2].sum() + points[:, 1].sum())


def _parts(buckets: Sequence[Bucket]) -> tuple[FloatArray, FloatArray]:
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
        position = np.append(wide[:1, 0], wide[:, 1])
        result += np.interp(values, position, np.append(0.0, np.cumsum(wide[:, 2])))
    if len(points):
        reached = np.append(0.0, np.cumsum(points[:, 1]))
        result += reached[np.searchsorted(points[:, 0], values, side="right")]
    return result
