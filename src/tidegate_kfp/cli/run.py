"""`tidegate run`: run a pipeline on this machine, span by span."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tidegate.cli.program import EXIT_CODES, INTERRUPTED, PASS
from tidegate_kfp import defaults


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments to its parser."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXIT_CODES
    parser.add_argument("pipeline", choices=["training"])
    parser.add_argument("--contract", required=True, help="the data contract: a file or URI")
    parser.add_argument(
        "--registry", required=True, help="what is kept between runs: a directory or URI"
    )
    parser.add_argument(
        "--span",
        action="append",
        help="the period to process: a span, 2013-01..2013-03, last:3, latest (the default) or "
        "another selection of docs/spans.md; several options are run one after the other",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("build/runs"), help="where reports and logs go"
    )
    parser.add_argument(
        "--on-hold",
        choices=["fail", "succeed"],
        default=defaults.ON_HOLD,
        help="whether a held run counts as failed (default: %(default)s)",
    )
    parser.add_argument(
        "--cache",
        action="store_true",
        help="take the results of earlier runs in --out where nothing they were made from has "
        "changed, and keep those of this one",
    )


def run(options: argparse.Namespace) -> int:
    """Run spans until one is not published, and return the exit code.

    Raises:
        TidegateError: the contract cannot be read.
    """
    from tidegate_kfp.console import run_and_report

    try:
        for span in options.span or [defaults.SPAN]:
            code = run_and_report(
                contract=options.contract,
                registry=options.registry,
                span=span,
                on_hold=options.on_hold,
                out=options.out,
                cached=options.cache,
            )
            if code != PASS:
                return code
    except KeyboardInterrupt:
        print("\ninterrupted; start the run again and it goes on safely", file=sys.stderr)
        return INTERRUPTED
    return PASS
