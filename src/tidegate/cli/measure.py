"""`tidegate measure`: what the columns of some rows tell of a label."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tidegate.cli.inputs import data, rows
from tidegate.contract import Contract
from tidegate.core import text
from tidegate.report import terminal

if TYPE_CHECKING:
    from tidegate.cli.inputs.rows import Opened
    from tidegate.model.feature_analysis import FeatureSignal, Signal

_HOLD: Final = 3
_PAIRS: Final = 10
#: What a code is called in a terminal.
_WORDS: Final = {
    "constant": "constant",
    "identifier": "identifier",
    "leak": "leak suspect",
    "redundant": "redundant",
    "no_signal": "no signal",
    "too_few_rows": "too few rows",
    "not_carried": "not carried over",
}


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to a command line."""
    parser = commands.add_parser(
        "measure",
        help="which features tell of the label: information, leaks, redundancy",
        description="Measure what each column tells of the label, name leakage suspects and "
        "redundant pairs, and suggest which features to leave out.",
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
    parser.add_argument("--format", choices=["text", "json", "html"], default="text")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write there, not to stdout")
    parser.add_argument(
        "--hold-on-leak", action="store_true", help="exit with 3 where a feature is a suspect"
    )
    rows.add_options(parser.add_argument_group("what there is to say without a contract"))
    data.add_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure, write what was found, and return 0 or 3."""
    given = rows.given_contract(options)
    how = data.dialect(options)
    if given is not None and data.is_span(options.file):
        contract, found = given, _span(options.file, given, how, options.model)
    else:
        with rows.opened(options.file, given, how) as opened:
            contract = opened.contract
            if given is None:
                contract = rows.described(contract, options.label, options.exclude or ())
            found = _measured(opened, contract, options.model)
    match options.format:
        case "json":
            made = json.dumps(found.to_json(), indent=1, ensure_ascii=False, allow_nan=False)
        case "html":
            from tidegate.report import signal_page

            made = signal_page(found, contract)
        case _:
            ink = terminal.out() if options.out is None else terminal.Ink(coloured=False)
            limit = terminal.width() if options.out is None else None
            made = as_text(found, ink=ink, limit=limit)
    terminal.write(made, options.out)
    return _HOLD if options.hold_on_leak and found.suspects else 0


def _span(span: str, contract: Contract, how: data.Dialect, model: Path | None) -> Signal:
    """Measure a span by the splits of its contract, as a pipeline does."""
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
    shuffled = None if model is None else feature_analysis.shuffle(model, sampled, contract)
    digests = {"content": opened.digest, "contract": contract.digest}
    return feature_analysis.measure(sampled, contract, shuffled=shuffled, digests=digests)


def as_text(found: Signal, *, ink: terminal.Ink, limit: int | None) -> str:
    """What to look at, then a line for each column, the most telling first."""
    measured = f", of which {found.measured:,} measured" if found.measured < found.rows else ""
    lines = [
        f"{ink.bold(found.name)}: {text.count(found.rows, 'row')}{measured}; label "
        f"{found.label} ({found.task}, {text.number(found.label_entropy, 3)} bits)"
    ]
    seen = [f for f in found.features if f.role == "feature"]
    lines += _noted("leave out", [f for f in seen if f.drop], ink)
    lines += _noted("look at", [f for f in seen if f.code and not f.drop], ink)
    hidden = [f for f in found.features if f.role == "excluded" and f.code == "leak"]
    lines += _noted("excluded already", hidden, ink)
    if found.pairs:
        lines += ["", "say the same"]
        lines += [f"  {_pair(p.first, p.second, p.told, p.rank_correlation)}"
                  for p in found.pairs[:_PAIRS]]  # fmt: skip
        if len(found.pairs) > _PAIRS:
            lines.append(ink.dim(f"  {len(found.pairs) - _PAIRS} more with --format json or html"))
    header, align = (
        ["column", "type", "distinct", "missing", "tells", "bits", "held out"],
        "llrrrrr",
    )
    binary, model = found.task == "binary", bool(found.metric)
    if binary:
        header, align = [*header, "AUC"], align + "r"
    if model:
        header, align = [*header, f"{found.metric} lost (95%)"], align + "r"
    table = terminal.table(
        [*header, ""],
        [_line(f, binary=binary, model=model) for f in found.features],
        align=align + "l",
        ink=ink,
        limit=limit,
    )
    return "\n".join([*lines, "", *table])


def _noted(title: str, features: list[FeatureSignal], ink: terminal.Ink) -> list[str]:
    if not features:
        return []
    names = max(terminal.cells(terminal.clean(f.name)) for f in features)
    words = max(len(_WORDS[f.code]) for f in features)
    colours = {"leak": ink.red}
    return ["", title] + [
        f"  {colours.get(f.code, ink.yellow)(_WORDS[f.code].ljust(words))}  "
        f"{terminal.clean(f.name).ljust(names)}  {terminal.clean(f.reason)}"
        for f in features
    ]


def _pair(first: str, second: str, told: float, near: float | None) -> str:
    said = f"{first} tells {text.percent(told)} of {second}"
    return terminal.clean(said if near is None else f"{said}; ranks {text.fixed(near, 3)}")


def _line(feature: FeatureSignal, *, binary: bool, model: bool) -> list[str]:
    cells = [
        feature.name,
        feature.kind,
        text.integer(feature.distinct),
        text.percent(feature.missing),
        text.percent(feature.share),
        text.fixed(feature.bits),
        text.percent(feature.held_out) if (feature.held_out or 0) >= 0 else "misleads",
    ]
    if binary:
        cells.append(text.fixed(feature.auc, 3))
    if model:
        lost = feature.importance
        cells.append(
            text.NOTHING
            if lost is None
            else f"{text.signed(lost.value)} ({text.fixed(lost.low)} to {text.fixed(lost.high)})"
        )
    noted = [] if feature.role == "feature" else ["excluded"]
    if feature.code:
        noted.append(_WORDS[feature.code])
    elif not feature.informative:
        noted.append("no more than chance")
    return [*cells, ", ".join(noted)]
