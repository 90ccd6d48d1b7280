"""`tidegate validate`: whether some files are what others promised."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tidegate.cli.inputs import data, slicing
from tidegate.contract import Contract
from tidegate.contract.sections import Features
from tidegate.core import text
from tidegate.core.errors import ContractError
from tidegate.report import terminal
from tidegate.report.validation import junit

if TYPE_CHECKING:
    from tidegate.core.verdict import Finding
    from tidegate.numerics.distances import Distance
    from tidegate.report.slices import SliceLine
    from tidegate.validation import Validation

#: Features shown as what moved most.
_MOVED: Final = 10
_HOLD: Final = 3


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to a command line."""
    parser = commands.add_parser(
        "validate",
        help="judge files against others: schema, drift, quality",
        description="Judge CURRENT against BASELINE. What holds, warns and moved is said; the "
        "exit code is 0 where it passes and 3 where it holds.",
        epilog="Without --schema, the schema is inferred from BASELINE. Without --contract, "
        "columns of times and names of rows are not compared, for nothing says what they are.",
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
    parser.add_argument("--format", choices=["text", "json", "html", "junit"], default="text")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write there, not to stdout")
    without = parser.add_argument_group("what there is to say without a contract")
    without.add_argument("--label", metavar="COLUMN", help="what is to be predicted")
    without.add_argument(
        "--exclude", action="append", metavar="COLUMN", help="not compared; may be repeated"
    )
    slicing.add_option(
        without,
        told="compare the rows with each value of this column with the same of BASELINE too; with "
        "several columns, of each combination; may be repeated",
    )
    data.add_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Judge, write what was found, and return 0 or 3."""
    with tempfile.TemporaryDirectory(prefix="tidegate-rows-") as scratch:
        return _judged(options, Path(scratch))


def _judged(options: argparse.Namespace, scratch: Path) -> int:
    from tidegate import schema as schemas
    from tidegate import validation
    from tidegate.report import validation_page
    from tidegate.report.slices import shown_slices

    contract = _contract(options)
    how = data.dialect(options)
    by = slicing.asked(options) if contract is None else None
    before = data.measure([options.against], contract, how, by=by)
    now = data.measure([options.current], contract, how, keep=scratch, by=by)
    for measured in (before, now):
        slicing.note_left_out(measured.statistics)
    judged_by = now.contract
    if contract is None:
        judged_by = _described(before, options)
    schema = (
        schemas.infer(before.statistics, judged_by)
        if options.schema is None
        else schemas.read_file(options.schema)
    )
    result = validation.validate(
        now.statistics,
        schema,
        judged_by,
        baseline=before.statistics,
        examples=now.examples,
        environment=options.environment,
    )
    match options.format:
        case "json":
            made = json.dumps(result.to_json(), indent=1, ensure_ascii=False, allow_nan=False)
        case "html":
            made = validation_page(result, now.statistics, before.statistics, schema, judged_by)
        case "junit":
            made = junit.report(result, schema, judged_by)
        case _:
            ink = terminal.out() if options.out is None else terminal.Ink(coloured=False)
            slices = shown_slices(result, now.statistics, before.statistics)
            made = as_text(result, slices, ink=ink)
    terminal.write(made, options.out)
    return _HOLD if result.verdict.status == "hold" else 0


def _contract(options: argparse.Namespace) -> Contract | None:
    if options.contract is None:
        return None
    for option in ("label", "exclude", "slice"):
        if getattr(options, option) is not None:
            raise ContractError(
                f"--{option} is for files without a contract; say it in the contract"
            )
    return Contract.load(options.contract)


def _described(before: data.Measured, options: argparse.Namespace) -> Contract:
    """The bare contract with what the command line and the data say of the columns."""
    named = [*(options.exclude or ()), *([options.label] if options.label else [])]
    whole = before.contract.model_copy(
        update={"label": options.label, "features": Features(exclude=tuple(options.exclude or ()))}
    )
    whole.require_columns(list(before.statistics.features()))
    guessed = {n: r for n, r in data.unjudgeable(before.statistics).items() if n not in named}
    data.note_unjudged(guessed)
    return data.excluding(whole, guessed)


def as_text(result: Validation, slices: Sequence[SliceLine], *, ink: terminal.Ink) -> str:
    """The verdict, what holds, what warns, and what moved most, also in slices; a line each."""
    found = result.verdict.findings
    holds = [f for f in found if f.severity == "hold"]
    warns = [f for f in found if f.severity == "warn"]
    word = ink.green("pass") if not holds else ink.red(f"hold: {text.count(len(holds), 'reason')}")
    rows = text.count(result.num_examples, "row")
    lines = [
        f"{ink.bold(word)}  {result.span} ({rows}) against {result.baseline_span}",
        *_findings("holds", holds, ink.red),
        *_findings("warns", warns, ink.yellow),
    ]
    moved = most_moved(result)[:_MOVED]
    if moved:
        where = ["in slice"] if any(d.slice for d in moved) else []
        lines += ["", "moved most"]
        lines += terminal.table(
            ["feature", *where, "measure", "value", "threshold", "what changed"],
            [_moved(d, sliced=bool(where)) for d in moved],
            align="l" * len(where) + "llrrl",
            ink=ink,
        )
    rest = len({d.feature for d in result.distances}) - len(moved)
    if moved and rest > 0:
        lines.append(ink.dim(f"{rest:,} more with --format json or html"))
    if slices:
        lines += slicing.as_text(slices, ink=ink)
    lines += _told_apart(result)
    return "\n".join(lines)


def _findings(title: str, found: list[Finding], colour: Any) -> list[str]:
    if not found:
        return []
    width = max(terminal.cells(f.code) for f in found)
    said = [f"  {colour(f.code.ljust(width))}  {terminal.clean(f.message)}" for f in found]
    return ["", title, *said]


def _told_apart(result: Validation) -> list[str]:
    """What a classifier makes of the rows, and how the label changed."""
    from tidegate.report.shift.page import features_in_words, label_in_words

    shift = result.shift
    if shift is None:
        return ["", f"rows not told apart: {result.shift_untold}"]
    said = [features_in_words(shift), *([label_in_words(shift.label)] if shift.label else [])]
    return ["", "rows told apart", *(f"  {terminal.clean(line)}" for line in said)]


def most_moved(result: Validation) -> list[Distance]:
    """One distance of each feature, the one nearest to its threshold; the furthest moved first.

    Of all rows; of a slice, where only slices show that the feature drifted.
    """

    def ratio(d: Distance) -> tuple[bool, float]:
        judged = d.threshold is not None
        return judged, (d.value or 0.0) / (d.threshold or 1.0)

    drifted = {d.feature for d in result.distances if d.status == "drift" and not d.slice}
    best: dict[str, Distance] = {}
    for distance in result.distances:
        if distance.value is None:
            continue
        if distance.slice and (distance.status != "drift" or distance.feature in drifted):
            continue
        there = best.get(distance.feature)
        if there is None or ratio(distance) > ratio(there):
            best[distance.feature] = distance
    return sorted(best.values(), key=ratio, reverse=True)


def _moved(distance: Distance, *, sliced: bool) -> list[str]:
    return [
        distance.feature,
        *([distance.slice or "all rows"] if sliced else []),
        distance.measure,
        text.fixed(distance.value),
        text.fixed(distance.threshold),
        _changed(distance),
    ]


def _changed(distance: Distance) -> str:
    if distance.noise is not None and (distance.value or 0.0) <= distance.noise:
        return "no more than chance gives"
    if not distance.moved:
        return distance.note
    label, before, after = distance.moved[0]
    verb = "rose" if after > before else "fell"
    said = f"{text.short(label, 40)} {verb} from {text.percent(before)} to {text.percent(after)}"
    return said if distance.threshold is not None else f"{said} (recorded only)"
