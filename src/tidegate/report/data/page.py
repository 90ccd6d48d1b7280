"""The page on a span's data: findings, checks, needs, columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tidegate.core.codes import of_family
from tidegate.core.text import count, integer, listing, percent
from tidegate.core.verdict import Finding
from tidegate.report import columns as views
from tidegate.report.data import checks
from tidegate.report.html.page import render, sort_findings, verdict_facts

if TYPE_CHECKING:
    from tidegate.contract import Contract
    from tidegate.statistics import Statistics
    from tidegate.validation import Validation
    from tidegate.validation.checks.rows import Past

#: The most frequent values shown for a column.
_VALUES = 8
#: The most remarks shown beside the findings.
_REMARKS = 40


def data_page(
    statistics: Statistics,
    schema: Any,
    contract: Contract,
    *,
    validation: Validation | None = None,
    history: Sequence[Past] = (),
    at: datetime | None = None,
) -> str:
    """Render the page on a span's data.

    Args:
        statistics: The statistics of the span.
        schema: A `schema_pb2.Schema`, or None.
        contract: The contract, which defines the role of each column.
        validation: The result of the gate; if None, the page judges nothing.
        history: The accepted spans before this one, the newest last.
        at: The time shown on the page; now by default.

    Returns:
        A self-contained HTML document.
    """
    rows = statistics.num_examples()
    columns = views.columns(statistics, schema, contract, values=_VALUES)
    cells = rows * len(columns)
    missing = sum(c.summary.missing for c in columns)
    facts = {"Source": contract.source_uri}
    if statistics.facts is not None and statistics.facts.period is not None:
        facts["Period"] = " to ".join(t[:16].replace("T", " ") for t in statistics.facts.period)
    facts |= {"Rows": integer(rows), "Columns": integer(len(columns))}
    for split in statistics.splits[1:]:
        facts[f"Rows in {split}"] = integer(statistics.num_examples(split))
    facts["Missing cells"] = percent(missing / cells if cells else None)
    facts["Content digest"] = statistics.content_digest[:12]
    absent = sorted(set(views.expectations(schema)) - {c.name for c in columns})
    judged = sort_findings(validation.verdict) if validation is not None else []
    # The check on splits already reports that nothing leaks.
    found = [f for f in judged if not _is_compared(f.code) and f.code != "no_leakage"]
    found += _remarks(columns, found, contract)
    looked_at = checks.checks(statistics, contract, columns, validation, history)
    verdict = {"verdict_status": "plain", "verdict_word": count(rows, "row")}
    if validation is not None:
        verdict |= verdict_facts(validation.verdict)
    return render(
        "data/page.html",
        dataset=contract.dataset,
        span=statistics.span,
        facts=facts,
        at=at,
        lead=_lead(columns, validation),
        found=found,
        anchors={c.name: c.anchor for c in columns},
        checks=[(c, c.state(validation, contract)) for c in looked_at],
        needs=checks.needs(columns, contract, validation),
        numeric=[c for c in columns if c.numeric],
        textual=[c for c in columns if not c.numeric],
        columns=columns,
        absent=absent,
        **verdict,
    )


def _is_compared(code: str) -> bool:
    """Whether the validation page shows the finding: schema, rules or drift."""
    return code in of_family("baseline", "drift", "rules", "schema")


def _remarks(
    columns: tuple[views.Column, ...], found: list[Finding], contract: Contract
) -> list[Finding]:
    """The remarks that no finding covers and the contract allows."""
    reported = {(f.code, f.subject) for f in found}
    gates = contract.gates
    return [
        Finding("remark", r.column.name, "info", r.message)
        for r in views.remarks(columns)
        if all(gates.severity(code, r.column.name, default="info") != "off" for code in r.codes)
        and not any((code, r.column.name) in reported for code in r.codes)
    ][:_REMARKS]


def _lead(columns: tuple[views.Column, ...], validation: Validation | None) -> str:
    numeric = sum(c.numeric for c in columns)
    phrase = [] if validation is None else [_judgement(validation)]
    phrase.append(
        f"{count(len(columns), 'column')}: {numeric:,} of numbers, "
        f"{len(columns) - numeric:,} of text."
    )
    gaps = sorted((c for c in columns if c.summary.missing), key=lambda c: -c.summary.missing)
    if gaps:
        most = gaps[0]
        have = "has" if len(gaps) == 1 else "have"
        phrase.append(
            f"{count(len(gaps), 'column')} {have} missing values, most of all {most.name} "
            f"({percent(most.summary.missing_fraction)})."
        )
    else:
        phrase.append("No value is missing.")
    if label := [c.name for c in columns if c.role == "label"]:
        phrase.append(f"The label is {listing(label)}.")
    return " ".join(phrase)


def _judgement(validation: Validation) -> str:
    holding = [f for f in validation.verdict.findings if f.severity == "hold"]
    elsewhere = sum(_is_compared(f.code) for f in holding)
    if not holding:
        return "Nothing holds these data back."
    if not elsewhere:
        return "What holds these data back is told below."
    here = len(holding) - elsewhere
    phrase = f"{count(elsewhere, 'reason')} to hold about schema or drift: see the validation page."
    return f"{count(here, 'reason')} to hold told below, {phrase}" if here else phrase
