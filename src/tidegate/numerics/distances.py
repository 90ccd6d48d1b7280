"""How far apart two distributions over the same cells are, and the record of one such distance.

Jensen-Shannon here is the divergence with logarithms to base 2, in [0, 1], as TFDV computes it
(`tensorflow_data_validation/anomalies/metrics.cc`); its square root, which others call the
Jensen-Shannon distance, is larger. L-infinity is the greatest difference of one value's share and
exists for categorical features only: TFDV answers 0 for numeric ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np

Measure = Literal["jensen_shannon", "l_infinity"]
Status = Literal["ok", "drift", "too_few", "not_comparable", "report"]
#: What people call a measure.
MEASURES: Final[Mapping[Measure, str]] = {
    "jensen_shannon": "Jensen-Shannon divergence",
    "l_infinity": "L-infinity distance",
}
FloatArray: TypeAlias = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Distance:
    """One distance of one feature from the baseline, and how it was judged.

    Attributes:
        feature: The column.
        measure: What was measured.
        value: The distance in [0, 1]; None where there is none.
        threshold: The distance above which the feature has drifted; None where nothing is judged.
        origin: Where the threshold comes from, in one phrase.
        noise: The distance that chance alone exceeds at these sample sizes no more often than the
            contract tolerates; None where not estimated.
        n_current: Values of this span that were compared.
        n_baseline: Values of the baseline that were compared.
        status: `drift` holds; `report` is recorded and not judged.
        note: What else there is to know, or empty.
        moved: At most three (label, share in the baseline, share now), the greatest change first.
        changed: What changed, in words; empty where nothing can be seen.
        customary: What other tools measure, by name; see `comparison.drift.reported_metrics`.
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

    @property
    def ratio(self) -> float:
        """How many times its threshold the value is; the value where nothing is judged, 0 without.

        It puts distances in the order of how far they moved.
        """
        return (self.value or 0.0) / (self.threshold or 1.0)

    @property
    def measure_name(self) -> str:
        """What people call the measure."""
        return MEASURES[self.measure]

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Distance:
        """Read back what `dataclasses.asdict` and JSON made of one."""
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
    """The greatest difference of normalized weights over the same cells, in [0, 1].

    Shapes and NaN as for `jensen_shannon`.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.abs(_shares(p) - _shares(q)).max(-1)


def _shares(weights: FloatArray) -> FloatArray:
    weights = np.asarray(weights, float)
    shares: FloatArray = weights / weights.sum(-1, keepdims=True)
    return shares
