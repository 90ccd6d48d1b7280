"""A verdict on a span as JUnit XML: a test case for each rule and feature."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tidegate.cli.junit_xml import Case, Untold, is_schema, written
from tidegate.quality.codes import DEFAULTS
from tidegate.report.validation import sentence
from tidegate.verdict import Finding

if TYPE_CHECKING:
    from tidegate.contract import Contract
    from tidegate.distances import Distance
    from tidegate.validation import Validation


def report(result: Validation, schema: Any, contract: Contract) -> str:
    """The XML.

    A case for the schema of every column, for every distance (of all rows, and of each slice), for
    every rule of the contract and every quality check, and one for whatever else was found. What
    holds is a failure, what warns is the case's output, and what the contract wants recorded only
    is skipped.

    Args:
        result: The verdict.
        schema: What the data was held against.
        contract: Its dataset is the name of the suite.
    """
    return written(_cases(result, schema, contract), suite=contract.dataset)


def _cases(result: Validation, schema: Any, contract: Contract) -> Iterator[Case]:
    untold = Untold(list(result.verdict.findings))
    expected = [feature.name for feature in schema.feature]
    told = [(f.subject, f.slice) for f in untold.left if is_schema(f.code) and f.subject]
    for name, part in dict.fromkeys([*((name, "") for name in expected), *told]):
        yield Case.of("schema", name, untold.take(is_schema, name, part), part)
    yield from _drift(result, untold, contract)
    for rule in result.rules:
        found = untold.take(lambda code: code.startswith("rule_"), rule.name)
        case = Case.of("rule", rule.name, found)
        case.said += [rule.description] if rule.description else []
        case.skipped = "the contract turns it off" if rule.severity == "off" else ""
        yield case
    for code in DEFAULTS:
        yield Case.of("quality", code, untold.take(code.__eq__))
    yield from untold.rest()


def _drift(result: Validation, untold: Untold, contract: Contract) -> Iterator[Case]:
    """A case for every distance; each that drifted fails, though the verdict tells of it once."""
    from tidegate.drift.sliced import by_feature

    counts = {d.feature: d.n_current for d in result.distances if not d.slice}
    groups: dict[tuple[str, str], list[Distance]] = {}
    for distance in result.distances:
        groups.setdefault((distance.feature, distance.slice), []).append(distance)
    for (feature, part), group in groups.items():
        found = untold.take(lambda code: code.startswith("drift"), feature, part)
        first = next((d for d in group if d.status == "drift"), group[0])
        for distance in group:
            told = found if distance is first else []
            if distance.status == "drift" and not told:
                ((_, alone),) = by_feature([distance], counts, contract)
                severity = alone if part else "hold"
                told = [Finding("drift", feature, severity, sentence(distance), part)]
            case = Case.of(f"drift.{distance.measure}", feature, told, part)
            case.said.append(sentence(distance))
            if distance.status in ("report", "not_comparable"):
                case.skipped = distance.note or distance.origin
            yield case
