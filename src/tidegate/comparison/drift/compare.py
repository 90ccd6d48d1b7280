"""Compare each feature of a span with its baseline."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from tidegate.comparison.drift.describe import changed
from tidegate.comparison.drift.learned import Steps, learn
from tidegate.comparison.drift.noise_floor import noise_floor
from tidegate.comparison.drift.reported_metrics import reported_metrics
from tidegate.comparison.drift.thresholds import Configured, limit
from tidegate.contract import Contract, Limits, Threshold
from tidegate.numerics.distances import Distance, Measure, Status, jensen_shannon, l_infinity
from tidegate.statistics import cells as cellular
from tidegate.statistics.cells import REST, Cells
from tidegate.statistics.model import FeatureSummary, Statistics
from tidegate.statistics.row_names import unjudged
from tidegate.statistics.slices import defines_slice

_DISTANCES = {"jensen_shannon": jensen_shannon, "l_infinity": l_infinity}
#: Judgements per feature. Of classes (True): two distances, missing and unseen values. Numbers: one
#: distance and missing values.
_TESTS = {True: 4, False: 2}
_BOTH: tuple[Measure, ...] = ("jensen_shannon", "l_infinity")


def compare(
    statistics: Statistics,
    baseline: Statistics,
    contract: Contract,
    *,
    steps: Steps | None = None,
) -> list[Distance]:
    """Compute the distances of every column from the baseline.

    The result is in the order of the data, first over all rows, then by slice. A slice that both
    sides have is compared with the same slice, without the columns that define it. Categorical
    columns have two distances, numeric ones one (a label of classes two). Columns that no model
    sees are recorded and not judged, except the label, and so are the columns the contract sets to
    `report`, and running numbers and times as numbers for which it sets nothing.

    Args:
        statistics: The statistics of the span.
        baseline: The statistics of the baseline.
        contract: The contract, which sets how each feature is judged.
        steps: The distances between accepted spans, for `learned`.
    """
    names = unjudged(statistics, baseline, contract)
    contract = _reporting(contract, names)
    level = level_of(statistics, baseline, contract)
    result = _compared(statistics, baseline, contract, level, _History(steps or {}))
    for name, current, baseline_slice in slices_of(statistics, baseline):
        found = _compared(current, baseline_slice, contract, level, _History(steps or {}, name))
        result += [replace(d, slice=name) for d in found if not defines_slice(name, d.feature)]
    return [
        replace(d, note=f"{names[d.feature]}: recorded, not judged") if d.feature in names else d
        for d in result
    ]


def _reporting(contract: Contract, names: Iterable[str]) -> Contract:
    drift = contract.gates.drift
    features = {**dict.fromkeys(names, "report"), **drift.features}
    gates = contract.gates.model_copy(
        update={"drift": drift.model_copy(update={"features": features})}
    )
    return contract.model_copy(update={"gates": gates})


@dataclass(frozen=True)
class _History:
    """The steps between accepted spans, for all rows or one slice."""

    steps: Steps
    slice: str = ""

    def of(self, feature: str, measure: Measure) -> Sequence[float]:
        return self.steps.get((feature, measure, self.slice), ())


def slices_of(
    statistics: Statistics, baseline: Statistics
) -> list[tuple[str, Statistics, Statistics]]:
    """The slices that both sides have: name, current and baseline statistics."""
    by_slice = baseline.by_slice()
    return [
        (n, current, by_slice[n]) for n, current in statistics.by_slice().items() if n in by_slice
    ]


def _compared(
    statistics: Statistics,
    baseline: Statistics,
    contract: Contract,
    level: float,
    history: _History,
) -> list[Distance]:
    features, baseline_features = statistics.features(), baseline.features()
    result: list[Distance] = []
    for name in [*features, *(n for n in baseline_features if n not in features)]:
        current, baseline_summary = features.get(name), baseline_features.get(name)
        if current is None or baseline_summary is None:
            result.append(_none(name, current, baseline_summary, "only in one of the two spans"))
        elif current.count == 0 or baseline_summary.count == 0:
            side = "this span" if current.count == 0 else "the baseline"
            result.append(_none(name, current, baseline_summary, f"{side} has no values"))
        elif (current.type == "string") != (baseline_summary.type == "string"):
            note = f"{current.type} now, {baseline_summary.type} in the baseline"
            result.append(_none(name, current, baseline_summary, note))
        else:
            result.extend(_measured(current, baseline_summary, contract, level, history))
    return result


def configured_for(contract: Contract, name: str) -> Threshold | Limits:
    """The contract's drift limits for a column."""
    if not is_judged(contract, name):
        return "report"
    return contract.gates.drift.features.get(name, contract.gates.drift.default)


