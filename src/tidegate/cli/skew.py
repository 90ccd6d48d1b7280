"""`tidegate skew`: whether models are served what they learnt from."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tidegate.cli.inputs import data, rows, slicing
from tidegate.contract import Contract, Serving
from tidegate.contract.sections import Source
from tidegate.core import text
from tidegate.core.errors import ContractError
from tidegate.report import terminal
from tidegate.report.skew import junit

if TYPE_CHECKING:
    from tidegate.cli.inputs.rows import Opened
    from tidegate.comparison.drift.missing_and_new import Share
    from tidegate.comparison.skew import FeatureSkew, Keys, SetAside, Side, Skew
    from tidegate.core.verdict import Finding
    from tidegate.report.slices import SliceLine

_HOLD: Final = 3
#: Confusion pairs shown of a feature.
_PAIRS: Final = 3
_SLICED: Final = slicing.Words("skew", "in training", "in serving", "skewed")


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to a command line."""
    parser = commands.add_parser(
        "skew",
        help="hold serving logs against training data: columns, values by key, distributions",
        description="Join SERVING to TRAINING by key and compare every feature; compare columns, "
        "types and distributions. The exit code is 0 where it passes and 3 where it holds.",
        epilog="Without --schema, the schema is inferred from TRAINING.",
    )
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
    parser.add_argument("--format", choices=["text", "json", "html", "junit"], default="text")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write there, not to stdout")
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
        told="compare the rows with each value of this column with the same of TRAINING too; with "
        "several columns, of each combination; may be repeated",
    )
    data.add_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure, write what was found, and return 0 or 3."""
    from tidegate import schema as schemas
    from tidegate.comparison import skew

    given = _given(options)
    how = data.dialect(options)
    by = slicing.asked(options) if given is None else given.slices
    logs = _renamed(options) if given is None else given.serving
    reading = given
    if given is not None:
        reading = given.for_serving() if logs else given.model_copy(update={"joins": ()})
    with tempfile.TemporaryDirectory() as scratch:
        with rows.opened(options.training, given, how) as opened:
            contract = opened.contract
            training = _side(opened, Path(scratch, "training"), by)
        with rows.opened(options.serving, reading, how) as opened:
            serving = _side(opened, Path(scratch, "serving"), by, logs)
        for side in (training, serving):
            slicing.note_left_out(side.statistics)
        judged_by = _described(contract, training, options) if given is None else given
        schema = (
            schemas.infer(training.statistics, judged_by)
            if options.schema is None
            else schemas.read_file(options.schema)
        )
        result = skew.measure(training, serving, schema, judged_by)
    match options.format:
        case "json":
            made = json.dumps(result.to_json(), indent=1, ensure_ascii=False, allow_nan=False)
        case "html":
            from tidegate.report import skew_page

            made = skew_page(result, training, serving, schema, judged_by)
        case "junit":
            made = junit.report(result, schema, judged_by)
        case _:
            from tidegate.report.slices import shown_slices

            ink = terminal.out() if options.out is None else terminal.Ink(coloured=False)
            slices = shown_slices(
                result, serving.statistics, training.statistics, shares=result.shares
            )
            made = as_text(result, slices, ink=ink)
    terminal.write(made, options.out)
    return _HOLD if result.verdict.status == "hold" else 0


def _given(options: argparse.Namespace) -> Contract | None:
    contract = rows.given_contract(options)
    if contract is None:
        if not options.key:
            raise ContractError(
                "nothing says which row of SERVING belongs to which of TRAINING; give --key "
                "COLUMN, or a --contract that names the key"
            )
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
        told = error.errors()[0]["msg"] if hasattr(error, "errors") else str(error)
        raise ContractError(f"--rename: {told}") from None


def _side(opened: Opened, directory: Path, by: slicing.By, logs: Serving | None = None) -> Side:
    from tidegate.comparison import skew
    from tidegate.statistics import compute

    if opened.examples is not None and logs is None:
        examples = replace(opened.examples, slices=by)
        return skew.of_examples(examples, compute(examples))
    batches = opened.batches
    if opened.examples is not None:
        batches = (b for s in opened.examples.splits for b in opened.examples.batches(s))
    directory.mkdir()
    return skew.recorded(
        batches,
        name=opened.name,
        directory=directory,
        digest=opened.digest,
        logs=logs,
        bad=opened.bad,
        slices=by,
    )


def _described(contract: Contract, training: Side, options: argparse.Namespace) -> Contract:
    """The bare contract with what the command line and the data say of the columns.

    Times and names of rows are compared by key, and their distributions are only recorded. Few
    pairs of rows are said and do not hold: nobody promised how many there are.
    """
    guessed = data.unjudgeable(training.statistics)
    data.note_unjudged({n: r for n, r in guessed.items() if n not in options.key})
    skew = contract.gates.skew.model_copy(update={"features": dict.fromkeys(guessed, "report")})
    findings = {"too_few_pairs": {"*": "warn"}}
    gates = contract.gates.model_copy(update={"skew": skew, "findings": findings})
    whole = rows.described(contract, options.label, options.exclude or ()).model_copy(
        update={"key": tuple(options.key), "gates": gates}
    )
    whole.require_columns(training.schema.names)
    slicing.require(slicing.asked(options), training.schema.names)
    return whole


def as_text(result: Skew, slices: Sequence[SliceLine], *, ink: terminal.Ink) -> str:
    """The verdict, what holds, what warns, how rows were joined, and what differs most."""
    holds = [f for f in result.verdict.findings if f.severity == "hold"]
    warns = [f for f in result.verdict.findings if f.severity == "warn"]
    word = ink.green("pass") if not holds else ink.red(f"hold: {text.count(len(holds), 'reason')}")
    lines = [
        f"{ink.bold(word)}  {result.serving} ({text.count(result.serving_rows, 'row')}) against "
        f"{result.training} ({text.count(result.training_rows, 'row')})",
        *_findings("holds", holds, ink.red),
        *_findings("warns", warns, ink.yellow),
        *_keys(result.keys),
        *_set_aside(result.set_aside),
    ]
    differing = sorted((f for f in result.features if f.differing), key=lambda f: -f.share)
    if differing:
        lines += ["", "differs by key"]
        lines += terminal.table(
            ["feature", "differ", "of", "share", "at most", "training is serving"],
            [_row(f) for f in differing],
            align="lrrrrl",
            ink=ink,
        )
    same = len(result.features) - len(differing)
    if same:
        lines.append(ink.dim(f"{text.count(same, 'feature')} the same in every pair"))
    changed = [s for s in result.shares if s.status != "ok" and not s.slice]
    if changed:
        lines += ["", "missing and new values"]
        lines += terminal.table(
            ["feature", "what", "training", "serving", "beyond", "such as"],
            [_share(s) for s in sorted(changed, key=lambda s: s.before - s.now)],
            align="llrrrl",
            ink=ink,
        )
    if slices:
        lines += slicing.as_text(slices, ink=ink, words=_SLICED)
    return "\n".join(lines)


def _findings(title: str, findings: list[Finding], colour: Callable[[str], str]) -> list[str]:
    if not findings:
        return []
    width = max(terminal.cells(f.code) for f in findings)
    said = [f"  {colour(f.code.ljust(width))}  {terminal.clean(f.message)}" for f in findings]
    return ["", title, *said]


def _keys(keys: Keys) -> list[str]:
    if keys.problem:
        return []
    return [
        "",
        f"joined by {', '.join(keys.columns)}",
        f"  {keys.pairs:,} pairs of rows compared, {keys.differing:,} differ",
        f"  {keys.missing_in_serving:,} keys in training only, {keys.missing_in_training:,} in "
        f"serving only, {keys.ambiguous:,} in both and several times in one",
    ]


def _set_aside(sides: Sequence[SetAside]) -> list[str]:
    return [
        f"  {text.count(side.records, 'record')} of {side.side} could not be read"
        for side in sides
        if side.records
    ]


def _share(share: Share) -> list[str]:
    what = {"missing": "empty", "unseen": "not in training"}[share.kind]
    return [
        share.feature,
        what,
        text.NOTHING if share.kind == "unseen" else text.percent(share.before),
        text.percent(share.now),
        text.percent(share.threshold) if share.judged else "report",
        ", ".join(text.short(value, 20) for value in share.values),
    ]


def _row(feature: FeatureSkew) -> list[str]:
    shown = feature.confusion[:_PAIRS]
    pairs = [f"{_value(c.training)} \u2192 {_value(c.serving)} ({c.count:,})" for c in shown]
    return [
        feature.feature,
        text.integer(feature.differing),
        text.integer(feature.compared),
        text.percent(feature.share),
        "report" if feature.limit is None else text.percent(feature.limit),
        feature.pattern or ", ".join(pairs),
    ]


def _value(value: str | None) -> str:
    return "missing" if value is None else text.short(value, 30)
