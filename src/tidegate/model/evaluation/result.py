"""The result of an evaluation, usable without TensorFlow."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from tidegate.contract import Task
from tidegate.core.errors import EvaluationError
from tidegate.core.verdict import Finding, Verdict
from tidegate.numerics.intervals import Metric
from tidegate.platform import documents

FILE = "evaluation.json"
FORMAT: Final = 1


@dataclass(frozen=True)
class MetricChange:
    """The deciding metric's change from champion to challenger.

    Attributes:
        metric: Its name.
        challenger: Its value for the judged model.
        champion: Its value for the model in the registry, over the same examples.
        change: Challenger minus champion, with the 95% interval of that paired difference.
        worse_by: By how much the challenger is worse; negative if it is better. In the metric's
            unit, for either direction of the metric.
    """

    metric: str
    challenger: float
    champion: float
    change: Metric
    worse_by: float

    @property
    def within_noise(self) -> bool:
        """Whether the interval of the change contains zero.

        If so, these examples cannot distinguish the models.
        """
        return self.change.low <= 0 <= self.change.high


@dataclass(frozen=True)
class SliceResult:
    """Metrics over some of the examples.

    Attributes:
        name: `all`, or the slice's values: `origin=EWR, carrier=UA`.
        rows: The number of examples.
        metrics: The metrics by name; every metric of the task, defined or not.
        champion: The champion's metrics over the same examples, if it could be run.
        comparison: The change from champion to challenger, if it could be run.
    """

    name: str
    rows: int
    metrics: Mapping[str, Metric]
    champion: Mapping[str, Metric] | None = None
    comparison: MetricChange | None = None


#: The verdict of an evaluation before it is judged: fail closed.
_NOT_JUDGED = Verdict((Finding("not_judged", "", "hold", "the model was measured and not judged"),))


@dataclass(frozen=True)
class Evaluation:
    """A model judged on the examples of one split.

    Attributes:
        span: The span of the examples.
        split: The split of the examples.
        task: The task of the label.
        label: The label's column.
        classes: The classes in the model's order; the last of two is the positive one. Empty for
            regression.
        metric: The metric by which champion and challenger are compared.
        overall: Metrics over all examples.
        verdict: Whether the model may be published, with the findings.
        slices: Metrics by the contract's slices, largest first within each.
        champion_version: The champion's version, as the caller named it.
        baselines: The metrics of the best constant prediction (the share of each class, the label's
            mean), by name: a model that is not better has learnt nothing.
        roc: Binary only: (false positive rate, true positive rate, threshold), from (0, 0) to
            (1, 1), at most 200 points.
        confusion: Rows are true classes, columns predicted ones, in the order of
            `confusion_classes`. Empty for regression.
        confusion_classes: The classes of `confusion`: the model's, one for labels unknown to it if
            there are any, and one for the rarest if there are more than 30.
        calibration: (mean prediction, mean outcome, rows) in bins of about equal size. Binary: the
            positive class's probability and frequency. Multiclass: the probability of the predicted
            class and how often it was right. Regression: prediction and label.
        histogram: By true class, the number of examples with a predicted probability in each of 20
            equal bins of [0, 1]. Binary: of the positive class. Multiclass: of the predicted class.
            Regression: empty.
        digests: The content and contract digests of the examples.
    """

    span: str
    split: str
    task: Task
    label: str
    classes: tuple[str, ...]
    metric: str
    overall: SliceResult
    verdict: Verdict = _NOT_JUDGED
    slices: tuple[SliceResult, ...] = ()
    champion_version: str | None = None
    baselines: Mapping[str, float] = field(default_factory=dict)
    roc: tuple[tuple[float, float, float], ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()
    confusion_classes: tuple[str, ...] = ()
    calibration: tuple[tuple[float, float, int], ...] = ()
    histogram: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)

    @property
    def blessed(self) -> bool:
        """Whether the model may be published."""
        return self.verdict.status == "pass"

    @property
    def comparison(self) -> MetricChange | None:
        """The change from champion to challenger over all examples."""
        return self.overall.comparison

    def scalars(self) -> dict[str, float]:
        """The defined overall metrics; the champion's under `champion_<name>`."""
        champion = {f"champion_{n}": m for n, m in (self.overall.champion or {}).items()}
        both = {**self.overall.metrics, **champion}
        return {name: metric.value for name, metric in both.items() if metric.defined}

    def write(self, directory: Path) -> None:
        """Write `evaluation.json`; undefined values are null."""
        documents.write(directory / FILE, {documents.FORMAT: FORMAT, **_plain(self)})

    @classmethod
    def read(cls, directory: Path) -> Evaluation:
        """Read the file that `write` wrote.

        Raises:
            EvaluationError: it is missing, of another format or not an evaluation.
        """
        with documents.reading(
            directory / FILE,
            format_=FORMAT,
            error=EvaluationError,
            what="evaluation",
            remedy="run the evaluation again",
        ) as document:
            return _evaluation(document)


def _plain(value: Evaluation) -> dict[str, Any]:
    plain = asdict(value)
    verdict = {"status": value.verdict.status, "findings": value.verdict.to_json()}
    return {**documents.finite(plain), "verdict": verdict}


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _metric(value: Mapping[str, float | None]) -> Metric:
    return Metric(*(_number(value[name]) for name in ("value", "low", "high")))


def _metrics(values: Mapping[str, Any]) -> dict[str, Metric]:
    return {name: _metric(value) for name, value in values.items()}


def _slice(value: Mapping[str, Any]) -> SliceResult:
    change = value["comparison"]
    return SliceResult(
        name=value["name"],
        rows=value["rows"],
        metrics=_metrics(value["metrics"]),
        champion=None if value["champion"] is None else _metrics(value["champion"]),
        comparison=None
        if change is None
        else MetricChange(
            metric=change["metric"],
            challenger=_number(change["challenger"]),
            champion=_number(change["champion"]),
            change=_metric(change["change"]),
            worse_by=_number(change["worse_by"]),
        ),
    )


def _evaluation(value: Mapping[str, Any]) -> Evaluation:
    return Evaluation(
        span=value["span"],
        split=value["split"],
        task=value["task"],
        label=value["label"],
        classes=tuple(value["classes"]),
        metric=value["metric"],
        verdict=Verdict.from_json(value["verdict"]["findings"]),
        overall=_slice(value["overall"]),
        slices=tuple(_slice(v) for v in value["slices"]),
        champion_version=value["champion_version"],
        baselines={k: _number(v) for k, v in value["baselines"].items()},
        roc=tuple((x, y, t) for x, y, t in value["roc"]),
        confusion=tuple(tuple(row) for row in value["confusion"]),
        confusion_classes=tuple(value["confusion_classes"]),
        calibration=tuple((_number(p), _number(o), n) for p, o, n in value["calibration"]),
        histogram={k: tuple(v) for k, v in value["histogram"].items()},
        digests=dict(value["digests"]),
    )