def is_judged(contract: Contract, name: str) -> bool:
    """Whether a change of the column is judged: of a feature or the label."""
    return name == contract.label or name not in contract.not_features


def level_of(statistics: Statistics, baseline: Statistics, contract: Contract) -> float:
    """The false-alarm probability that each judgement may use up.

    `gates.drift.false_alarms`, divided by the number of judgements that chance could decide: those
    of every feature, over all rows and in every slice.
    """
    baseline_features = baseline.features()
    tests = sum(
        _TESTS[_has_classes(summary, baseline_features[name], contract)]
        for name, summary in statistics.features().items()
        if name in baseline_features and configured_for(contract, name) in ("auto", "learned")
    )
    times = 1 + len(slices_of(statistics, baseline))
    return contract.gates.drift.false_alarms / max(tests * times, 1)


def _configured_measure(configured: Threshold | Limits, measure: Measure) -> Configured:
    """The setting for one measure; a number limits Jensen-Shannon alone."""
    if isinstance(configured, Limits):
        value = getattr(configured, measure)
        return "report" if value is None else float(value)
    if isinstance(configured, str) or measure == "jensen_shannon":
        return configured
    return "report"


def _none(
    name: str, current: FeatureSummary | None, baseline: FeatureSummary | None, note: str
) -> Distance:
    return Distance(
        feature=name,
        measure="jensen_shannon",
        value=None,
        threshold=None,
        origin="nothing to compare",
        noise=None,
        n_current=current.count if current else 0,
        n_baseline=baseline.count if baseline else 0,
        status="not_comparable",
        note=note,
    )


def _measured(
    current: FeatureSummary,
    baseline: FeatureSummary,
    contract: Contract,
    level: float,
    history: _History,
) -> Iterator[Distance]:
    text = current.type == "string"
    cells = (cellular.of_values if text else cellular.of_numbers)(current, baseline)
    if cells.labels == [REST]:
        nothing = _none(
            current.name, current, baseline, "no value is frequent enough to be compared"
        )
        yield replace(nothing, status="report")
        return
    facts = contract.columns.get(current.name)
    phrase = changed(cells, current, baseline, (facts.unit if facts else None) or "")
    beside = reported_metrics(cells, current, baseline)
    both = _has_classes(current, baseline, contract)
    for measure in _BOTH if both else _BOTH[:1]:
        judged = _judge(measure, cells, current, baseline, contract, level, history)
        yield replace(judged, changed=phrase, reported_metrics=beside)
        beside = ()


def _has_classes(current: FeatureSummary, baseline: FeatureSummary, contract: Contract) -> bool:
    """Whether a column's values are classes: of text, or a label's that is no quantity."""
    if current.type == "string":
        return True
    if current.name != contract.label or contract.task == "regression":
        return False
    return contract.task is not None or len({*current.quantiles, *baseline.quantiles}) == 2


def _judge(
    measure: Measure,
    cells: Cells,
    current: FeatureSummary,
    baseline: FeatureSummary,
    contract: Contract,
    level: float,
    history: _History,
) -> Distance:
    value = float(_DISTANCES[measure](cells.current, cells.baseline))
    n, m = current.count, baseline.count
    noise = noise_floor(measure, cells, n_current=n, n_baseline=m, level=level)
    configured = _configured_measure(configured_for(contract, current.name), measure)
    learned = learn(history.of(current.name, measure), level) if configured == "learned" else None
    where = " with this slice" if history.slice else ""
    judged = limit(configured, noise, n_current=n, n_baseline=m, learned=learned, where=where)
    status: Status = "ok"
    note = cells.note
    if not math.isfinite(value):
        status, note = "not_comparable", "the histograms have no mass to compare"
    elif judged.threshold is None:
        status = "report"
    elif value > judged.threshold:
        status = "drift"
    elif not judged.telling:
        status = "too_few"
    return Distance(
        feature=current.name,
        measure=measure,
        value=value if math.isfinite(value) else None,
        threshold=judged.threshold,
        origin=judged.origin,
        noise=noise,
        n_current=n,
        n_baseline=m,
        status=status,
        note=note,
        moved=cells.moved(),
        estimated=cells.estimated,
    )
