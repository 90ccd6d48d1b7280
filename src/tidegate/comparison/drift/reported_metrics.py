"""Compute distances that other tools report; none of them is judged.

- `psi`, the population stability index: the sum of (current - baseline) ln(current / baseline)
  over bins. The bins of numbers are about ten with equal shares of the baseline (a frequent value
  has a bin of its own), one bin each below and above the baseline's range, and NaN; each value of
  text is a bin. A share of zero counts as 0.0001. Its usual limits are 0.1 and 0.25.
- `kolmogorov_smirnov`: the greatest difference of the two cumulative distributions, in [0, 1], at
  the ends of the counted intervals: exact where each value is counted. Numbers only.
- `wasserstein`: the mean distance between equal quantiles of the two, from the 1st to the 99th
  percentile, in the column's own unit. Without that cut one outlier of 1e8 among 10,000 would be a
  distance of 10,000. Numbers only.
- `unseen`: the share of the span's values that are absent from the baseline; text only, and only
  where the baseline's statistics list all its values.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tidegate.numerics.counts import Bucket
from tidegate.numerics.distances import FloatArray
from tidegate.statistics.cells import Cells, cell_edges, cell_masses, common_buckets
from tidegate.statistics.model import FeatureSummary

#: Replaces a share of zero in the population stability index.
PSI_ZERO = 0.0001
_PSI_CELLS = 10
_TRIM = 0.01
_STEPS = 980


def reported_metrics(
    cells: Cells, current: FeatureSummary, baseline: FeatureSummary
) -> tuple[tuple[str, float], ...]:
    """Compute the metrics that are reported but not judged, by name."""
    if not cells.comparable:
        return ()
    if not cells.numeric:
        found = [("psi", psi(*cells.shares))]
        strange = unseen(current, baseline)
        return (*found, ("unseen", strange)) if strange is not None else tuple(found)
    new, old, exact = common_buckets(current, baseline)
    edges = cell_edges(old, exact=exact, cells=_PSI_CELLS)
    masses = [
        np.append(cell_masses(buckets, edges), side.nans)
        for buckets, side in ((old, baseline), (new, current))
    ]
    measured = {
        "psi": psi(*(mass / mass.sum() for mass in masses)),
        "kolmogorov_smirnov": kolmogorov_smirnov(old, new),
        "wasserstein": wasserstein(old, new),
    }
    return tuple((name, value) for name, value in measured.items() if np.isfinite(value))


def psi(baseline: FloatArray, current: FloatArray) -> float:
    """The population stability index of two arrays of shares."""
    p, q = (np.where(x > 0, x, PSI_ZERO) for x in (baseline, current))
    return float(((q - p) * np.log(q / p)).sum())


def kolmogorov_smirnov(baseline: Sequence[Bucket], current: Sequence[Bucket]) -> float:
    """The greatest difference of the cumulative shares.

    NaN if a side has no mass.
    """
    values = np.unique([edge for low, high, _ in (*baseline, *current) for edge in (low, high)])
    values = values[np.isfinite(values)]
    # Just below a value too: a frequent value is a step.
    edges = np.unique(np.append(values, np.nextafter(values, -np.inf)))
    masses = [cell_masses(buckets, edges) for buckets in (baseline, current)]
    if not all(mass.sum() > 0 for mass in masses):
        return float("nan")
    reached = [np.cumsum(mass) / mass.sum() for mass in masses]
    return float(np.abs(reached[0] - reached[1]).max())


def wasserstein(baseline: Sequence[Bucket], current: Sequence[Bucket]) -> float:
    """The mean distance between equal quantiles.

    NaN if a quantile is infinite or absent.
    """
    ranks = _TRIM + (np.arange(_STEPS) + 0.5) / _STEPS * (1 - 2 * _TRIM)
    sides = [_quantiles(buckets, ranks) for buckets in (baseline, current)]
    with np.errstate(invalid="ignore"):
        return float(np.abs(sides[0] - sides[1]).mean() * (1 - 2 * _TRIM))


def _quantiles(buckets: Sequence[Bucket], ranks: FloatArray) -> FloatArray:
    result: FloatArray = np.full(len(ranks), np.nan)
    filled = [b for b in buckets if b[2] > 0]
    if not filled:
        return result
    low, high, count = np.array(filled, float).T
    reached = np.append(0.0, np.cumsum(count)) / count.sum()
    values = np.column_stack([low, high]).ravel()
    at = np.column_stack([reached[:-1], reached[1:]]).ravel()
    with np.errstate(invalid="ignore"):
        result[:] = np.interp(ranks, at, values)
    return result


def unseen(current: FeatureSummary, baseline: FeatureSummary) -> float | None:
    """The share of values that are absent from the baseline.

    None if the statistics do not list enough values to know it.
    """
    known = dict(baseline.top_values)
    if sum(known.values()) < baseline.count or not current.count:
        return None
    listed = sum(count for value, count in current.top_values if value in known)
    hidden = current.count - sum(count for _, count in current.top_values)
    if hidden and len(known) > len(current.top_values):
        return None
    return max(current.count - hidden - listed, 0) / current.count
