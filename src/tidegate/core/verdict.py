"""Verdicts as data: a gate passes or holds, with reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["hold", "warn", "info"]


@dataclass(frozen=True)
class Finding:
    """One result of a check.

    Attributes:
        code: Stable machine-readable kind in snake_case, e.g. `unseen_values`.
        subject: The feature or metric it concerns; empty for the whole dataset.
        severity: `hold` closes the gate, `warn` is shown, `info` is context.
        message: One line that names the thing, the figures and the remedy.
        slice: The slice it concerns, as `column=value`; empty for all rows.
    """

    code: str
    subject: str
    severity: Severity
    message: str
    slice: str = ""


@dataclass(frozen=True)
class Verdict:
    """The decision of a gate, with all its findings.

    A verdict passes only if no finding holds. There is no way to request a pass.
    """

    findings: tuple[Finding, ...] = ()

    @property
    def status(self) -> Literal["pass", "hold"]:
        """`hold` if any finding holds, else `pass`."""
        return "hold" if self.reasons else "pass"

    @property
    def reasons(self) -> tuple[str, ...]:
        """The messages of the findings that hold."""
        return tuple(f.message for f in self.findings if f.severity == "hold")

    @property
    def warnings(self) -> tuple[str, ...]:
        """The messages of the findings that are warnings."""
        return tuple(f.message for f in self.findings if f.severity == "warn")

    def messages(self, code: str) -> tuple[str, ...]:
        """The messages of the findings of one code."""
        return tuple(f.message for f in self.findings if f.code == code)

    def to_json(self) -> list[dict[str, str]]:
        """Convert the findings to plain values.

        `slice` is included only if a finding has one.
        """
        return [{k: v for k, v in vars(f).items() if v or k != "slice"} for f in self.findings]

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> Verdict:
        """Restore the `findings` of a result, and check its `status`.

        Raises:
            KeyError, TypeError, ValueError: they are missing, malformed, or contradict each other.
        """
        verdict = cls.from_json(document["findings"])
        if verdict.status != document["status"]:
            raise ValueError("its status is not what its findings say")
        return verdict

    @classmethod
    def from_json(cls, findings: Iterable[dict[str, Any]]) -> Verdict:
        """Restore a verdict from `to_json`."""
        return cls(tuple(Finding(**f) for f in findings))
