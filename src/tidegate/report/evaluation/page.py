"""The page on a model: metrics with intervals, champion, slices."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from tidegate.core.text import NOTHING, count, fixed, integer, number, short, signed
from tidegate.report.html import svg
from tidegate.report.html.page import render, verdict_facts
from tidegate.report.html.shapes import Buckets
from tidegate.report.metrics import describe

if TYPE_CHECKING:
    from tidegate.contract import Contract
    from tidegate.model.evaluation import Evaluation, Metric, SliceResult

#: The most slices shown; the worst ones, because they are sorted.
_SLICES = 200
#: The most classes whose predicted probabilities are drawn.
_CLASSES = 12


#: Prefixes of metrics on held-out rows in a training history.
_TWINS = ("eval_", "val_")

_CALIBRATION = {
    "binary": "Predicted probability against the share that turned out positive.",
    "multiclass": "Probability of the predicted class against how often it was right.",
    "regression": "Predicted against observed value.",
}


@dataclass(frozen=True)
class MetricLine:
    """A metric of both models; `change` names the better one."""

    name: str
    title: str
    meaning: str
    better: str
    challenger: Metric
    champion: Metric | None
    baseline: float | None
    difference: float | None
    interval: tuple[float, float] | None
    change: str
    dots: Markup


@dataclass(frozen=True)
class SliceLine:
    """A slice by the deciding metric, sorted by `worse`.

    The larger `worse` is, the worse the slice.
    """

    name: str
    rows: int
    judged: bool
    challenger: Metric | None
    champion: Metric | None
    difference: float | None
    interval: tuple[float, float] | None
    worse: float
    change: str
    dots: Markup


def evaluation_page(
    evaluation: Evaluation,
    model: Mapping[str, Any],
    contract: Contract,
    *,
    at: datetime | None = None,
) -> str:
    """Render the page on a model's evaluation and verdict.

    Args:
        evaluation: The verdict with its metrics.
        model: `model.json`: `history` and other facts about the model.
        contract: The contract, which sets how large a judged slice must be.
        at: The time shown on the page; now by default.

    Returns:
        A self-contained HTML document.
    """
    main = evaluation.metric
    title, meaning, _ = describe(main)
    slices = _slices(evaluation, contract.evaluation.min_slice_examples)
    facts = {
        "Rows judged": integer(evaluation.overall.rows),
        "Split": evaluation.split,
        "Task": evaluation.task,
        "Label": evaluation.label,
        "Champion": evaluation.champion_version or "none yet",
        "Compared by": title,
    }
    return render(
        "evaluation/page.html",
        dataset=contract.dataset,
        span=evaluation.span,
        facts=facts,
        at=at,
        evaluation=evaluation,
        lead=_lead(evaluation),
        main=main,
        main_title=title,
        main_meaning=meaning,
        metrics=_metrics(evaluation),
        slices=slices[:_SLICES],
        slices_left_out=max(len(slices) - _SLICES, 0),
        min_rows=contract.evaluation.min_slice_examples,
        confusion=_confusion(evaluation),
        predictions=_predictions(evaluation),
        history=_history(model.get("history")),
        about=_about(model),
        calibration_note=_CALIBRATION[evaluation.task],
        **verdict_facts(evaluation.verdict),
    )


def _worse_by(metric: str, difference: float) -> float:
    return difference if describe(metric)[2] is False else -difference


def _change(
    metric: str,
    difference: float | None,
    interval: tuple[float, float] | None,
    models: tuple[Metric | None, Metric | None],
) -> str:
    """Compare challenger and champion in a word, or return "".

    A difference with an interval of its own counts if the interval excludes zero; without one, only
    if the intervals of the two models do not overlap. The result is empty if neither is known.
    """
    if difference is None or not math.isfinite(difference) or describe(metric)[2] is None:
        return ""
    if interval:
        if interval[0] <= 0 <= interval[1]:
            return "within noise"
    else:
        ours, theirs = models
        if ours and theirs and ours.low <= theirs.high and theirs.low <= ours.high:
            return "intervals overlap"
    return "worse" if _worse_by(metric, difference) > 0 else "better"


def _lead(evaluation: Evaluation) -> str:
    main = evaluation.metric
    title, _, _ = describe(main)
    ours = evaluation.overall.metrics.get(main)
    rows = count(evaluation.overall.rows, "row")
    if ours is None or not math.isfinite(ours.value):
        return f"{title} is not defined on the {rows} of the {evaluation.split} split."
    phrase = (
        f"On {rows} of the {evaluation.split} split the model has a {title} of "
        f"{fixed(ours.value)} (95% interval {fixed(ours.low)} to {fixed(ours.high)})."
    )
    compared = evaluation.comparison
    if compared is not None and math.isfinite(compared.change.value):
        low, high = fixed(compared.change.low), fixed(compared.change.high)
        span = f"{signed(compared.change.value)}, 95% interval {low} to {high}"
        if compared.within_noise:
            phrase += f" These rows cannot tell it from the champion ({span})."
        else:
            side = "worse" if compared.worse_by > 0 else "better"
            phrase += f" It is {side} than the champion ({span})."
    elif evaluation.champion_version is None:
        phrase += " There is no champion yet to compare it with."
    if main in evaluation.baselines:
        phrase += f" The best constant answer gets {fixed(evaluation.baselines[main])}."
    return phrase


def _dots(
    ours: Metric | None,
    theirs: Metric | None,
    low: float,
    high: float,
    reference: float | None,
    label: str,
) -> Markup:
    rows = [
        (css, m.value, m.low, m.high)
        for css, m in (("c", ours), ("b", theirs))
        if m is not None and math.isfinite(m.value)
    ]
    rows = [
        (css, v, a if math.isfinite(a) else v, b if math.isfinite(b) else v)
        for css, v, a, b in rows
    ]
    return svg.intervals(rows, low=low, high=high, reference=reference, label=label)


def _ends(
    metrics: Sequence[Metric | None], also: Sequence[float | None] = ()
) -> tuple[float, float]:
    known = [x for m in metrics if m is not None for x in (m.value, m.low, m.high)]
    known += [x for x in also if x is not None]
    finite = [x for x in known if math.isfinite(x)]
    return (min(finite), max(finite)) if finite else (0.0, 1.0)


def _metrics(evaluation: Evaluation) -> list[MetricLine]:
    lines = []
    overall = evaluation.overall
    names = sorted(overall.metrics, key=lambda n: n != evaluation.metric)
    for name in names:
        ours = overall.metrics[name]
        theirs = (overall.champion or {}).get(name)
        difference, interval = _difference(name, ours, theirs, overall)
        title, meaning, better = describe(name)
        baseline = evaluation.baselines.get(name)
        low, high = _ends([ours, theirs], [baseline])
        lines.append(
            MetricLine(
                name=name,
                title=title,
                meaning=meaning,
                better={True: "higher is better", False: "lower is better"}.get(better, ""),  # type: ignore[arg-type]
                challenger=ours,
                champion=theirs,
                baseline=baseline,
                difference=difference,
                interval=interval,
                change=_change(name, difference, interval, (ours, theirs)),
                dots=_dots(
                    ours, theirs, low, high, baseline, f"{title} of challenger and champion"
                ),
            )
        )
    return lines


def _difference(
    name: str, ours: Metric | None, theirs: Metric | None, of: SliceResult
) -> tuple[float | None, tuple[float, float] | None]:
    """Challenger minus champion, with the interval of a paired comparison."""
    compared = of.comparison
    if compared is not None and compared.metric == name:
        change = compared.change
        if not math.isfinite(change.value):
            return None, None
        known = math.isfinite(change.low) and math.isfinite(change.high)
        return change.value, (change.low, change.high) if known else None
    if ours is None or theirs is None or describe(name)[2] is None:
        return None, None
    return ours.value - theirs.value, None


def _slices(evaluation: Evaluation, min_rows: int) -> list[SliceLine]:
    main = evaluation.metric
    overall = evaluation.overall.metrics.get(main)
    judged = [s for s in evaluation.slices if s.rows >= min_rows]
    scale = [overall, *(s.metrics.get(main) for s in judged)]
    scale += [(s.champion or {}).get(main) for s in judged]
    low, high = _ends(scale)
    lines = []
    for result in evaluation.slices:
        ours = result.metrics.get(main)
        theirs = (result.champion or {}).get(main)
        difference, interval = _difference(main, ours, theirs, result)
        worse = difference
        if worse is None and ours is not None and overall is not None:
            worse = ours.value - overall.value
        lines.append(
            SliceLine(
                name=result.name,
                rows=result.rows,
                judged=result.rows >= min_rows,
                challenger=ours,
                champion=theirs,
                difference=difference,
                interval=interval,
                worse=-math.inf
                if worse is None or not math.isfinite(worse)
                else _worse_by(main, worse),
                change=_change(main, difference, interval, (ours, theirs)),
                dots=_dots(
                    ours,
                    theirs,
                    low,
                    high,
                    overall.value if overall else None,
                    f"{main} in {result.name}",
                ),
            )
        )
    return sorted(lines, key=lambda s: (not s.judged, -s.worse, -s.rows))


@dataclass(frozen=True)
class ConfusionRow:
    """One true class: predicted counts, and their shares in [0, 1]."""

    name: str
    total: int
    cells: tuple[tuple[int, float], ...]


def _confusion(evaluation: Evaluation) -> list[ConfusionRow]:
    rows = []
    for name, counts in zip(evaluation.confusion_classes, evaluation.confusion, strict=False):
        total = sum(counts)
        cells = tuple((n, n / total if total else 0.0) for n in counts)
        rows.append(ConfusionRow(name, total, cells))
    return rows


def _predictions(evaluation: Evaluation) -> list[tuple[tuple[str, ...], Markup]]:
    """Draw histograms of predicted probabilities.

    Two classes share one chart; more classes get one chart each.

    Returns:
        The classes in a chart, the first drawn in the baseline's colour if there are two.
    """
    shares: dict[str, tuple[float, ...]] = {}
    for name, counts in evaluation.histogram.items():
        if total := sum(counts):
            shares[name] = tuple(n / total for n in counts)
    names = list(shares)
    charts = [tuple(names)] if len(names) == 2 else [(name,) for name in names[:_CLASSES]]
    drawn = []
    for classes in charts:
        series = tuple(shares[name] for name in classes)
        bins = len(series[0])
        buckets = Buckets(tuple(k / bins for k in range(bins + 1)), series, (0.0, 1.0))
        label = f"predicted probability by true class: {', '.join(classes)}"
        drawn.append((classes, svg.histogram(buckets, short(label, 120), large=True)))
    return drawn


def _history(history: Any) -> list[tuple[str, Markup]]:
    """Draw each metric of the training history with its eval twin."""
    series = _by_metric(history)
    twins = {f"{prefix}{name}": name for name in series for prefix in _TWINS}
    charts = []
    for name, points in series.items():
        if name in twins:
            continue
        drawn = [("train", points)]
        drawn += [
            ("eval", series[twin]) for twin, of in twins.items() if of == name and twin in series
        ]
        phrase = ", ".join(f"{kind} {number(values[-1])}" for kind, values in drawn if values)
        chart = svg.curves(drawn, name, f"{name} by epoch; last: {phrase}")
        if chart:
            charts.append((f"{name}; last: {phrase}", chart))
    return charts


def _by_metric(history: Any) -> dict[str, list[float]]:
    """Group a training history by metric.

    The history is Keras' mapping of lists, or a list with a mapping for each epoch.
    """
    rows: dict[str, list[Any]] = {}
    if isinstance(history, Mapping):
        rows = {str(k): list(v) for k, v in history.items() if isinstance(v, Sequence)}
    else:
        for epoch in history if isinstance(history, Sequence) else ():
            for name, value in epoch.items():
                rows.setdefault(str(name), []).append(value)
    return {
        name: [float(v) if isinstance(v, int | float) else math.nan for v in values]
        for name, values in rows.items()
        if name not in ("epoch", "seconds")
    }


def _about(model: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The remaining entries of the model's card, one level deep."""
    phrase: list[tuple[str, str]] = []
    for key, value in model.items():
        if key == "history":
            continue
        if isinstance(value, Mapping):
            phrase += [(f"{key}: {k}", _plain(v)) for k, v in value.items()]
        else:
            phrase.append((str(key), _plain(value)))
    return phrase


def _plain(value: Any) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, float):
        return number(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        parts = [v.get("name", v) if isinstance(v, Mapping) else v for v in value]
        return short(", ".join(short(p, 40) for p in parts), 600)
    return short(value, 300)
