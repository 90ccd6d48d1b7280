"""A verdict on a span as JUnit XML: a test case for each rule and feature."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tidegate.cli.junit_xml import Case, Untold, is_schema, written
from tidegate.quality.codes import DEFAULTS
from tidegate.report.validation import sentence

if TYPE_CHECKING:
    from tidegate.validation import Validation


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
    return written(_cases(result, schema), suite=suite)


def _cases(result: Validation, schema: Any) -> Iterator[Case]:
    untold = Untold(list(result.verdict.findings))
    expected = [feature.name for feature in schema.feature]
    told = [f.subject for f in untold.left if is_schema(f.code) and f.subject]
    for name in dict.fromkeys([*expected, *told]):
        yield Case.of("schema", name, untold.take(is_schema, name))
    for distance in result.distances:
        found = untold.take(lambda code: code.startswith("drift"), distance.feature)
        case = Case.of(f"drift.{distance.measure}", distance.feature, found)
        case.said.append(sentence(distance))
        if distance.status in ("report", "not_comparable"):
            case.skipped = distance.note or distance.origin
        yield case
    for rule in result.rules:
        found = untold.take(lambda code: code.startswith("rule_"), rule.name)
        case = Case.of("rule", rule.name, found)
        case.said += [rule.description] if rule.description else []
        case.skipped = "the contract turns it off" if rule.severity == "off" else ""
        yield case
    for code in DEFAULTS:
        yield Case.of("quality", code, untold.take(code.__eq__))
    yield from untold.rest()
