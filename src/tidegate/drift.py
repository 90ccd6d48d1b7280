"""Each feature of a span against the same feature of the span before."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from tidegate.contract import Contract, Threshold
from tidegate.distances import (
    REST,
    Distance,
    FloatArray,
    Measure,
    Status,
    align_counts,
    cell_edges,
    cell_masses,
    jensen_shannon,
    l_infinity,
)
from tidegate.statistics.model import FeatureSummary, Statistics
from tidegate.thresholds import PRACTICAL, limit
from tidegate.verdict import Finding, Severity

_NAMES = {"jensen_shannon": "Jensen-Shannon divergence", "l_infinity": "L-infinity distance"}


def compare(statistics: Statistics, baseline: Statistics, contract: Contract) -> list[Distance]:
    """The distances of every column from the baseline, in the order of the data.

    Categorical columns have two, numeric ones one. Columns that no model sees are recorded and not
    judged, and so are those the contract says to report.
    """
    now, before = statistics.features(), baseline.features()
    result: list[Distance] = []
    for name in [*now, *(n for n in before if n not in now)]:
        current, past = now.get(name), before.get(name)
        asked = asked_of(contract, name)
        if current is None or past is None:
            result.append(_none(name, current, past, "only in one of the two spans"))
        elif current.count == 0 or past.count == 0:
            side = "this span" if current.count == 0 else "the baseline"
            result.append(_none(name, current, past, f"{side} has no values"))
        elif (current.type == "string") != (past.type == "string"):
            note = f"{current.type} now, {past.type} in the baseline"
            result.append(_none(name, current, past, note))
        else:
            result.extend(_measured(name, current, past, asked, baseline.span))
    return result


def asked_of(contract: Contract, name: str) -> Threshold:
    """What the contract says of a column's drift."""
    if name in contract.not_features:
        return "report"
    return contract.gates.drift.features.get(name, contract.gates.drift.default)


def _none(
    name: str, current: FeatureSummary | None, past: FeatureSummary | None, note: str
) -> Distance:
    return Distance(
        feature=name,
        measure="jensen_shannon",
        value=None,
        threshold=None,
        origin="nothing to compare",
        noise=None,
        n_current=current.count if current else 0,
        n_baseline=past.count if past else 0,
        status="not_comparable",
        note=note,
    )


@dataclass(frozen=True)
class _Cells:
    """One feature over cells that both spans share.

    Attributes:
        labels: What each cell is.
        now: The span's mass by cell.
        before: The baseline's.
        drawn: The mass that chance is estimated from.
        note: What else there is to know.
    """

    labels: list[str]
    now: FloatArray
    before: FloatArray
    drawn: FloatArray
    note: str = ""


def _categories(current: FeatureSummary, past: FeatureSummary) -> _Cells:
    labels, now, before = align_counts(current, past)
    cut = labels[-1] == REST
    note = f"the {len(labels) - 1:,} most frequent values, all others as one" if cut else ""
    return _Cells(labels, now, before, before, note)


def _numbers(current: FeatureSummary, past: FeatureSummary) -> _Cells:
    edges = cell_edges(past.quantile_histogram)
    now = cell_masses(current.quantile_histogram, edges)
    before = cell_masses(past.quantile_histogram, edges)
    # A sample's least and greatest value are not its distribution's: one of n + 1 lies beyond.
    drawn = before.copy()
    drawn[0] += 1
    drawn[-1] += 1
    return _Cells(
        [*_cell_labels(edges), "NaN"],
        np.append(now, current.nans),
        np.append(before, past.nans),
        np.append(drawn, past.nans),
    )


def _measured(
    name: str, current: FeatureSummary, past: FeatureSummary, asked: Threshold, seed: str
) -> Iterable[Distance]:
    if current.type != "string":
        cells = _numbers(current, past)
        yield _judge("jensen_shannon", cells, current, past, asked, seed)
        return
    cells = _categories(current, past)
    if cells.labels == [REST]:
        nothing = _none(name, current, past, "no value is frequent enough to be compared")
        yield replace(nothing, status="report")
        return
    yield _judge("jensen_shannon", cells, current, past, asked, seed)
    yield _judge("l_infinity", cells, current, past, asked, seed)


def _judge(
    measure: Measure,
    cells: _Cells,
    current: FeatureSummary,
    past: FeatureSummary,
    asked: Threshold,
    seed: str,
) -> Distance:
    distance = jensen_shannon if measure == "jensen_shannon" else l_infinity
    value = float(distance(cells.now, cells.before))
    judged = limit(
        measure,
        asked,
        cells.drawn,
        n_current=current.count,
        n_baseline=past.count,
        seed=f"{seed}/{current.name}/{measure}",
    )
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
        noise=judged.noise,
        n_current=current.count,
        n_baseline=past.count,
        status=status,
        note=note,
        moved=_moved(cells),
    )


