"""95% confidence intervals in closed form, deterministic and fast.

A metric is a smooth functional of the sample, so its standard error is that of the mean of its
influence function (the delta method, or infinitesimal jackknife: Efron, The Jackknife, the
Bootstrap and Other Resampling Plans, 1982). For the AUC this is the method of DeLong, DeLong and
Clarke-Pearson (1988). The difference of two models over the same rows has the difference of their
influences as its influence, which is what makes a paired comparison.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

#: The 97.5% quantile of the standard normal distribution.
Z = 1.959963984540054

#: `proportion`: a share of independent trials. `unit`: between 0 and 1. `positive`: 0 or more.
#: `below_one`: 1 or less.
Range = Literal["proportion", "unit", "positive", "below_one"]


@dataclass(frozen=True)
class Metric:
    """A metric's value with its 95% confidence interval, in its unit.

    All three are NaN if the metric is not defined (an AUC over one class), the bounds alone if only
    the interval is not (a single row).
    """

    value: float
    low: float
    high: float

    @property
    def defined(self) -> bool:
        """Whether there is a value."""
        return math.isfinite(self.value)


UNDEFINED = Metric(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class Estimate:
    """A metric over a sample, before its interval is computed.

    Attributes:
        value: The value; NaN if the metric is not defined.
        influence: The influence of each row on the value, float64 of shape (rows,), with mean 0.
            Empty if the metric is not defined.
        trials: The independent trials behind the value, for intervals at the edge of the range
            (an AUC of 1), where the influence is 0 everywhere.
    """

    value: float
    influence: NDArray[Any]
    trials: float

    @property
    def standard_error(self) -> float:
        """The standard error; NaN with fewer than two rows."""
        rows = len(self.influence)
        if rows < 2:
            return math.nan
        return math.sqrt(float(np.dot(self.influence, self.influence)) / rows / (rows - 1))


def undefined() -> Estimate:
    """The estimate of a metric that the sample does not define."""
    return Estimate(math.nan, np.zeros(0), 0)


def wilson(share: float, trials: float) -> tuple[float, float]:
    """The score interval of a proportion (Wilson, 1927)."""
    if trials <= 0:
        return math.nan, math.nan
    centre = share + Z**2 / (2 * trials)
    spread = Z * math.sqrt(share * (1 - share) / trials + Z**2 / (4 * trials**2))
    scale = 1 + Z**2 / trials
    low = 0.0 if share == 0 else max(0.0, (centre - spread) / scale)
    high = 1.0 if share == 1 else min(1.0, (centre + spread) / scale)
    return low, high


def interval(estimate: Estimate, within: Range) -> Metric:
    """A metric with its interval, always within the metric's range.

    Proportions have Wilson's interval. Other metrics between 0 and 1 have a normal interval on the
    logit scale (for the AUC: Pepe, 2003; for average precision: Boyd, Eng and Page, 2013), and
    Wilson's where they are 0 or 1 or do not vary. The rest has the normal interval.
    """
    value, error = estimate.value, estimate.standard_error
    if not math.isfinite(value):
        return UNDEFINED
    if within == "proportion":
        return Metric(value, *wilson(value, estimate.trials))
    if math.isnan(error):
        return Metric(value, math.nan, math.nan)
    if within == "unit":
        if error == 0 or not 0 < value < 1:
            return Metric(value, *wilson(min(max(value, 0.0), 1.0), estimate.trials))
        middle, reach = math.log(value / (1 - value)), Z * error / (value * (1 - value))
        return Metric(value, _logistic(middle - reach), _logistic(middle + reach))
    low, high = value - Z * error, value + Z * error
    if within == "positive":
        return Metric(value, max(0.0, low), high)
    return Metric(value, low, min(1.0, high))


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


def difference(challenger: Estimate, champion: Estimate) -> Metric:
    """Challenger minus champion, with the paired normal interval.

    Both are over the same rows.
    """
    value = challenger.value - champion.value
    if not math.isfinite(value):
        return UNDEFINED
    error = Estimate(value, challenger.influence - champion.influence, 0).standard_error
    return Metric(value, value - Z * error, value + Z * error)
