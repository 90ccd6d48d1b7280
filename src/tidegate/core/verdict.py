"""Verdicts as data: a gate passes or holds, with reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tidegate.core.text import listing

Severity = Literal["hold", "warn", "info"]

#: The most findings of one code that are told one by one.
MOST_ALIKE = 10


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


def in_few_lines(findings: Iterable[Finding]) -> list[Finding]:
    """Replace many findings of one kind by one that counts and names the columns.

    Up to `MOST_ALIKE` of one code and severity stay as they are.
    """
    listed = list(findings)
    alike: dict[tuple[str, Severity], list[Finding]] = {}
    for finding in listed:
        if finding.subject:
            alike.setdefault((finding.code, finding.severity), []).append(finding)
    many = {kind: found for kind, found in alike.items() if len(found) > MOST_ALIKE}
    result = []
    for finding in listed:
        kind = (finding.code, finding.severity)
        if not finding.subject or kind not in many:
            result.append(finding)
        elif finding is many[kind][0]:
            columns = list(dict.fromkeys(f.subject for f in many[kind]))
            message = f"{len(columns):,} columns ({listing(columns)}); the first: {finding.message}"
            result.append(Finding(finding.code, "", finding.severity, message))
    return result


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
        """The messages of the findings that hold, in few lines."""
        return tuple(f.message for f in in_few_lines(self.findings) if f.severity == "hold")

    @property
    def warnings(self) -> tuple[str, ...]:
        """The messages of the findings that are warnings, in few lines."""
        return tuple(f.message for f in in_few_lines(self.findings) if f.severity == "warn")

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
