"""Apply the contract's severities to findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from tidegate.contract.contract import Contract
from tidegate.core.codes import SETTABLE, Severity, of_family
from tidegate.core.verdict import Finding

#: Codes whose severity is set where they are found.
_SETTLED: Final = frozenset(of_family("quality"))


def settled(findings: Iterable[Finding], contract: Contract) -> Iterator[Finding]:
    """Apply `gates.findings` to findings, and drop those that are `off`.

    A severity set for a column always counts. A severity set for a whole code does not make an
    excluded column hold, unless the column is gone.
    """
    for finding in findings:
        chosen: Severity = finding.severity
        if finding.code in SETTABLE and finding.code not in _SETTLED:
            by_column = contract.gates.findings.get(finding.code, {})
            chosen = contract.gates.severity(finding.code, finding.subject, default=chosen)
            spared = (
                finding.subject in contract.features.exclude
                and finding.subject not in by_column
                and finding.code != "schema_missing_column"
            )
            if spared and chosen == "hold":
                chosen = finding.severity
        if finding.slice and finding.severity != "hold" and chosen == "hold":
            # A slice's finding that may not hold does not hold because its code does.
            chosen = finding.severity
        if chosen != "off":
            yield replace(finding, severity=chosen)
