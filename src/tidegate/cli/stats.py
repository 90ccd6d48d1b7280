"""`tidegate stats`: what the columns of some files hold."""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tidegate.cli.inputs import data, slicing
from tidegate.contract import Contract
from tidegate.core import text
from tidegate.core.errors import ContractError
from tidegate.report import terminal

if TYPE_CHECKING:
    from tidegate.cli.inputs.data import Measured
    from tidegate.statistics import FeatureSummary, Statistics

#: Frequent values named in a table, and given in JSON.
_SHOWN: Final = 5
_GIVEN: Final = 20
_VALUE: Final = 24


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to a command line."""
    parser = commands.add_parser(
        "stats",
        help="count, missing, distinct, range and frequent values of every column",
        description="Measure files as one: every column's type, count, missing and distinct "
        "values, range and quantiles of numbers, and the most frequent texts.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="CSV, JSON Lines, Parquet, "
                        "TFRecord; a directory of them; or URIs of a store")  # fmt: skip
    parser.add_argument(
        "--contract", metavar="FILE", help="says how the files are written, and may name spans"
    )
    slicing.add_option(
        parser,
        told="measure the rows with each value of this column too; with several columns, of each "
        "combination; may be repeated",
    )
    parser.add_argument("--format", choices=["text", "json", "html"], default="text")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write there, not to stdout")
    data.add_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure, and write what was found."""
    contract = Contract.load(options.contract) if options.contract else None
    by = slicing.asked(options)
    if by and options.format == "html":
        raise ContractError("the data page shows no slices; --slice goes with text or json")
    measured = data.measure(options.files, contract, data.dialect(options), by=by)
    slicing.note_left_out(measured.statistics)
    match options.format:
        case "json":
            made = json.dumps(as_json(measured), indent=1, ensure_ascii=False, allow_nan=False)
        case "html":
            from tidegate.report import data_page

            made = data_page(measured.statistics, None, measured.contract)
        case _:
            ink = terminal.out() if options.out is None else terminal.Ink(coloured=False)
            limit = terminal.width() if options.out is None else None
            made = as_text(measured, ink=ink, limit=limit)
    terminal.write(made, options.out)
    return 0


def as_text(measured: Measured, *, ink: terminal.Ink, limit: int | None) -> str:
    """A table that a person reads: a line for each column of the data, and for it in each slice."""
    statistics = measured.statistics
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
    said = f"{text.count(statistics.num_examples(), 'row')}, "
    said += text.count(len(statistics.features()), "column")
    if statistics.slices is None:
        return said
    found = text.count(len(statistics.by_slice()), "slice")
    return f"{said}, {found}"


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
    said = "  ".join(text.number(v) for v in (column.min, column.median, column.max))
    if column.nans:
        said += f"  ({text.integer(column.nans)} NaN)"
    return said


def _frequent(column: FeatureSummary) -> str:
    return ", ".join(
        f"{text.short(value, _VALUE)} {text.percent(count / column.count)}"
        for value, count in column.top_values[:_SHOWN]
    )


def as_json(measured: Measured) -> dict[str, Any]:
    """Plain values; a number that is not finite, which JSON cannot hold, is null."""
    statistics = measured.statistics
    found = {
        "name": statistics.span,
        "content_digest": statistics.content_digest,
        "rows": statistics.num_examples(),
        "columns": _columns(statistics),
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
        plain = {k: _finite(v) for k, v in asdict(column).items()}
        for histogram in ("histogram", "quantile_histogram"):
            del plain[histogram]
        plain["top_values"] = [list(pair) for pair in column.top_values[:_GIVEN]]
        columns.append({**plain, "missing_fraction": column.missing_fraction})
    return columns


def _finite(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
