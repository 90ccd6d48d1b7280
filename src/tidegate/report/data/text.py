"""Format the statistics of a span as terminal text or plain values."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final

from tidegate.core import text
from tidegate.platform import documents
from tidegate.report import terminal

if TYPE_CHECKING:
    from tidegate.statistics import FeatureSummary, Statistics

#: The most frequent values in a table, and in JSON.
_SHOWN: Final = 5
_GIVEN: Final = 20
_VALUE: Final = 24


def as_text(statistics: Statistics, *, ink: terminal.Ink, limit: int | None) -> str:
    """Format a table with a line for each column and slice."""
    columns = statistics.features()
    slices = {name: part.features() for name, part in statistics.by_slice().items()}
    wanted = statistics.slices is not None
    header = ["column", *(["in slice"] if wanted else []), "type", "count", "missing", "distinct"]
    rows = []
    for name, column in columns.items():
        rows.append(_row(column, ["all rows"] if wanted else []))
        rows += [_row(part[name], [where]) for where, part in slices.items()]
    lines = terminal.table(
        [*header, "min, median, max; or most frequent"],
        rows,
        align="l" * wanted + "llrrrl",
        ink=ink,
        limit=limit,
    )
    return "\n".join([f"{ink.bold(statistics.span)}: {_size(statistics)}", "", *lines])


def _size(statistics: Statistics) -> str:
    phrase = f"{text.count(statistics.num_examples(), 'row')}, "
    phrase += text.count(len(statistics.features()), "column")
    if statistics.slices is None:
        return phrase
    found = text.count(len(statistics.by_slice()), "slice")
    return f"{phrase}, {found}"


def _row(column: FeatureSummary, where: list[str]) -> list[str]:
    numeric = column.type != "string"
    return [
        column.name,
        *where,
        column.type,
        text.integer(column.count),
        text.percent(column.missing_fraction),
        "" if numeric else text.distinct(column.unique, column.count),
        _range(column) if numeric else _frequent(column),
    ]


def _range(column: FeatureSummary) -> str:
    about = "" if column.exact_quantiles else text.ABOUT
    least, greatest = text.number(column.min), text.number(column.max)
    phrase = f"{least}  {about}{text.number(column.median)}  {greatest}"
    if column.nans:
        phrase += f"  ({text.integer(column.nans)} NaN)"
    return phrase


def _frequent(column: FeatureSummary) -> str:
    about = text.ABOUT if column.sketched else ""
    return ", ".join(
        f"{text.short(value, _VALUE)} {about}{text.percent(count / column.count)}"
        for value, count in column.top_values[:_SHOWN]
    )


def as_json(statistics: Statistics) -> dict[str, Any]:
    """Convert to plain values; non-finite numbers become null."""
    found = {
        "name": statistics.span,
        "content_digest": statistics.content_digest,
        "rows": statistics.num_examples(),
        "columns": _columns(statistics),
        "left_out": dict(statistics.facts.left_out) if statistics.facts else {},
    }
    if statistics.slices is not None:
        found["slices"] = [
            {"slice": name, "rows": part.num_examples(), "columns": _columns(part)}
            for name, part in statistics.by_slice().items()
        ]
    return found


def _columns(statistics: Statistics) -> list[dict[str, Any]]:
    columns = []
    for column in statistics.features().values():
        plain = {k: documents.finite(v) for k, v in asdict(replace(column, counts=None)).items()}
        for histogram in ("histogram", "quantile_histogram", "counts"):
            del plain[histogram]
        plain["top_values"] = [list(pair) for pair in column.top_values[:_GIVEN]]
        exact = {"quantiles_exact": column.exact_quantiles, "values_exact": not column.sketched}
        columns.append({**plain, **exact, "missing_fraction": column.missing_fraction})
    return columns
