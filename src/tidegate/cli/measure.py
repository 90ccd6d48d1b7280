"""`tidegate measure`: measure each column's signal about a label."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.cli import output
from tidegate.cli.inputs import data, dialect, rows
from tidegate.cli.program import HOLD, PASS
from tidegate.contract import Contract
from tidegate.report import terminal
from tidegate.report.feature_analysis.text import as_text

if TYPE_CHECKING:
    from tidegate.cli.inputs.rows import Opened
    from tidegate.model.feature_analysis import Signal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments to its parser."""
    parser.description = (
        "Measure what each column tells of the label, name leakage suspects and "
        "redundant pairs, and suggest which features to leave out."
    )
    parser.add_argument("file", metavar="FILE", help="a file, directory or URI; a directory of "
                        "ingested examples; or, with a contract, a span")  # fmt: skip
    parser.add_argument("--contract", metavar="FILE", help="names label, key and exclusions")
    parser.add_argument(
        "--model",
        type=Path,
        metavar="DIR",
        help="a trained model, to shuffle each of its features and see what it loses",
    )
    output.add_options(parser, "json", "html")
    parser.add_argument(
        "--hold-on-leak", action="store_true", help="exit with 3 where a feature is a suspect"
    )
    rows.add_options(parser.add_argument_group("what there is to say without a contract"))
    dialect.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Measure, write the result, and return 0 or 3."""
    given = rows.given_contract(options)
    how = dialect.dialect(options)
    if given is not None and data.is_span(options.file):
        contract, found = given, _span(options.file, given, how, options.model)
    else:
        with rows.opened(options.file, given, how) as opened:
            contract = opened.contract
            if given is None:
                contract = rows.described(contract, options.label, options.exclude or ())
            found = _measured(opened, contract, options.model)
    output.emit(
        options,
        text=lambda ink, limit: as_text(found, ink=ink, limit=limit),
        json_=found.to_json,
        page=lambda pages: pages.signal_page(found, contract),
    )
    return HOLD if options.hold_on_leak and found.suspects else PASS


def _span(span: str, contract: Contract, how: dialect.Dialect, model: Path | None) -> Signal:
    """Measure a span by its contract's splits, as a pipeline does."""
    from tidegate.data.examples import ingest

    progress = terminal.Progress()
    with tempfile.TemporaryDirectory() as scratch:
        made = ingest(contract, span=span, out=Path(scratch, "examples"), on_progress=progress)
        progress.done(f"{made.span}: {made.num_rows():,} rows")
        with rows.opened(str(made.path), contract, how) as opened:
            return _measured(opened, contract, model)


def _measured(opened: Opened, contract: Contract, model: Path | None) -> Signal:
    from tidegate.model import feature_analysis

    if opened.examples is not None:
        sampled = feature_analysis.of_examples(opened.examples)
    else:
        sampled = feature_analysis.of_batches(opened.name, opened.batches)
    data.note_left_out(opened.left_out, contract)
    contract.require_columns([*sampled.table.schema.names, *opened.left_out])
    shuffled = None if model is None else feature_analysis.shuffle(model, sampled, contract)
    digests = {"content": opened.digest, "contract": contract.digest}
    return feature_analysis.measure(sampled, contract, shuffled=shuffled, digests=digests)
