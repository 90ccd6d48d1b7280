"""When a distance counts as drift, and where that limit comes from.

A number in the contract is the limit of the Jensen-Shannon divergence. `auto` is the larger of two
figures: a practical effect size, below which a difference does not matter even if it is real, and
the noise floor, below which it may be chance: the 99th percentile of the distance between two
samples of these very sizes drawn from the baseline's own distribution.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from tidegate.contract import Threshold
from tidegate.distances import FloatArray, Measure, jensen_shannon, l_infinity

#: Practical effect sizes; see the module's text.
JENSEN_SHANNON_NUMERIC = 0.2
JENSEN_SHANNON_CATEGORICAL = 0.1
#: Of one category's share, and of the rows in which a feature is missing.
SHARE_OF_ROWS = 0.2

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
    numeric: bool,
    n_current: int,
    n_baseline: int,
    seed: str,
) -> Limit:
    """The limit of one distance.

    Args:
        measure: What is measured.
        asked: What the contract says of this feature.
        baseline: The baseline's mass by cell.
        numeric: Whether the cells are a number's, else a category's.
        n_current: Values in this span.
        n_baseline: Values in the baseline.
        seed: Any text; the same text draws the same samples.
    """
    noise = noise_floor(measure, baseline, n_current=n_current, n_baseline=n_baseline, seed=seed)
    if asked == "report":
        return Limit(None, "recorded only, as the contract says", noise, True)
    if not isinstance(asked, str):
        if measure != "jensen_shannon":
            return Limit(None, "recorded only: the contract limits Jensen-Shannon", noise, True)
        return Limit(float(asked), "set in the contract", noise, noise is None or noise <= asked)
    if measure == "l_infinity":
        effect = SHARE_OF_ROWS
    else:
        effect = JENSEN_SHANNON_NUMERIC if numeric else JENSEN_SHANNON_CATEGORICAL
    if noise is None or noise <= effect:
        return Limit(effect, f"auto: the practical effect size {effect:g}", noise, True)
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
