"""Learn a drift limit from the steps between accepted spans.

The distances of a feature between accepted spans, each from what it was compared with, are taken as
draws from one distribution that is normal on the logit scale. The limit is the upper end of a
prediction interval: mean + t s sqrt(1 + 1/h) of h logits, with Student's t of h - 1 degrees of
freedom at the level that one feature may use up. So few steps give a wide limit, and the promise of
at most so many false alarms is kept for any number of them; a quantile of the distances themselves
would need a hundred steps for a level of one in a hundred.

Learning begins at eight steps. At a level of 1 in 2,000 t is 5.4 for eight steps and 12.9 for four,
where a normal distribution has 3.3: with fewer, the limit reflects ignorance more than the data.

Two samples of one distribution are 0.00001 apart by luck and 0.001 by bad luck, which on the logit
scale is far: the fewer the values, the more of the spread is chance and not the feature's, and a
limit from it would be near 1 in most slices. So a step counts as three quarters of the median that
chance gives at its sizes, at least. `docs/thresholds.md` shows that the promise is kept, and how
much narrower the limits are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tidegate.comparison.drift.noise_floor import noise_floor
from tidegate.numerics.distances import FloatArray, Measure, jensen_shannon, l_infinity
from tidegate.numerics.quantiles import t_quantile
from tidegate.statistics import cells as cellular
from tidegate.statistics.cells import REST
from tidegate.statistics.model import Statistics

#: Steps between accepted spans that learning needs.
MIN_STEPS = 8
#: A distance of zero has no logit; smaller distances count as this one.
_SMALLEST = 1e-5
#: A step counts as at least this part of the median distance that chance gives.
OF_CHANCE = 0.75
_MEASURES: tuple[tuple[Measure, Callable[[FloatArray, FloatArray], Any]], ...] = (
    ("jensen_shannon", jensen_shannon),
    ("l_infinity", l_infinity),
)

#: The distances of each feature, by column, measure and slice (empty for all rows), the oldest step
#: first.
Steps = Mapping[tuple[str, Measure, str], Sequence[float]]


@dataclass(frozen=True)
class Learned:
    """A limit from history and its number of steps.

    The limit is None if the steps are too few.
    """

    threshold: float | None
    steps: int


def learn(distances: Sequence[float], level: float) -> Learned:
    """Compute the distance that the next step exceeds with probability `level`.

    Args:
        distances: The distances of earlier steps, in [0, 1].
        level: The probability, in (0, 0.5].
    """
    h = len(distances)
    if h < MIN_STEPS:
        return Learned(None, h)
    inside = np.clip(np.asarray(distances, float), _SMALLEST, 1 - _SMALLEST)
    logits = np.log(inside / (1 - inside))
    reach = t_quantile(h - 1, level) * float(logits.std(ddof=1)) * math.sqrt(1 + 1 / h)
    return Learned(1 / (1 + math.exp(-min(float(logits.mean()) + reach, 50.0))), h)


def steps(
    pairs: Iterable[tuple[Statistics, Statistics]],
) -> dict[tuple[str, Measure, str], list[float]]:
    """Compute every feature's distances for pairs of spans, also by slice.

    A feature counts where both spans of a pair have it with one type. A slice has as many steps as
    there are pairs in which both spans have it.

    Args:
        pairs: Each span with the baseline it was compared with, oldest first.
    """
    found: dict[tuple[str, Measure, str], list[float]] = {}
    for statistics, baseline in pairs:
        baseline_slices = {"": baseline, **baseline.by_slice()}
        for part, current in {"": statistics, **statistics.by_slice()}.items():
            if part in baseline_slices:
                for name, measure, value in _distances(current, baseline_slices[part]):
                    found.setdefault((name, measure, part), []).append(value)
    return found


def _distances(
    statistics: Statistics, baseline: Statistics
) -> Iterator[tuple[str, Measure, float]]:
    baseline_features = baseline.features()
    for name, current in statistics.features().items():
        baseline_summary = baseline_features.get(name)
        if baseline_summary is None or not current.count or not baseline_summary.count:
            continue
        if (current.type == "string") != (baseline_summary.type == "string"):
            continue
        text = current.type == "string"
        cells = (cellular.of_values if text else cellular.of_numbers)(current, baseline_summary)
        if cells.labels == [REST] or not cells.comparable:
            continue
        sizes = {"n_current": current.count, "n_baseline": baseline_summary.count}
        for measure, distance in _MEASURES[: 2 if text else 1]:
            chance = noise_floor(measure, cells, **sizes, level=0.5)
            least = OF_CHANCE * (chance or 0.0)
            yield name, measure, max(float(distance(cells.current, cells.baseline)), least)
