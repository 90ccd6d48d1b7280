"""When a distance counts as drift, and where that limit comes from.

A number in the contract is the limit of the Jensen-Shannon divergence. `auto` is the larger of two
figures: a practical effect size, below which a difference does not matter even if it is real, and
the noise floor, below which it may be chance: the 99th percentile of the distance between two
samples of these very sizes drawn from the baseline's own distribution.

The practical effect size is 0.1 for everything that is judged. Of the Jensen-Shannon divergence
that is a tenth of the rows renamed, or a normal distribution moved by three quarters of its
standard deviation (d^2 / (8 ln 2)); of L-infinity a tenth of the rows gone to or from one value; of
missing values a tenth of the rows. L-infinity is judged too, because a share that goes from 0.30 to
0.18 is a divergence of 0.014 only.

Why 0.1: the months of 2013 of New York's departures and their weather, each against the one before
(11 pairs of about 27,000 rows; greatest divergence of the year):

    origin 0.0005   carrier 0.001   distance, sched_dep_time 0.002   dest 0.006   day 0.055
    precip 0.018    wind_speed 0.036   visib 0.057   humid 0.10   wind_gust 0.11   wind_dir 0.13
    pressure 0.21   dewp 0.31   temp 0.39

What airlines decide stays below 0.06, half the limit, and its L-infinity below 0.05 (weekday).
February broken on purpose against January: kilometres instead of miles 0.24, miles off by a tenth
0.13 to 0.15, `ua` for `UA` 0.18 (and 0.18 of unseen values). What follows the season is beyond 0.1
in most months, and rightly so: it did change. A contract says of such a feature `report`, or a
limit of its own; no limit for all would do, since 0.2 still holds five of the eleven months and
lets 1.5 times the distance (0.18) pass. Noise is no matter at these sizes (0.0005 for a numeric
feature); it is from some hundreds of rows downwards.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from tidegate.contract import Threshold
from tidegate.distances import FloatArray, Measure, jensen_shannon, l_infinity

#: The practical effect size; see the module's text.
PRACTICAL = 0.1
#: Fewer values than this on either side tell nothing.
MIN_VALUES = 50

_REPLICATES = 200
_PERCENTILE = 99


@dataclass(frozen=True)
class Limit:
    """The distance above which a feature has drifted.

    Attributes:
        threshold: In [0, 1]; None where the distance is only recorded.
        origin: Where it comes from, in one phrase.
        noise: The noise floor in [0, 1]; None where the baseline has no mass to draw from.
        telling: False if the noise floor is above the practical effect size: a difference that
            matters could not be told from chance.
    """

    threshold: float | None
    origin: str
    noise: float | None
    telling: bool


def limit(
    measure: Measure,
    asked: Threshold,
    baseline: FloatArray,
    *,
    n_current: int,
    n_baseline: int,
    seed: str,
) -> Limit:
    """The limit of one distance.

    Args:
        measure: What is measured.
        asked: What the contract says of this feature.
        baseline: The baseline's mass by cell.
        n_current: Values in this span.
        n_baseline: Values in the baseline.
        seed: Any text; the same text draws the same samples.
    """
    noise = noise_floor(measure, baseline, n_current=n_current, n_baseline=n_baseline, seed=seed)
    enough = min(n_current, n_baseline) >= MIN_VALUES
    if asked == "report":
        return Limit(None, "recorded only, as the contract says", noise, True)
    if not isinstance(asked, str):
        if measure != "jensen_shannon":
            return Limit(None, "recorded only: the contract limits Jensen-Shannon", noise, True)
        telling = enough and (noise is None or noise <= asked)
        return Limit(float(asked), "set in the contract", noise, telling)
    if noise is None or noise <= PRACTICAL:
        return Limit(PRACTICAL, f"auto: the practical effect size {PRACTICAL:g}", noise, enough)
    return Limit(
        noise, f"auto: the noise floor of {n_current:,} and {n_baseline:,} values", noise, False
    )


def noise_floor(
    measure: Measure, baseline: FloatArray, *, n_current: int, n_baseline: int, seed: str
) -> float | None:
    """The distance that 99 of 100 pairs of samples from one distribution stay below.

    Args:
        measure: What is measured.
        baseline: The distribution as mass by cell.
        n_current: Size of one sample.
        n_baseline: Size of the other.
        seed: Any text; the same text draws the same samples.

    Returns:
        In [0, 1], or None if there is nothing to draw from or nothing to draw.
    """
    mass = np.asarray(baseline, float)
    if mass.sum() <= 0 or n_current <= 0 or n_baseline <= 0:
        return None
    share = mass[mass > 0] / mass.sum()
    generator = np.random.default_rng(
        int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big")
    )
    distance = jensen_shannon if measure == "jensen_shannon" else l_infinity
    drawn = distance(
        generator.multinomial(n_current, share, _REPLICATES),
        generator.multinomial(n_baseline, share, _REPLICATES),
    )
    return float(np.percentile(drawn, _PERCENTILE))
