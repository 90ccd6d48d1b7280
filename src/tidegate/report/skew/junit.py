"""Write a verdict on serving data as JUnit XML.

There is a test case for each column, feature and distribution.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tidegate.core.codes import of_family
from tidegate.core.text import count, percent
from tidegate.core.verdict import Finding
from tidegate.report.junit import Case, Unreported, to_xml
from tidegate.report.junit_distances import distance_cases, slice_severity

if TYPE_CHECKING:
    from tidegate.comparison.drift.missing_and_new import Share
    from tidegate.comparison.skew import FeatureSkew, Skew
    from tidegate.contract import Contract

_OF_SHARES = {"missing": "distribution_skew_missing", "unseen": "distribution_skew_unseen"}


def report(result: Skew, schema: Any, contract: Contract) -> str:
    """Format a skew verdict as JUnit XML.

    There is a case for each column and the schema of either side, one for the records and one for
    the keys, one for the values of every feature by key, one for every distance and every share of
    missing or unseen values (of all rows, and of each slice), and one for each other finding. A
    hold is a failure, a warning is the case's output, and a check the contract only records is
    skipped.

    Args:
        result: The verdict.
        schema: The schema the serving data was checked against.
        contract: The contract; its dataset is the name of the suite.
    """
    return to_xml(_cases(result, schema, contract), suite=f"{contract.dataset}.skew")


def _cases(result: Skew, schema: Any, contract: Contract) -> Iterator[Case]:
    unreported = Unreported(list(result.verdict.findings))
    names = [*(c.column for c in result.columns), *(f.name for f in schema.feature)]
    for name in dict.fromkeys(names):
        yield Case.of("schema", name, unreported.take(of_family("schema", "columns"), name))
    for side in result.set_aside:
        case = Case.of("records", side.side, unreported.take(["quarantined_records"], side.side))
        case.notes.append(
            f"{count(side.records, 'record')} of {side.records + side.rows:,} could not be read"
        )
        yield case
    keys = Case.of("keys", ", ".join(result.keys.columns), unreported.take(of_family("keys")))
    keys.notes.append(f"{count(result.keys.pairs, 'pair')} of rows were compared")
    yield keys
    for feature in result.features:
        yield _by_key(feature, unreported)
    limits = contract.for_skew()
    yield from distance_cases(
        result.distances,
        unreported,
        limits,
        rule="distribution",
        code="distribution_skew",
        family="distributions",
    )
    yield from _shares(result.shares, unreported, limits)
    yield from unreported.rest()


def _by_key(feature: FeatureSkew, unreported: Unreported) -> Case:
    found = unreported.take(of_family("pairs"), feature.feature)
    case = Case.of("feature", feature.feature, found)
    case.notes.append(
        f"{feature.differing:,} of {count(feature.compared, 'pair')} differ "
        f"({percent(feature.share)})"
    )
    if feature.limit is None:
        case.skipped = "recorded only, as the contract says"
    return case


def _shares(shares: Sequence[Share], unreported: Unreported, contract: Contract) -> Iterator[Case]:
    rows = {s.feature: s.n_current for s in shares if not s.slice}
    severities = {(f.code, f.subject): f.severity for f in unreported.left}
    for share in shares:
        name, code = share.feature, _OF_SHARES[share.kind]
        found = unreported.take([code], name, share.slice)
        of = "rows are empty" if share.kind == "missing" else "values are not in training"
        phrase = f"{percent(share.current)} of the {of}"
        if share.kind == "missing":
            phrase += f", {percent(share.baseline)} in training"
        if share.slice and share.holds and not found:
            of_code = {n: severity for (c, n), severity in severities.items() if c == code}
            severity = slice_severity(share, rows, of_code, contract)
            found = [Finding(code, name, severity, phrase, share.slice)]
        case = Case.of(f"distribution.{share.kind}", name, found, share.slice)
        case.notes.append(phrase)
        if not share.judged:
            case.skipped = "recorded only, as the contract says"
        yield case
