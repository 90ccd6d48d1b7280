"""`tidegate shift`: what tells some rows from others, and how their labels differ."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tidegate.cli.inputs import data, rows
from tidegate.contract import Contract
from tidegate.core import text
from tidegate.report import terminal

if TYPE_CHECKING:
    from tidegate.comparison.shift import FeatureShift, Shift, Side

_HOLD: Final = 3
#: Features that are shown.
_SHOWN: Final = 20


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to a command line."""
    parser = commands.add_parser(
        "shift",
        help="what tells two sets of rows apart, and how their labels differ",
        description="Train a classifier to tell rows of CURRENT from rows of BASELINE by their "
        "features: an AUC of 0.5 means that it cannot. The labels are compared apart.",
        epilog="Without --contract, columns of times and names of rows are left out: they tell "
        "any two files apart.",
    )
    parser.add_argument("current", metavar="CURRENT", help="a file, directory or URI; a directory "
                        "of ingested examples; or, with a contract, a span")  # fmt: skip
    parser.add_argument("--against", required=True, metavar="BASELINE", help="the same, of before")
    parser.add_argument("--contract", metavar="FILE", help="names label, key and exclusions")
    parser.add_argument("--format", choices=["text", "json", "html"], default="text")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write there, not to stdout")
    parser.add_argument(
        "--hold-above",
        type=float,
        metavar="AUC",
        help="exit with 3 where the lower end of the AUC's interval is above this",
    )
    rows.add_options(parser.add_argument_group("what there is to say without a contract"))
    data.add_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Compare, write what was found, and return 0 or 3."""
    from tidegate.comparison import shift

    given = rows.given_contract(options)
    how = data.dialect(options)
    before, contract = _taken(options.against, given, how)
    now, _ = _taken(options.current, given, how)
    left_out: dict[str, str] = {}
    if given is None:
        excluded = options.exclude or ()
        named = {*excluded, options.label}
        left_out = shift.meaningless(now.rows, before.rows, {n for n in named if n})
        contract = rows.described(contract, options.label, [*excluded, *left_out])
    found = shift.compare(now, before, contract)
    found.left_out.update(left_out)
    match options.format:
        case "json":
            made = json.dumps(found.to_json(), indent=1, ensure_ascii=False, allow_nan=False)
        case "html":
            from tidegate.report import shift_page

            made = shift_page(found, contract)
        case _:
            ink = terminal.out() if options.out is None else terminal.Ink(coloured=False)
            made = as_text(found, ink=ink, limit=terminal.width() if options.out is None else None)
    terminal.write(made, options.out)
    return _HOLD if options.hold_above is not None and found.auc.low > options.hold_above else 0


def _taken(argument: str, given: Contract | None, how: data.Dialect) -> tuple[Side, Contract]:
    """Some rows, and their contract."""
    from tidegate.comparison import shift
    from tidegate.comparison.shift.compare import MAX_ROWS
    from tidegate.data.sampling import sample

    with rows.opened(argument, given, how) as opened:
        if opened.examples is not None:
            return shift.of_examples(opened.examples), opened.contract
        return shift.Side(opened.name, *sample(opened.batches, MAX_ROWS)), opened.contract


def as_text(found: Shift, *, ink: terminal.Ink, limit: int | None) -> str:
    """What the features say, what the label says, and a line for each feature."""
    from tidegate.report.shift.page import features_in_words, label_in_words

    lines = [
        f"{ink.bold(found.current)} ({text.count(found.rows[1], 'row')}) against {found.baseline} "
        f"({text.count(found.rows[0], 'row')})",
        "",
        terminal.clean(features_in_words(found)),
    ]
    if found.label is not None:
        lines.append(terminal.clean(label_in_words(found.label)))
    lines += [
        "",
        *terminal.table(
            ["feature", "AUC alone", "95%", "weight", "moved most"],
            [_line(f) for f in found.features[:_SHOWN]],
            align="lrrrl",
            ink=ink,
            limit=limit,
        ),
    ]
    if len(found.features) > _SHOWN:
        lines.append(ink.dim(f"{len(found.features) - _SHOWN} more with --format json or html"))
    lines += [
        ink.dim(f"not compared: {terminal.clean(name)} ({why})")
        for name, why in found.left_out.items()
    ]
    return "\n".join(lines)


def _line(feature: FeatureShift) -> list[str]:
    from tidegate.report.shift.page import moved_in_words

    auc = feature.auc
    return [
        feature.name,
        text.fixed(auc.value, 3),
        f"{text.fixed(auc.low, 3)} to {text.fixed(auc.high, 3)}",
        text.percent(feature.weight),
        moved_in_words(feature) if feature.told else "no more than chance gives",
    ]
