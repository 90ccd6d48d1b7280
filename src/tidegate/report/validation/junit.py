"""Write a verdict on a span as JUnit XML.

There is a test case for each rule and feature.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tidegate.core.codes import of_family
from tidegate.report.junit import Case, Unreported, to_xml
from tidegate.report.junit_distances import distance_cases

if TYPE_CHECKING:
    from tidegate.contract import Contract
    from tidegate.validation import Validation


def report(result: Validation, schema: Any, contract: Contract) -> str:
    """Format a validation as JUnit XML.

    There is a case for the schema of every column, for every distance (of all rows, and of each
    slice), for every rule of the contract and every quality check, and one for each other finding.
    A hold is a failure, a warning is the case's output, and a check the contract only records is
    skipped.

    Args:
        result: The verdict.
        schema: The schema the data was checked against.
        contract: The contract; its dataset is the name of the suite.
    """
    return to_xml(_cases(result, schema, contract), suite=contract.dataset)


def _cases(result: Validation, schema: Any, contract: Contract) -> Iterator[Case]:
    unreported = Unreported(list(result.verdict.findings))
    about_schema = of_family("schema")
    expected = [feature.name for feature in schema.feature]
    found_in = [
        (f.subject, f.slice) for f in unreported.left if f.code in about_schema and f.subject
    ]
    for name, part in dict.fromkeys([*((name, "") for name in expected), *found_in]):
        yield Case.of("schema", name, unreported.take(about_schema, name, part), part)
    yield from distance_cases(
        result.distances, unreported, contract, rule="drift", code="drift", family="drift"
    )
    for rule in result.rules:
        found = unreported.take(of_family("rules"), rule.name)
        case = Case.of("rule", rule.name, found)
        case.notes += [rule.description] if rule.description else []
        case.skipped = "the contract turns it off" if rule.severity == "off" else ""
        yield case
    for code in of_family("quality"):
        yield Case.of("quality", code, unreported.take([code]))
    yield from unreported.rest()
