"""Distances of two distributions over the same cells.

Jensen-Shannon here is the divergence with logarithms to base 2, in [0, 1], as TFDV computes it
(`tensorflow_data_validation/anomalies/metrics.cc`); its square root, which others call the
Jensen-Shannon distance, is larger. L-infinity is the greatest difference of one value's share and
exists for categorical features only: TFDV returns 0 for numeric ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np

from tidegate.core.text import percents

Measure = Literal["jensen_shannon", "l_infinity"]
Status = Literal["ok", "drift", "too_few", "not_comparable", "report"]
#: The display name of each measure.
MEASURES: Final[Mapping[Measure, str]] = {
    "jensen_shannon": "Jensen-Shannon divergence",
    "l_infinity": "L-infinity distance",
}
FloatArray: TypeAlias = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Distance:
    """One distance of a feature from the baseline, with its judgement.

    Attributes:
        feature: The column.
        measure: The distance measure.
        value: The distance in [0, 1]; None if there is none.
        threshold: The distance above which the feature has drifted; None if nothing is judged.
        origin: Where the threshold comes from, in one phrase.
        noise: The distance that chance alone exceeds at these sample sizes no more often than the
            contract tolerates; None if not estimated.
        n_current: The number of compared values of this span.
        n_baseline: The number of compared values of the baseline.
        status: `drift` holds; `report` is recorded and not judged.
        note: A remark on the comparison, or empty.
        moved: At most three (label, share in the baseline, current share), the greatest change
            first, of the values.
        estimated: Whether the shares in `moved` and `changed` are estimates.
        changed: The change in words; empty if none is visible.
        reported_metrics: Distances of other tools by name; see `comparison.drift.reported_metrics`.
        slice: The slice that was compared with the same slice, as `column=value`; empty for all.
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
    changed: str = ""
    reported_metrics: tuple[tuple[str, float], ...] = ()
    slice: str = ""
    estimated: bool = False

    @property
    def moves(self) -> tuple[tuple[str, str, str], ...]:
        """`moved` with the shares in words."""
        about = "about " if self.estimated else ""
        written = [(label, *percents(old, new)) for label, old, new in self.moved]
        return tuple((label, about + old, about + new) for label, old, new in written)

    @property
    def ratio(self) -> float:
        """The value as a multiple of its threshold, to sort distances.

        The value itself without a threshold; 0 without a value.
        """
        return (self.value or 0.0) / (self.threshold or 1.0)

    @property
    def measure_name(self) -> str:
        """The display name of the measure."""
        return MEASURES[self.measure]

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Distance:
        """Restore a distance from the fields of `dataclasses.asdict` read from JSON."""
        pairs = ("moved", "reported_metrics")
        return cls(**{**fields, **{k: tuple(tuple(x) for x in fields[k]) for k in pairs}})


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
    """The greatest difference of normalized weights, in [0, 1].

    The weights are over the same cells.

    Shapes and NaN as for `jensen_shannon`.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.abs(_shares(p) - _shares(q)).max(-1)


def _shares(weights: FloatArray) -> FloatArray:
    weights = np.asarray(weights, float)
    shares: FloatArray = weights / weights.sum(-1, keepdims=True)
    return shares
