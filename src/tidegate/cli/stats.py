"""`tidegate stats`: compute statistics of the columns of files."""

from __future__ import annotations

import argparse

from tidegate.cli import output
from tidegate.cli.inputs import data, dialect, slicing
from tidegate.cli.program import PASS
from tidegate.contract import Contract
from tidegate.core.errors import ContractError
from tidegate.report import terminal
from tidegate.report.data.text import as_json, as_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments to its parser."""
    parser.description = (
        "Measure files as one: every column's type, count, missing and distinct "
        "values, range and quantiles of numbers, and the most frequent texts."
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="CSV, JSON Lines, Parquet, "
                        "TFRecord; a directory of them; or URIs of a store")  # fmt: skip
    parser.add_argument(
        "--contract", metavar="FILE", help="says how the files are written, and may name spans"
    )
    slicing.add_option(
        parser,
        help_="measure the rows with each value of this column too; with several columns, of each "
        "combination; may be repeated",
    )
    output.add_options(parser, "json", "html")
    dialect.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Measure, write the result, and return 0."""
    contract = Contract.load(options.contract) if options.contract else None
    by = slicing.parse_slices(options)
    if by and options.format == "html":
        raise ContractError("the data page shows no slices; --slice goes with text or json")
    measured = data.measure(options.files, contract, dialect.dialect(options), by=by)
    slicing.note_left_out(measured.statistics)
    statistics = measured.statistics
    if statistics.facts:
        data.note_left_out(dict(statistics.facts.left_out), measured.contract)
    try:
        measured.contract.require_columns(statistics.columns)
    except ContractError as error:
        # It may be the data that lack it, and then they are to be shown.
        terminal.note(str(error))
    output.emit(
        options,
        text=lambda ink, limit: as_text(statistics, ink=ink, limit=limit),
        json_=lambda: as_json(statistics),
        page=lambda pages: pages.data_page(statistics, None, measured.contract),
    )
    return PASS
