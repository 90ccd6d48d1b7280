"""The result of a feature measurement, as plain values."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from tidegate.contract import Task
from tidegate.core.errors import SignalError
from tidegate.platform import documents

FILE = "signal.json"
#: 2 renamed `told`.
FORMAT: Final = 2

#: `feature`: a model sees it. `excluded`: the contract excludes it.
Role = Literal["feature", "excluded"]
Code = Literal[
    "", "constant", "identifier", "leak", "redundant", "no_signal", "too_few_rows", "not_carried"
]


@dataclass(frozen=True)
class Importance:
    """A model's loss when one feature is shuffled among the rows.

    Attributes:
        value: The mean over the repeats, in the metric's unit; positive if the model is worse
            without the feature, for either direction of the metric.
        low: The lower end of the 95% interval.
        high: The upper end.
    """

    value: float
    low: float
    high: float

    @property
    def significant(self) -> bool:
        """Whether the interval lies above 0."""
        return self.low > 0


@dataclass(frozen=True)
class FeatureSignal:
    """The signal of one column about the label.

    Attributes:
        name: The name of the column.
        kind: The kind of its values: `number`, `text` or `time`.
        role: Whether a model sees it.
        missing: The share of rows without a value, in [0, 1].
        distinct: The number of distinct values.
        cells: The number of cells.
        bits: Mutual information with the label, less what chance gives.
        share: The same as a share of the label's entropy, in [0, 1].
        p: The probability of as much information by chance alone.
        floor: The share that chance reaches in one of twenty measurements of all columns.
        informative: Whether its information exceeds that of chance.
        held_out: The share of the label's entropy in the second part of the rows that the cells of
            the first explain; negative if they mislead. None if it is not defined.
        auc: Binary labels: the AUC in the second part of ranking by this column alone.
        importance: Its importance to the model, if a model with this feature was given.
        code: Why it should be checked; empty if there is no reason.
        drop: Whether dropping it is suggested.
        reason: The reason in a sentence; empty if `code` is.
    """

    name: str
    kind: str
    role: Role
    missing: float
    distinct: int
    cells: int
    bits: float
    share: float
    p: float
    floor: float
    informative: bool
    held_out: float | None
    auc: float | None
    importance: Importance | None = None
    code: Code = ""
    drop: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Pair:
    """Two columns, one of them explained by the other.

    Attributes:
        first: The column that explains at least as much.
        second: The explained column.
        explained: The share of the second's entropy that the first explains, in [0, 1].
        back: The share of the first's entropy that the second explains.
        rank_correlation: Spearman's coefficient, in [-1, 1]; None if one of them is text.
    """

    first: str
    second: str
    explained: float
    back: float
    rank_correlation: float | None


@dataclass(frozen=True)
class Signal:
    """The signal of every column about a label.

    Attributes:
        name: The name of the span or file.
        label: The label's column.
        task: The task of the label.
        label_entropy: The entropy of its classes or quantile cells, in bits: the most any column
            can explain.
        label_cells: The number of its classes or cells.
        rows: The number of all rows.
        measured: The number of measured rows: all, or a sample.
        without_label: Rows of the sample left out because they have no label.
        parts: The names of the two parts of the rows.
        part_rows: The number of rows of each part.
        features: The columns, the most informative first.
        pairs: The redundant pairs, the closest first.
        paired: The number of columns compared with each other: the most informative ones.
        metric: The metric for importance; empty without a model.
        metric_value: The model's metric over the shuffled rows.
        importance_rows: The number of shuffled rows.
        repeats: The number of times each feature was shuffled.
        digests: The digests of the content and the contract, if they are known.
    """

    name: str
    label: str
    task: Task
    label_entropy: float
    label_cells: int
    rows: int
    measured: int
    without_label: int
    parts: tuple[str, str]
    part_rows: tuple[int, int]
    features: tuple[FeatureSignal, ...]
    pairs: tuple[Pair, ...] = ()
    paired: int = 0
    metric: str = ""
    metric_value: float | None = None
    importance_rows: int = 0
    repeats: int = 0
    digests: dict[str, str] = field(default_factory=dict)

    @property
    def dropped(self) -> tuple[FeatureSignal, ...]:
        """The features that are suggested to be dropped."""
        return tuple(f for f in self.features if f.drop)

    @property
    def suspects(self) -> tuple[FeatureSignal, ...]:
        """The features suspected of leaking the label."""
        return tuple(f for f in self.features if f.code == "leak" and f.role == "feature")

    def scalars(self) -> dict[str, float]:
        """Summary figures for a metrics table."""
        found = {
            "features": len([f for f in self.features if f.role == "feature"]),
            "informative": len([f for f in self.features if f.informative and f.role == "feature"]),
            "leak_suspects": len(self.suspects),
            "redundant_pairs": len(self.pairs),
            "suggested_to_drop": len(self.dropped),
        }
        return {**found, "label_entropy_bits": self.label_entropy}

    def to_json(self) -> dict[str, Any]:
        """Convert to plain values; non-finite numbers become null."""
        return {documents.FORMAT: FORMAT, **documents.finite(asdict(self))}

    def write(self, directory: Path) -> None:
        """Write `signal.json`."""
        documents.write(directory / FILE, self.to_json())

    @classmethod
    def read(cls, directory: Path) -> Signal:
        """Read the file that `write` wrote.

        Raises:
            SignalError: it is missing, of another format or something else.
        """
        with documents.reading(
            directory / FILE,
            format_=FORMAT,
            error=SignalError,
            what="signal",
            remedy="measure again",
        ) as found:
            features = [
                FeatureSignal(
                    **f | {"importance": f["importance"] and Importance(**f["importance"])}
                )
                for f in found.pop("features")
            ]
            pairs = [Pair(**p) for p in found.pop("pairs")]
            parts, sizes = tuple(found.pop("parts")), tuple(found.pop("part_rows"))
            return cls(
                **found,
                features=tuple(features),
                pairs=tuple(pairs),
                parts=parts,
                part_rows=sizes,
            )
