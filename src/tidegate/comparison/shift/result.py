"""The result of a shift comparison, as plain values."""

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
#: A cell or class, with its baseline and current share.
Moved = tuple[str, float, float]


@dataclass(frozen=True)
class FeatureShift:
    """The separation of the two sets of rows by one feature.

    Attributes:
        name: The name of the column.
        kind: The kind of its values.
        auc: The AUC of ranking held-out rows by this feature's cells alone, with its 95% interval.
        weight: Its share in the classifier of all features, in [0, 1]; 0 if other features carry
            the same information better.
        significant: Whether its cells differ more than chance gives, in one of twenty comparisons
            of all features.
        moved: The cells whose share changed most: the cell, its baseline and its current share.
    """

    name: str
    kind: str
    auc: Metric
    weight: float
    significant: bool
    moved: tuple[Moved, ...]


@dataclass(frozen=True)
class LabelShift:
    """The change of the label's distribution.

    Attributes:
        label: The label's column.
        task: The kind of label.
        rows: The number of rows with a label: baseline, current.
        p: The probability of as large a difference between two samples of one distribution.
        jensen_shannon: The divergence of the two distributions, with logarithms to base 2.
        moved: The classes, or quantile cells of a number, whose share changed most.
        change: For a number the current mean minus the baseline mean, else the change of the share
            of `subject`, with the 95% interval.
        subject: The class whose share `change` describes; empty for a number.
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
        """Whether p is below 0.05."""
        return self.p < 0.05


@dataclass(frozen=True)
class Shift:
    """The shift from the baseline rows to the current rows.

    Attributes:
        current: The name of the current rows.
        baseline: The name of the baseline rows.
        rows: The number of rows: baseline, current.
        measured: The number of rows that were measured: baseline, current.
        auc: The AUC of a classifier that separates current from baseline rows by all features, over
            held-out rows, with its 95% interval. 0.5 if both are of one distribution.
        features: The features, the most informative first.
        joined: The number of features in the classifier: the most informative ones.
        label: How the label changed; None without a label.
        left_out: The columns that were not compared, with the reason.
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
        """Whether the features separate the two: the interval lies above 0.5."""
        return self.auc.low > 0.5

    def scalars(self) -> dict[str, float]:
        """The finite ones of the AUC and its 95% interval's ends."""
        named = {"auc": self.auc.value, "auc_low": self.auc.low, "auc_high": self.auc.high}
        return {name: value for name, value in named.items() if math.isfinite(value)}

    def write(self, directory: Path) -> None:
        """Write `shift.json`."""
        documents.write(directory / FILE, self.to_json())

    def to_json(self) -> dict[str, Any]:
        """Convert to plain values; non-finite numbers become null."""
        plain = documents.finite(asdict(self))
        return {documents.FORMAT: FORMAT, **plain, "significant": self.significant}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Shift:
        """Restore a shift from `to_json`.

        Raises:
            KeyError, TypeError: the document has another form.
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
