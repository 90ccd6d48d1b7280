"""What a measurement of features found: plain values that can be written, read and shown."""

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

#: `feature`: a model sees it. `excluded`: the contract says that none does.
Role = Literal["feature", "excluded"]
Code = Literal[
    "", "constant", "identifier", "leak", "redundant", "no_signal", "too_few_rows", "not_carried"
]


@dataclass(frozen=True)
class Importance:
    """How much worse a model's metric is when one feature is shuffled among the rows.

    Attributes:
        value: Mean over the repeats, in the metric's unit; above 0 where the model is worse
            without the feature, whichever direction of the metric is the better one.
        low: Lower end of the 95% interval.
        high: Upper end.
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
    """What one column tells of the label.

    Attributes:
        name: Of the column.
        kind: What its values are: `number`, `text` or `time`.
        role: Whether a model sees it.
        missing: Share of rows without a value, in [0, 1].
        distinct: Different values.
        cells: Cells that the values were put into.
        bits: Mutual information with the label, less what chance gives.
        share: The same as a share of the label's entropy, in [0, 1].
        p: The chance of as much by chance alone.
        floor: The share that chance reaches in one of twenty measurements of all columns.
        informative: Whether it tells more than that.
        held_out: The share of the label's entropy in the second part of the rows that the cells
            of the first explain; below 0 where they mislead. None where it is not defined.
        auc: Binary labels: the AUC in the second part of ranking by this column alone.
        importance: To the model, where one was given that has the feature.
        code: Why it should be looked at; empty where there is no reason.
        drop: Whether to leave it out is suggested.
        reason: In a sentence; empty where `code` is.
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
    """Two columns of which one tells what the other does.

    Attributes:
        first: The one that tells at least as much.
        second: The one that is told.
        explained: The share of the second's entropy that the first tells, in [0, 1].
        back: The share of the first's that the second tells.
        rank_correlation: Spearman's, in [-1, 1]; None where one of them is text.
    """

    first: str
    second: str
    explained: float
    back: float
    rank_correlation: float | None


@dataclass(frozen=True)
class Signal:
    """Every column measured against a label.

    Attributes:
        name: Of the span or file.
        label: Its column.
        task: What kind of label it is.
        label_entropy: In bits, of its classes or quantile cells: the most that can be told.
        label_cells: How many these are.
        rows: How many rows there are.
        measured: How many were measured: all, or a sample.
        without_label: Rows of the sample left out because they have no label.
        parts: What the two parts of the rows are called.
        part_rows: How many rows each has.
        features: The most telling first.
        pairs: Redundant ones, the closest first.
        paired: How many columns were compared with each other: those that tell most.
        metric: What importance is measured by; empty without a model.
        metric_value: The model's, over the rows that were shuffled.
        importance_rows: How many these are.
        repeats: How often each feature was shuffled.
        digests: Of the content and the contract, where they are known.
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
        """The features that should be left out."""
        return tuple(f for f in self.features if f.drop)

    @property
    def suspects(self) -> tuple[FeatureSignal, ...]:
        """The features that may know the answer."""
        return tuple(f for f in self.features if f.code == "leak" and f.role == "feature")

    def scalars(self) -> dict[str, float]:
        """Figures of the whole, for a metrics table."""
        found = {
            "features": len([f for f in self.features if f.role == "feature"]),
            "informative": len([f for f in self.features if f.informative and f.role == "feature"]),
            "leak_suspects": len(self.suspects),
            "redundant_pairs": len(self.pairs),
            "suggested_to_drop": len(self.dropped),
        }
        return {**found, "label_entropy_bits": self.label_entropy}

    def to_json(self) -> dict[str, Any]:
        """As plain values; what is not finite is null."""
        return {documents.FORMAT: FORMAT, **documents.finite(asdict(self))}

    def write(self, directory: Path) -> None:
        """Write `signal.json`."""
        documents.write(directory / FILE, self.to_json())

    @classmethod
    def read(cls, directory: Path) -> Signal:
        """Read what `write` wrote.

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
