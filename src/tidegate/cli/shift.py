"""`tidegate shift`: compare the features and labels of two sets of rows."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate.cli import output
from tidegate.cli.inputs import data, dialect, rows
from tidegate.cli.program import HOLD, PASS
from tidegate.contract import Contract
from tidegate.report.shift.text import as_text

if TYPE_CHECKING:
    from tidegate.comparison.shift import SpanRows


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments to its parser."""
    parser.description = (
        "Train a classifier to tell rows of CURRENT from rows of BASELINE by their "
        "features: an AUC of 0.5 means that it cannot. The labels are compared apart."
    )
    parser.epilog = (
        "Without --contract, columns of times and names of rows are left out: they tell "
        "any two files apart."
    )
    parser.add_argument("current", metavar="CURRENT", help="a file, directory or URI; a directory "
                        "of ingested examples; or, with a contract, a span")  # fmt: skip
    parser.add_argument("--against", required=True, metavar="BASELINE", help="the same, of before")
    parser.add_argument("--contract", metavar="FILE", help="names label, key and exclusions")
    output.add_options(parser, "json", "html")
    parser.add_argument(
        "--hold-above",
        type=float,
        metavar="AUC",
        help="exit with 3 where the lower end of the AUC's interval is above this",
    )
    rows.add_options(parser.add_argument_group("what there is to say without a contract"))
    dialect.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Compare, write the result, and return 0 or 3."""
    from tidegate.comparison import shift

    given = rows.given_contract(options)
    how = dialect.dialect(options, mixed=True)
    one, other = dialect.read_alike(
        lambda c: _taken(options.against, given, how, c),
        lambda c: _taken(options.current, given, how, c),
    )
    baseline, contract, current = one.rows, one.contract, other.rows
    unread = {**one.left_out, **other.left_out}
    left_out: dict[str, str] = {}
    if given is None:
        excluded = options.exclude or ()
        named = {*excluded, options.label}
        left_out = shift.uninformative_columns(current.rows, baseline.rows, {n for n in named if n})
        left_out |= {n: data.FROM_FOLDERS for n in one.partitions if n not in named}
        contract = rows.described(contract, options.label, [*excluded, *left_out])
    data.note_left_out(unread, contract)
    contract.require_columns([*baseline.rows.schema.names, *current.rows.schema.names, *unread])
    found = shift.compare(current, baseline, contract)
    found.left_out.update(left_out)
    output.emit(
        options,
        text=lambda ink, limit: as_text(found, ink=ink, limit=limit),
        json_=found.to_json,
        page=lambda pages: pages.shift_page(found, contract),
    )
    above = options.hold_above is not None and found.auc.low > options.hold_above
    return HOLD if above else PASS


@dataclass(frozen=True)
class _Taken:
    rows: SpanRows
    contract: Contract
    padded: frozenset[str]
    left_out: dict[str, str]
    partitions: tuple[str, ...]


def _taken(
    argument: str, given: Contract | None, how: dialect.Dialect, text_columns: Collection[str]
) -> _Taken:
    """Sample rows, and return them with their contract and the columns that were not read."""
    from tidegate.comparison import shift
    from tidegate.comparison.shift.compare import MAX_ROWS
    from tidegate.data.sampling import kept_rows, sample

    with rows.opened(argument, given, how, text_columns=text_columns) as opened:
        if opened.examples is not None:
            found = shift.of_examples(opened.examples)
            return _Taken(found, opened.contract, opened.padded, opened.left_out, opened.partitions)
        first = next(opened.batches)
        contract = opened.contract
        columns = [name for name in first.schema.names if contract.is_sampled(name)]
        # As many as are kept with statistics, so that `validate` has the same figures.
        limit = kept_rows(contract.gates.shift.rows or MAX_ROWS, max(len(columns), 1))
        drawn = sample(itertools.chain([first], opened.batches), limit)
        rows_ = shift.SpanRows(opened.name, *drawn)
        return _Taken(rows_, contract, opened.padded, opened.left_out, opened.partitions)
