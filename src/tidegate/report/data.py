"""The page about one span's data: every column, and what the schema expects of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from tidegate.report import columns as views
from tidegate.report.page import render
from tidegate.report.text import count, integer, listing, percent

if TYPE_CHECKING:
    from tidegate.contract import Contract
    from tidegate.statistics import Statistics

#: Frequent values shown for a column.
_VALUES = 8


def data_page(
    statistics: Statistics, schema: Any, contract: Contract, *, at: datetime | None = None
) -> str:
    """Show what the data is.

    Args:
        statistics: Of the span.
        schema: A `schema_pb2.Schema`, or None.
        contract: Says what each column is for.
        at: The time the page states; now by default.

    Returns:
        A self-contained HTML document.
    """
    rows = statistics.num_examples()
    columns = views.columns(statistics, schema, contract, values=_VALUES)
    cells = rows * len(columns)
    missing = sum(c.summary.missing for c in columns)
    facts = {"Rows": integer(rows), "Columns": integer(len(columns))}
    for split in statistics.splits[1:]:
        facts[f"Rows in {split}"] = integer(statistics.num_examples(split))
    facts["Missing cells"] = percent(missing / cells if cells else None)
    facts["Content digest"] = statistics.content_digest[:12]
    absent = sorted(set(views.expectations(schema)) - {c.name for c in columns})
    return render(
        "data.html",
        dataset=contract.dataset,
        span=statistics.span,
        facts=facts,
        at=at,
        word=count(rows, "row"),
        lead=_lead(columns),
        numeric=[c for c in columns if c.numeric],
        textual=[c for c in columns if not c.numeric],
        columns=columns,
        remarks=views.remarks(columns),
        absent=absent,
    )


def _lead(columns: tuple[views.Column, ...]) -> str:
    numeric = sum(c.numeric for c in columns)
    said = [
        f"{count(len(columns), 'column')}: {numeric:,} of numbers, "
        f"{len(columns) - numeric:,} of text."
    ]
    gaps = sorted((c for c in columns if c.summary.missing), key=lambda c: -c.summary.missing)
    if gaps:
        most = gaps[0]
        have = "has" if len(gaps) == 1 else "have"
        said.append(
            f"{count(len(gaps), 'column')} {have} missing values, most of all {most.name} "
            f"({percent(most.summary.missing_fraction)})."
        )
    else:
        said.append("No value is missing.")
    if label := [c.name for c in columns if c.role == "label"]:
        said.append(f"The label is {listing(label)}.")
    return " ".join(said)