def _moved(cells: _Cells) -> tuple[tuple[str, float, float], ...]:
    if not (cells.now.sum() > 0 and cells.before.sum() > 0):
        return ()
    now, before = cells.now / cells.now.sum(), cells.before / cells.before.sum()
    ranked = np.argsort(-np.abs(now - before), kind="stable")[:3]
    return tuple(
        (cells.labels[i], float(before[i]), float(now[i])) for i in ranked if now[i] != before[i]
    )


def _cell_labels(edges: FloatArray) -> list[str]:
    if not len(edges):
        return ["any"]
    # An edge a hair below a value only parts that value from what is below it.
    shown = [f"{e:,.6g}" for e in edges]
    labels = [f"below {shown[0]}"]
    for low, high, a, b in zip(edges, edges[1:], shown, shown[1:], strict=False):
        labels.append(b if np.nextafter(high, -np.inf) == low else f"{a} to {b}")
    return [*labels, f"above {shown[-1]}"]


def drift_findings(distances: Iterable[Distance], contract: Contract) -> list[Finding]:
    """What the distances mean for the verdict; a feature that drifted is told of once."""
    result: list[Finding] = []
    for d in distances:
        told = bool(result) and (result[-1].code, result[-1].subject) == ("drift", d.feature)
        if told or asked_of(contract, d.feature) == "report":
            continue
        if d.status == "drift" and d.value is not None and d.threshold is not None:
            moves = "; ".join(f"{label}: {a:.1%} -> {b:.1%}" for label, a, b in d.moved)
            result.append(
                Finding(
                    "drift",
                    d.feature,
                    "hold",
                    f"feature {d.feature!r} drifted: {_NAMES[d.measure]} {d.value:.3f} is above "
                    f"{d.threshold:.3f} ({d.origin}; chance alone gives {d.noise or 0:.4f}); what "
                    f"moved most: {moves}; find out why, or set gates.drift.features.{d.feature}",
                )
            )
        elif d.status == "too_few":
            result.append(
                Finding(
                    "drift_too_few",
                    d.feature,
                    "warn",
                    f"feature {d.feature!r}: {d.n_current:,} and {d.n_baseline:,} values are too "
                    f"few to tell drift from chance ({_NAMES[d.measure]}, noise {d.noise:.3f}); "
                    "take longer spans",
                )
            )
        elif d.status == "report" and d.value is None:
            result.append(
                Finding(
                    "drift_not_judged",
                    d.feature,
                    "warn",
                    f"feature {d.feature!r} has so many values that none can be compared with the "
                    f"baseline; exclude it, or set gates.drift.features.{d.feature} to report",
                )
            )
        elif d.status == "not_comparable" and d.n_current and d.n_baseline:
            result.append(
                Finding(
                    "drift_not_computable",
                    d.feature,
                    "hold",
                    f"feature {d.feature!r} cannot be compared with the baseline: {d.note}; fix "
                    f"the source, or set gates.drift.features.{d.feature} to report",
                )
            )
    return result


def missing_findings(
    statistics: Statistics, baseline: Statistics, contract: Contract
) -> list[Finding]:
    """Features that are missing much more often, or much less often, than in the baseline.

    More holds if it is by more than a tenth of the rows and more than chance (four standard
    errors of the difference); less is shown.
    """
    now, before = statistics.features(), baseline.features()
    result = []
    for name, current in now.items():
        past = before.get(name)
        if past is None or not current.rows or not past.rows or name in contract.not_features:
            continue
        a, b = past.missing_fraction, current.missing_fraction
        pooled = (past.missing + current.missing) / (past.rows + current.rows)
        chance = 4 * math.sqrt(pooled * (1 - pooled) * (1 / past.rows + 1 / current.rows))
        threshold = max(PRACTICAL, chance)
        if abs(b - a) <= threshold:
            continue
        reported = asked_of(contract, name) == "report"
        severity: Severity = "hold" if b > a and not reported else "warn"
        remedy = f"fix the source, or set gates.drift.features.{name} to report"
        if reported:
            remedy = "shown only, as the contract says"
        result.append(
            Finding(
                "missing_rate",
                name,
                severity,
                f"feature {name!r} is empty in {b:.1%} of the rows, {a:.1%} in the baseline: a "
                f"change of more than {threshold:.0%}; {remedy}",
            )
        )
    return result
