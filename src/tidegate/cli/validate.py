"""`tidegate validate`: judge files against a baseline."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tidegate.cli import output
from tidegate.cli.inputs import data, dialect, rows, slicing
from tidegate.cli.program import HOLD, PASS
from tidegate.contract import Contract
from tidegate.core.errors import ContractError
from tidegate.report.slices import shown_slices
from tidegate.report.validation import junit
from tidegate.report.validation.text import as_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments to its parser."""
    parser.description = (
        "Judge CURRENT against BASELINE. What holds, warns and moved is said; the "
        "exit code is 0 where it passes and 3 where it holds."
    )
    parser.epilog = (
        "Without --schema, the schema is inferred from BASELINE. Without --contract, "
        "columns of times and names of rows are not compared, for nothing says what they are."
    )
    parser.add_argument("current", metavar="CURRENT", help="a file, directory or URI; or, with a "
                        "contract, a span of it")  # fmt: skip
    parser.add_argument("--against", required=True, metavar="BASELINE", help="the same, of before")
    parser.add_argument("--schema", type=Path, metavar="FILE", help="a schema.pbtxt to hold it to")
    parser.add_argument(
        "--contract", metavar="FILE", help="the data contract: gates, key, label, how to read"
    )
    parser.add_argument(
        "--environment",
        choices=["TRAINING", "SERVING"],
        default="TRAINING",
        help="SERVING: the label is absent (default: %(default)s)",
    )
    output.add_options(parser, "json", "html", "junit")
    without = parser.add_argument_group("what there is to say without a contract")
    without.add_argument("--label", metavar="COLUMN", help="what is to be predicted")
    without.add_argument(
        "--exclude", action="append", metavar="COLUMN", help="not compared; may be repeated"
    )
    slicing.add_option(
        without,
        help_="compare the rows with each value of this column with the same of BASELINE too; with "
        "several columns, of each combination; may be repeated",
    )
    dialect.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Judge, write the result, and return 0 or 3."""
    with tempfile.TemporaryDirectory(prefix="tidegate-rows-") as scratch:
        return _judged(options, Path(scratch))


def _judged(options: argparse.Namespace, scratch: Path) -> int:
    from tidegate import schema as schemas
    from tidegate import validation

    contract = _contract(options)
    how = dialect.dialect(options, mixed=True)
    by = slicing.parse_slices(options) if contract is None else None
    baseline, current = dialect.read_alike(
        lambda c: data.measure([options.against], contract, how, text_columns=c, by=by),
        lambda c: data.measure(
            [options.current], contract, how, text_columns=c, keep=scratch, by=by
        ),
    )
    for measured in (baseline, current):
        slicing.note_left_out(measured.statistics)
    judged_by = current.contract
    if contract is None:
        judged_by = _described(baseline, current, options)
    schema = (
        schemas.infer(baseline.statistics, judged_by)
        if options.schema is None
        else schemas.read_file(options.schema)
    )
    result = validation.validate(
        current.statistics,
        schema,
        judged_by,
        baseline=baseline.statistics,
        examples=current.examples,
        environment=options.environment,
    )
    slices = shown_slices(result, current.statistics, baseline.statistics)
    output.emit(
        options,
        text=lambda ink, _: as_text(result, slices, ink=ink),
        json_=result.to_json,
        page=lambda pages: pages.validation_page(
            result, current.statistics, baseline.statistics, schema, judged_by
        ),
        junit=lambda: junit.report(result, schema, judged_by),
    )
    return HOLD if result.verdict.status == "hold" else PASS


def _contract(options: argparse.Namespace) -> Contract | None:
    if options.contract is None:
        if options.environment == "SERVING" and options.label is None:
            raise ContractError(
                "--environment SERVING is for data without its label, and nothing says which "
                "column that is; give --label COLUMN, or a --contract that names it"
            )
        return None
    for option in ("label", "exclude", "slice"):
        if getattr(options, option) is not None:
            raise ContractError(
                f"--{option} is for files without a contract; say it in the contract"
            )
    return Contract.load(options.contract)


def _described(
    baseline: data.Measured, current: data.Measured, options: argparse.Namespace
) -> Contract:
    """Complete the bare contract from the command line and the data."""
    named = [*(options.exclude or ()), *([options.label] if options.label else [])]
    whole = rows.described(baseline.contract, options.label, options.exclude or ())
    whole.require_columns(baseline.statistics.columns)
    guessed = data.incomparable_columns(baseline.statistics, current.statistics)
    guessed = {n: r for n, r in guessed.items() if n not in named}
    data.note_unjudged(guessed)
    return data.excluding(whole, guessed)
