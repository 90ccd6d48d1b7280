"""`tidegate skew`: whether models are served what they learnt from."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tidegate.cli import console, data, rows
from tidegate.contract import Contract, Serving
from tidegate.contract.sections import Source
from tidegate.errors import ContractError
from tidegate.report import text

if TYPE_CHECKING:
    from tidegate.cli.rows import Opened
    from tidegate.skew import FeatureSkew, Keys, Side, Skew
    from tidegate.verdict import Finding

_HOLD: Final = 3
#: Confusion pairs shown of a feature.
_PAIRS: Final = 3


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
    parser.add_argument("--format", choices=["text", "json", "html"], default="text")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write there, not to stdout")
    without = parser.add_argument_group("what there is to say without a contract")
    rows.add_options(without)
    without.add_argument(
        "--rename",
        action="append",
        metavar="TRAINING=SERVING",
        help="a column that serving calls otherwise; may be repeated",
    )
    data.add_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure, write what was found, and return 0 or 3."""
    from tidegate import schema as schemas
    from tidegate import skew

    given = _given(options)
    how = data.dialect(options)
    logs = _renamed(options) if given is None else given.serving
    reading = given
    if given is not None:
        reading = given.for_serving() if logs else given.model_copy(update={"joins": ()})
    with tempfile.TemporaryDirectory() as scratch:
        with rows.opened(options.training, given, how) as opened:
            contract = opened.contract
            training = _side(opened, Path(scratch, "training"))
        with rows.opened(options.serving, reading, how) as opened:
            serving = _side(opened, Path(scratch, "serving"), logs)
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
        case _:
            ink = console.out() if options.out is None else console.Ink(coloured=False)
            made = as_text(result, ink=ink)
    console.write(made, options.out)
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


def _side(
    opened: Opened,
    directory: Path,
    logs: Serving | None = None,
) -> Side:
    from tidegate import skew
    from tidegate.statistics import compute

    if opened.examples is not None and logs is None:
        return skew.of_examples(opened.examples, compute(opened.examples))
    batches = opened.batches
    if opened.examples is not None:
        batches = (b for s in opened.examples.splits for b in opened.examples.batches(s))
    directory.mkdir()
    return skew.recorded(
        batches, name=opened.name, directory=directory, digest=opened.digest, logs=logs
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
    return whole


def as_text(result: Skew, *, ink: console.Ink) -> str:
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
    ]
    differing = sorted((f for f in result.features if f.differing), key=lambda f: -f.share)
    if differing:
        lines += ["", "differs by key"]
        lines += console.table(
            ["feature", "differ", "of", "share", "at most", "training is serving"],
            [_row(f) for f in differing],
            align="lrrrrl",
            ink=ink,
        )
    same = len(result.features) - len(differing)
    if same:
        lines.append(ink.dim(f"{text.count(same, 'feature')} the same in every pair"))
    return "\n".join(lines)


def _findings(title: str, findings: list[Finding], colour: Callable[[str], str]) -> list[str]:
    if not findings:
        return []
    width = max(console.cells(f.code) for f in findings)
    said = [f"  {colour(f.code.ljust(width))}  {console.clean(f.message)}" for f in findings]
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
