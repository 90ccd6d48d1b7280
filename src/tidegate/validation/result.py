"""The result of the gate before training, readable and writable."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2

from tidegate.comparison.shift import Shift
from tidegate.core.errors import StatisticsError
from tidegate.core.verdict import Verdict
from tidegate.numerics.distances import Distance
from tidegate.platform import documents
from tidegate.validation.rules import AnomalousRows, RuleResult

#: The format of `validation.json`; 2 renamed `customary`, `told` and `shift_untold`.
FORMAT: Final = 2
FILE: Final = "validation.json"
ANOMALIES: Final = "anomalies.pbtxt"


@dataclass(frozen=True)
class Validation:
    """The result of the gate before training.

    Attributes:
        span: The span that was judged.
        baseline_span: The span it was compared with; None if there was none.
        environment: The environment of the schema it was checked against.
        num_examples: The number of rows.
        verdict: The verdict with all findings.
        distances: The distances of every column from the baseline, judged or not.
        anomalies: TFDV's `Anomalies` proto.
        rules: The contract's rules, judged; empty if the span has no rows.
        anomalous: The rows behind findings about single rows; empty if only statistics were given.
        shift: How well a classifier separates its rows from the baseline's; None if it was not
            measured.
        shift_skipped: Why it was not measured; else empty.
    """

    span: str
    baseline_span: str | None
    environment: str
    num_examples: int
    verdict: Verdict
    distances: tuple[Distance, ...]
    anomalies: Any
    rules: tuple[RuleResult, ...] = ()
    anomalous: tuple[AnomalousRows, ...] = ()
    shift: Shift | None = None
    shift_skipped: str = ""

    @property
    def bootstrap(self) -> bool:
        """True if there was no span to compare with."""
        return self.baseline_span is None

    def to_json(self) -> dict[str, Any]:
        """The content of `validation.json`: everything except TFDV's proto."""
        return {
            documents.FORMAT: FORMAT,
            "span": self.span,
            "baseline_span": self.baseline_span,
            "environment": self.environment,
            "num_examples": self.num_examples,
            "status": self.verdict.status,
            "findings": self.verdict.to_json(),
            "rules": [r.to_json() for r in self.rules],
            "anomalous": [asdict(a) for a in self.anomalous],
            "distances": [asdict(d) for d in self.distances],
            "shift": None if self.shift is None else self.shift.to_json(),
            "shift_skipped": self.shift_skipped,
        }

    def write(self, directory: Path) -> None:
        """Write `validation.json` and TFDV's `anomalies.pbtxt`."""
        documents.write(directory / FILE, self.to_json())
        (directory / ANOMALIES).write_text(
            text_format.MessageToString(self.anomalies, as_utf8=True), encoding="utf-8"
        )

    @classmethod
    def read(cls, directory: Path) -> Validation:
        """Read the files that `write` wrote.

        Raises:
            StatisticsError: a file is missing, cut short, of another format or contradicts itself.
        """
        with documents.reading(
            directory / FILE,
            format_=FORMAT,
            error=StatisticsError,
            what="validation",
            remedy="validate the span again",
        ) as document:
            return cls(
                span=document["span"],
                baseline_span=document["baseline_span"],
                environment=document["environment"],
                num_examples=document["num_examples"],
                verdict=Verdict.of_document(document),
                distances=tuple(Distance.of(d) for d in document["distances"]),
                anomalies=_anomalies(directory / ANOMALIES),
                rules=tuple(RuleResult.from_json(r) for r in document["rules"]),
                anomalous=tuple(AnomalousRows.from_json(a) for a in document["anomalous"]),
                shift=Shift.from_json(document["shift"]) if document["shift"] else None,
                shift_skipped=document["shift_skipped"],
            )


def _anomalies(file: Path) -> Any:
    try:
        text = file.read_text(encoding="utf-8")
        return text_format.Parse(text, anomalies_pb2.Anomalies())
    except text_format.ParseError as error:
        raise ValueError(f"{file.name}: {error}") from None
