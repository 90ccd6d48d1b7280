"""`tidegate skew`: compare serving data with training data."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.cli import output
from tidegate.cli.inputs import data, dialect, rows, slicing
from tidegate.cli.program import HOLD, PASS
from tidegate.contract import Contract, Serving
from tidegate.contract.sections import Source
from tidegate.core.errors import ContractError
from tidegate.core.text import nearest
from tidegate.report.skew import junit
from tidegate.report.skew.text import as_text
from tidegate.report.slices import shown_slices

if TYPE_CHECKING:
    from tidegate.cli.inputs.rows import Opened
    from tidegate.comparison.skew import JoinSide


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments to its parser."""
    parser.description = (
        "Join SERVING to TRAINING by key and compare every feature; compare columns, "
        "types and distributions. The exit code is 0 where it passes and 3 where it holds."
    )
    parser.epilog = "Without --schema, the schema is inferred from TRAINING."
    parser.add_argument("training", metavar="TRAINING", help="a file, directory or URI; or, with a "
                        "contract, a span of it")  # fmt: skip
    parser.add_argument("serving", metavar="SERVING", help="the same, of what models were given")
    parser.add_argument(
        "--key",
        action="append",
        metavar="COLUMN",
        help="says which row belongs to which; may be repeated; the contract's by default",
    )
    parser.add_argument("--schema", type=Path, metavar="FILE", help="a schema.pbtxt to hold it to")
    parser.add_argument(
        "--contract", metavar="FILE", help="the data contract: gates.skew, serving, label"
    )
    output.add_options(parser, "json", "html", "junit")
    without = parser.add_argument_group("what there is to say without a contract")
    rows.add_options(without)
    without.add_argument(
        "--rename",
        action="append",
        metavar="TRAINING=SERVING",
        help="a column that serving calls otherwise; may be repeated",
    )
    slicing.add_option(
        without,
        help_="compare the rows with each value of this column with the same of TRAINING too; with "
        "several columns, of each combination; may be repeated",
    )
    dialect.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Measure, write the result, and return 0 or 3."""
    from tidegate import schema as schemas
    from tidegate.comparison import skew

    given = _given(options)
    how = dialect.dialect(options, mixed=True)
    by = slicing.parse_slices(options) if given is None else given.slices
    logs = _renamed(options) if given is None else given.serving
    reading = given
    if given is not None:
        reading = given.for_serving() if logs else given.model_copy(update={"joins": ()})
    serving_how = _in_serving(how, logs)
    with tempfile.TemporaryDirectory() as scratch:
        sides: list[JoinSide] = []

        def read_training(text_columns: Collection[str]) -> _Read:
            found = _read(options.training, given, how, scratch, by, text_columns=text_columns)
            sides.append(found.side)
            return found

        def read_serving(text_columns: Collection[str]) -> _Read:
            return _read(
                *(options.serving, reading, serving_how, scratch, by, logs, sides[-1]),
                text_columns=text_columns,
            )

        one, other = dialect.read_alike(read_training, read_serving)
        contract, training, serving = one.contract, one.side, other.side
        for side in (training, serving):
            slicing.note_left_out(side.statistics)
        _require_renamed(options, training)
        judged_by = given or _described(contract, training, serving, options)
        schema = (
            schemas.infer(training.statistics, judged_by)
            if options.schema is None
            else schemas.read_file(options.schema)
        )
        unread = {**training.left_out, **serving.left_out}
        data.note_left_out(unread, judged_by)
        judged_by.require_columns([*training.schema.names, *serving.schema.names, *unread])
        result = skew.measure(training, serving, schema, judged_by)
    slices = shown_slices(result, serving.statistics, training.statistics, shares=result.shares)
    output.emit(
        options,
        text=lambda ink, _: as_text(result, slices, ink=ink),
        json_=result.to_json,
        page=lambda pages: pages.skew_page(result, training, serving, schema, judged_by),
        junit=lambda: junit.report(result, schema, judged_by),
    )
    return HOLD if result.verdict.status == "hold" else PASS


def _given(options: argparse.Namespace) -> Contract | None:
    contract = rows.given_contract(options)
    if contract is None:
        return None
    if options.rename is not None:
        raise ContractError("--rename is for files without a contract; say it in serving.columns")
    if options.slice is not None:
        raise ContractError("--slice is for files without a contract; say it in slices")
    if not options.key:
        return contract
    if contract.serving is None:
        return contract.model_copy(update={"key": tuple(options.key)})
    serving = contract.serving.model_copy(update={"key": tuple(options.key)})
    return contract.model_copy(update={"serving": serving})


def _require_renamed(options: argparse.Namespace, training: JoinSide) -> None:
    for given in options.rename or ():
        new = given.partition("=")[0]
        if new not in training.schema.names:
            raise ContractError(
                f"--rename names the column {new!r}, which {options.training} does not have"
                + nearest(new, training.schema.names)
            )


def _renamed(options: argparse.Namespace) -> Serving | None:
    pairs = {}
    for given in options.rename or ():
        new, mark, old = given.partition("=")
        if not (new and mark and old):
            raise ContractError(f"--rename {given!r} is not TRAINING=SERVING")
        pairs[new] = old
    if not pairs:
        return None
    try:
        return Serving(source=Source(uri=options.serving, format="csv"), columns=pairs)
    except ValueError as error:
        reason = error.errors()[0]["msg"] if hasattr(error, "errors") else str(error)
        raise ContractError(f"--rename: {reason}") from None


@dataclass(frozen=True)
class _Read:
    side: JoinSide
    contract: Contract
    padded: frozenset[str]


def _read(
    argument: str,
    contract: Contract | None,
    how: dialect.Dialect,
    scratch: str,
    by: slicing.By,
    logs: Serving | None = None,
    like: JoinSide | None = None,
    *,
    text_columns: Collection[str],
) -> _Read:
    """Read a side; columns are named as in training."""
    names = {} if logs is None else logs.columns
    original = [names.get(c, c) for c in text_columns]
    with rows.opened(argument, contract, how, text_columns=original) as opened:
        side = _side(opened, Path(tempfile.mkdtemp(dir=scratch)), by, logs, like)
        in_training = {old: new for new, old in names.items()}
        padded = frozenset(in_training.get(c, c) for c in opened.padded)
        return _Read(side, opened.contract, padded)


def _in_serving(how: dialect.Dialect, logs: Serving | None) -> dialect.Dialect:
    names = {} if logs is None else logs.columns
    return replace(how, text=tuple(names.get(c, c) for c in how.text))


def _side(
    opened: Opened,
    directory: Path,
    by: slicing.By,
    logs: Serving | None,
    like: JoinSide | None,
) -> JoinSide:
    from tidegate.comparison import skew
    from tidegate.statistics import compute

    if opened.examples is not None and logs is None and like is None:
        examples = replace(opened.examples, slices=by)
        return skew.of_examples(examples, compute(examples))
    batches = opened.batches
    if opened.examples is not None:
        batches = (b for s in opened.examples.splits for b in opened.examples.batches(s))
    return skew.recorded(
        batches,
        name=opened.name,
        directory=directory,
        digest=opened.digest,
        logs=logs,
        bad=opened.bad,
        slices=by,
        like=like,
    )


def _described(
    contract: Contract, training: JoinSide, serving: JoinSide, options: argparse.Namespace
) -> Contract:
    """Complete the bare contract from the command line and the data.

    Times and names of rows are compared by key, and their distributions are only recorded. Too few
    pairs of rows are reported and do not hold, because no contract sets how many there are.
    """
    key = tuple(options.key or ())
    guessed = data.incomparable_columns(training.statistics, serving.statistics)
    data.note_unjudged({n: r for n, r in guessed.items() if n not in key})
    skew = contract.gates.skew.model_copy(update={"features": dict.fromkeys(guessed, "report")})
    findings = {"too_few_pairs": {"*": "warn"}}
    gates = contract.gates.model_copy(update={"skew": skew, "findings": findings})
    whole = rows.described(contract, options.label, options.exclude or ()).model_copy(
        update={"key": key, "gates": gates}
    )
    whole.require_columns([*training.schema.names, *training.left_out])
    slicing.require(slicing.parse_slices(options), training.schema.names)
    return whole
