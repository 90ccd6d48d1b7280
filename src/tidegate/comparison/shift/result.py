"""How two sets of rows differ: plain values that can be written and shown."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from tidegate.contract import Task
from tidegate.numerics.intervals import Metric
from tidegate.platform import documents

FILE: Final = "shift.json"
#: 2 renamed `told` and `value_before`.
FORMAT: Final = 2
#: A cell's or class's share in the baseline and now.
Moved = tuple[str, float, float]


@dataclass(frozen=True)
class FeatureShift:
    """How well one feature tells the two sets apart.

    Attributes:
        name: Of the column.
        kind: What its values are.
        auc: Of ranking held-out rows by this feature's cells alone, with its 95% interval.
        weight: Its share of what the classifier of all features goes by, in [0, 1]; 0 where
            others say the same better.
        significant: Whether its cells differ more than chance gives, in one of twenty comparisons
            of all features.
        moved: The cells whose share changed most: what they hold, the share before, and now.
    """

    name: str
    kind: str
    auc: Metric
    weight: float
    significant: bool
    moved: tuple[Moved, ...]


@dataclass(frozen=True)
class LabelShift:
    """How the label's distribution changed.

    Attributes:
        label: Its column.
        task: What kind of label it is.
        rows: How many rows have one: before, and now.
        p: The chance of as large a difference between two samples of one distribution.
        jensen_shannon: The divergence of the two distributions, with logarithms to base 2.
        moved: The classes, or quantile cells of a number, whose share changed most.
        change: A number's mean now less its mean before, or the change of the share of `subject`,
            with the 95% interval.
        subject: The class that `change` is of; empty for a number.
        baseline_value: The mean or share in the baseline.
    """

    label: str
    task: Task
    rows: tuple[int, int]
    p: float
    jensen_shannon: float
    moved: tuple[Moved, ...]
    change: Metric
    subject: str
    baseline_value: float

    @property
    def significant(self) -> bool:
        """Whether chance gives as much in less than one comparison of twenty."""
        return self.p < 0.05


@dataclass(frozen=True)
class Shift:
    """How the rows of now differ from those of before.

    Attributes:
        current: What the rows of now are called.
        baseline: What those of before are called.
        rows: How many rows there are: before, and now.
        measured: How many of them were measured.
        auc: Of a classifier that tells a row of now from one of before by all features, over rows
            it has not learnt from, with its 95% interval. 0.5 if they are of one distribution.
        features: The most telling first.
        joined: How many features the classifier goes by: those that tell most.
        label: How the label changed; None without one.
        left_out: Columns that were not compared, and why.
    """

    current: str
    baseline: str
    rows: tuple[int, int]
    measured: tuple[int, int]
    auc: Metric
    features: tuple[FeatureShift, ...]
    joined: int
    label: LabelShift | None = None
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def significant(self) -> bool:
        """Whether the two can be told apart by their features: the interval lies above 0.5."""
        return self.auc.low > 0.5

    def scalars(self) -> dict[str, float]:
        """The AUC and the ends of its 95% interval, where they are defined."""
        named = {"auc": self.auc.value, "auc_low": self.auc.low, "auc_high": self.auc.high}
        return {name: value for name, value in named.items() if math.isfinite(value)}

    def write(self, directory: Path) -> None:
        """Write `shift.json`."""
        documents.write(directory / FILE, self.to_json())

    def to_json(self) -> dict[str, Any]:
        """As plain values; what is not finite is null."""
        plain = documents.finite(asdict(self))
        return {documents.FORMAT: FORMAT, **plain, "significant": self.significant}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Shift:
        """Read back what `to_json` gave.

        Raises:
            KeyError, TypeError: it is no such document.
        """
        rest = {k: v for k, v in document.items() if k not in ("significant", documents.FORMAT)}
        label = rest["label"]
        if label is not None:
            label = LabelShift(
                **{
                    **label,
                    "rows": tuple(label["rows"]),
                    "moved": _moved(label["moved"]),
                    "change": _metric(label["change"]),
                    **{k: _number(label[k]) for k in ("p", "jensen_shannon", "baseline_value")},
                }
            )
        features = (
            FeatureShift(**{**f, "auc": _metric(f["auc"]), "moved": _moved(f["moved"])})
            for f in rest["features"]
        )
        return cls(
            **{
                **rest,
                "rows": tuple(rest["rows"]),
                "measured": tuple(rest["measured"]),
                "auc": _metric(rest["auc"]),
                "features": tuple(features),
                "label": label,
            }
        )


def _metric(document: dict[str, Any]) -> Metric:
    return Metric(**{name: _number(value) for name, value in document.items()})


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _moved(cells: list[Any]) -> tuple[Moved, ...]:
    return tuple((label, before, now) for label, before, now in cells)
