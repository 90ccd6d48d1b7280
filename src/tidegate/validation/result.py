"""What the gate before training found, as values that can be written and read."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import tidegate.core._quiet  # noqa: F401  (before TFDV)

# isort: split
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2

from tidegate.comparison.shift import Shift
from tidegate.core.errors import StatisticsError
from tidegate.core.verdict import Verdict
from tidegate.numerics.distances import Distance
from tidegate.validation.rules import AnomalousRows, RuleResult


@dataclass(frozen=True)
class Validation:
    """What the gate before training found.

    Attributes:
        span: The span that was judged.
        baseline_span: The span it was compared with; None if there was none.
        environment: The environment of the schema it was held against.
        num_examples: Its rows.
        verdict: Whether it passes, and everything that was noticed.
        distances: Of every column from the baseline, whether judged or not.
        anomalies: TFDV's `Anomalies` proto.
        rules: The contract's rules, judged; empty where the span has no rows.
        anomalous: The rows behind the findings that say something of single rows; empty where
            only statistics were given.
        shift: How well a classifier tells its rows from those of the baseline; None where that was
            not tried.
        shift_untold: Why it was not; empty where it was.
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
    shift_untold: str = ""

    @property
    def bootstrap(self) -> bool:
        """True if there was no span to compare with."""
        return self.baseline_span is None

    def to_json(self) -> dict[str, Any]:
        """What `validation.json` holds: all but TFDV's proto."""
        return {
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
            "shift_untold": self.shift_untold,
        }

    def write(self, directory: Path) -> None:
        """Write `validation.json` and TFDV's `anomalies.pbtxt`."""
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "validation.json").write_text(
            json.dumps(self.to_json(), indent=2, allow_nan=False, ensure_ascii=False) + "\n",
            encoding="utf-8",
        )
        (directory / "anomalies.pbtxt").write_text(
            text_format.MessageToString(self.anomalies, as_utf8=True), encoding="utf-8"
        )

    @classmethod
    def read(cls, directory: Path) -> Validation:
        """Read back what `write` wrote.

        Raises:
            StatisticsError: a file is missing, cut short or contradicts itself.
        """
        try:
            document = json.loads((directory / "validation.json").read_text(encoding="utf-8"))
            verdict = Verdict.from_json(document["findings"])
            if verdict.status != document["status"]:
                raise ValueError("its status is not what its findings say")
            return cls(
                span=document["span"],
                baseline_span=document["baseline_span"],
                environment=document["environment"],
                num_examples=document["num_examples"],
                verdict=verdict,
                distances=tuple(Distance.of(d) for d in document["distances"]),
                anomalies=text_format.Parse(
                    (directory / "anomalies.pbtxt").read_text(encoding="utf-8"),
                    anomalies_pb2.Anomalies(),
                ),
                rules=tuple(RuleResult.from_json(r) for r in document["rules"]),
                anomalous=tuple(AnomalousRows.from_json(a) for a in document["anomalous"]),
                shift=Shift.from_json(document["shift"]) if document["shift"] else None,
                shift_untold=document["shift_untold"],
            )
        except (OSError, ValueError, KeyError, TypeError, text_format.ParseError) as error:
            raise StatisticsError(
                f"cannot read the validation in {directory}: {error}; validate the span again"
            ) from None
