"""A verdict as JUnit XML, which every CI server shows: a test case for each rule and feature."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from tidegate.quality.codes import DEFAULTS
from tidegate.report.text import printable
from tidegate.report.validation import sentence

if TYPE_CHECKING:
    from tidegate.distances import Distance
    from tidegate.validation import Validation
    from tidegate.verdict import Finding

_WHOLE = "(the data)"


@dataclass
class _Case:
    """One test case.

    Attributes:
        rule: What was looked at.
        feature: Of which column; `(the data)` for all of them.
        holds: Why it fails; nothing where it does not.
        said: What else there is to read.
        skipped: Why it was not judged; empty where it was.
    """

    rule: str
    feature: str
    holds: list[Finding]
    said: list[str]
    skipped: str = ""


def report(result: Validation, schema: Any, *, suite: str) -> str:
    """The XML.

    A case for the schema of every column, for every distance, for every rule of the contract and
    every quality check, and one for whatever else was found. What holds is a failure, what warns is
    the case's output, and what the contract wants recorded only is skipped.

    Args:
        result: The verdict.
        schema: What the data was held against.
        suite: The name of the suite.
    """
    cases = list(_cases(result, schema))
    root = ET.Element("testsuites")
    failed = sum(bool(c.holds) for c in cases)
    skipped = sum(bool(c.skipped) and not c.holds for c in cases)
    counted = {"tests": str(len(cases)), "failures": str(failed), "errors": "0"}
    element = ET.SubElement(
        root, "testsuite", {"name": suite, **counted, "skipped": str(skipped), "time": "0"}
    )
    for case in cases:
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
        if case.said:
            ET.SubElement(child, "system-out").text = _text("\n".join(case.said))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode")


def _cases(result: Validation, schema: Any) -> Iterator[_Case]:
    left = list(result.verdict.findings)

    def take(wanted: Any) -> list[Finding]:
        nonlocal left
        taken = [f for f in left if wanted(f)]
        left = [f for f in left if not wanted(f)]
        return taken

    expected = [feature.name for feature in schema.feature]
    told = [f.subject for f in left if _is_schema(f.code) and f.subject]
    for name in dict.fromkeys([*expected, *told]):
        found = take(lambda f, n=name: _is_schema(f.code) and f.subject == n)
        yield _case("schema", name, found)
    for distance in result.distances:
        found = take(lambda f, d=distance: _is_of(f, d))
        case = _case(f"drift.{distance.measure}", distance.feature, found)
        case.said.append(sentence(distance))
        if distance.status in ("report", "not_comparable"):
            case.skipped = distance.note or distance.origin
        yield case
    for rule in result.rules:
        found = take(lambda f, r=rule: f.code.startswith("rule_") and f.subject == r.name)
        case = _case("rule", rule.name, found)
        case.said += [rule.description] if rule.description else []
        case.skipped = "the contract turns it off" if rule.severity == "off" else ""
        yield case
    for code in DEFAULTS:
        yield _case("quality", code, take(lambda f, c=code: f.code == c))
    by_rule: dict[tuple[str, str], list[Finding]] = {}
    for finding in left:
        by_rule.setdefault((finding.code, finding.subject), []).append(finding)
    for (code, subject), found in by_rule.items():
        yield _case(code, subject, found)


def _case(rule: str, feature: str, found: list[Finding]) -> _Case:
    holds = [f for f in found if f.severity == "hold"]
    said = [f"{f.code}: {f.message}" for f in found if f.severity != "hold"]
    return _Case(rule, feature or _WHOLE, holds, said)


def _is_schema(code: str) -> bool:
    from tensorflow_metadata.proto.v0 import anomalies_pb2

    known = anomalies_pb2.AnomalyInfo.Type.keys()
    return code.upper() in known or code in ("unseen_values", "respelled_values")


def _is_of(finding: Finding, distance: Distance) -> bool:
    return finding.code.startswith("drift") and finding.subject == distance.feature


def _text(text: str) -> str:
    # XML has no control characters; tabs and line ends are left to its writer.
    return printable(text)
