"""Decide when a distance counts as drift, and explain the limit's origin.

`auto` is the larger of two figures: a practical effect size, below which a difference does not
matter even if it is real, and the noise floor, below which it may be chance (see `noise_floor`).
`learned` is the larger of the noise floor and what the steps between accepted spans lead to expect
(see `learned`), at least a tenth of the practical effect size; `auto` until there are enough steps.
A number in the contract is the limit itself.

A run judges many features, and chance has a go at each. `gates.drift.false_alarms` is the share of
runs without any change that may be held by chance; each judgement may use up the same part of it
(Bonferroni). Sidak's correction would allow a level greater by a two-hundredth and hold for
independent features only; the features of one table are not independent.

The practical effect size is 0.1 for everything that is judged. Of the Jensen-Shannon divergence
that is a tenth of the rows renamed, or a normal distribution moved by three quarters of its
standard deviation (d^2 / (8 ln 2)); of L-infinity a tenth of the rows gone to or from one value; of
missing values a tenth of the rows. L-infinity is judged too, because a share that goes from 0.30 to
0.18 is a divergence of 0.014 only.

Why 0.1: the months of 2013 of New York's departures and their weather, each against the one before
(11 pairs of about 27,000 rows; greatest divergence of the year):

    origin 0.0005   carrier, hour 0.001   distance 0.002   minute 0.005   dest 0.006
    weekday 0.008   precip 0.016   flight 0.017   wind_speed 0.040   sched_dep_time 0.043
    visib 0.058     humid 0.10      wind_gust 0.11   wind_dir 0.12   pressure 0.22
    dewp 0.30       temp 0.36

Features that airlines decide stay below 0.06, half the limit, and their L-infinity below 0.05
(weekday). February broken on purpose against January: kilometres instead of miles 0.25, miles off
by a tenth 0.11 to 0.13, `ua` for `UA` 0.18 (and 0.18 of unseen values). What follows the season is
beyond 0.1 in most months, and rightly so: it did change. A contract sets such a feature to
`report`, or to a limit of its own; no limit for all would do, since 0.2 still holds five of the
eleven months and lets 1.5 times the distance (0.18) pass. Noise is no matter at these sizes (0.001
for a numeric feature at a level of one in 10,000); it is from some hundreds of rows downwards.
"""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.comparison.drift.learned import MIN_STEPS, Learned

#: The practical effect size; see the module's docstring.
PRACTICAL = 0.1
#: The smallest limit that is learned: a hundredth of the rows renamed.
LEAST_LEARNED = PRACTICAL / 10
#: The fewest values on either side for a conclusive result.
MIN_VALUES = 50

#: The setting for one measure: a way to find the limit, or the limit.
Configured = str | float


@dataclass(frozen=True)
class Limit:
    """The distance above which a feature has drifted.

    Attributes:
        threshold: The limit, in [0, 1]; None if the distance is only recorded.
        origin: Where the limit comes from, in one phrase.
        telling: False if chance alone could give a difference that matters.
    """

    threshold: float | None
    origin: str
    telling: bool = True


def limit(
    configured: Configured,
    noise: float | None,
    *,
    n_current: int,
    n_baseline: int,
    learned: Learned | None = None,
    where: str = "",
) -> Limit:
    """Choose the limit of one distance.

    Args:
        configured: `auto`, `learned`, `report` or a distance.
        noise: The noise floor; None if it cannot be estimated.
        n_current: The number of values in this span.
        n_baseline: The number of values in the baseline.
        learned: The limit from history, if `configured` is `learned`.
        where: A phrase that qualifies the spans the limit was learned from.
    """
    floor = 0.0 if noise is None else noise
    enough = min(n_current, n_baseline) >= MIN_VALUES
    if configured == "report":
        return Limit(None, "recorded only, as the contract says")
    if not isinstance(configured, str):
        return Limit(float(configured), "set in the contract", enough and floor <= configured)
    telling = enough and floor <= PRACTICAL
    by_noise = f"the noise floor of {n_current:,} and {n_baseline:,} values"
    why = ""
    if configured == "learned":
        steps = 0 if learned is None else learned.steps
        if learned is not None and learned.threshold is not None:
            rests = f"learned from {steps} steps between accepted spans{where}"
            least = max(learned.threshold, LEAST_LEARNED)
            if floor > least:
                return Limit(floor, f"{rests}: {by_noise}, which is larger", telling)
            if learned.threshold < LEAST_LEARNED:
                return Limit(least, f"{rests}: the least that is learned", telling)
            return Limit(least, rests, telling)
        spans = f"steps between accepted spans{where}"
        why = f" (learning needs {MIN_STEPS} {spans}, there are {steps})"
    if floor <= PRACTICAL:
        return Limit(PRACTICAL, f"auto: the practical effect size {PRACTICAL:g}{why}", telling)
    return Limit(floor, f"auto: {by_noise}{why}", telling)
