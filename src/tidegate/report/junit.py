"""Write test cases as JUnit XML, which every CI server shows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from tidegate.core.text import printable

if TYPE_CHECKING:
    from tidegate.core.verdict import Finding

_WHOLE: Final = "(the data)"


@dataclass
class Case:
    """One test case.

    Attributes:
        rule: The check.
        feature: The column, and the slice; `(the data)` for the whole data.
        holds: The findings that make it fail; empty if it passes.
        notes: Further lines for its output.
        skipped: Why it was not judged; empty if it was.
    """

    rule: str
    feature: str
    holds: list[Finding]
    notes: list[str]
    skipped: str = ""

    @classmethod
    def of(cls, rule: str, feature: str, found: Iterable[Finding], slice: str = "") -> Case:  # noqa: A002
        """A case that fails if a finding holds.

        The other findings go to its output.
        """
        found = list(found)
        holds = [f for f in found if f.severity == "hold"]
        notes = [f"{f.code}: {f.message}" for f in found if f.severity != "hold"]
        where = f" in {slice}" if slice else ""
        return cls(rule, (feature or _WHOLE) + where, holds, notes)


@dataclass
class Unreported:
    """Findings that no case has reported yet.

    Attributes:
        left: The findings, in the order of the verdict.
    """

    left: list[Finding]

    def take(
        self,
        codes: Collection[str],
        subject: str | None = None,
        slice: str = "",  # noqa: A002
    ) -> list[Finding]:
        """Take the findings of some codes, for one subject or all.

        Only findings over all rows are taken, or those of the given slice.
        """

        def wanted(f: Finding) -> bool:
            return f.code in codes and subject in (None, f.subject) and f.slice == slice

        taken = [f for f in self.left if wanted(f)]
        self.left = [f for f in self.left if not wanted(f)]
        return taken

    def rest(self) -> Iterator[Case]:
        """A case for each remaining code, subject and slice."""
        for code, subject, part in dict.fromkeys((f.code, f.subject, f.slice) for f in self.left):
            yield Case.of(code, subject, self.take([code], subject, part), part)


def to_xml(cases: Iterable[Case], *, suite: str) -> str:
    """Format cases as XML.

    A hold is a failure, a warning is the case's output, and a case that was not judged is skipped.

    Args:
        cases: The cases in the order they are written.
        suite: The name of the suite.
    """
    listed = list(cases)
    root = ET.Element("testsuites")
    failed = sum(bool(c.holds) for c in listed)
    skipped = sum(bool(c.skipped) and not c.holds for c in listed)
    counted = {"tests": str(len(listed)), "failures": str(failed), "errors": "0"}
    element = ET.SubElement(
        root, "testsuite", {"name": suite, **counted, "skipped": str(skipped), "time": "0"}
    )
    for case in listed:
        attributes = {"classname": f"{suite}.{case.rule}", "name": _text(case.feature), "time": "0"}
        child = ET.SubElement(element, "testcase", attributes)
        if case.holds:
            message = _text(case.holds[0].message)
            failure = ET.SubElement(
                child, "failure", {"message": message, "type": case.holds[0].code}
            )
            failure.text = _text("\n".join(f"{f.code}: {f.message}" for f in case.holds))
        elif case.skipped:
            ET.SubElement(child, "skipped", {"message": _text(case.skipped)})
        if case.notes:
            ET.SubElement(child, "system-out").text = _text("\n".join(case.notes))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode")


def _text(text: str) -> str:
    # XML has no control characters; tabs and line ends are left to its writer.
    return printable(text)
