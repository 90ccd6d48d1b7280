"""The command line of the pipelines: compile them, run them here or on a server, look back."""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

from pipelines import defaults, lineage_cli, registry_cli, submission_cli
from tidegate.core.errors import TidegateError

EXIT_CODES = """\
exit codes of run:
  0  every span was published (or was published before)
  1  a task failed
  2  the command line is wrong
  3  a gate held a span; nothing was published
"""


def main(argv: list[str] | None = None) -> int:
    """Parse the command line and do what it says; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m pipelines", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    compiling = commands.add_parser("compile", help="write components/*/component.yaml and *.yaml")
    compiling.add_argument(
        "--check", action="store_true", help="write nothing; fail if a file is not current"
    )
    compiling.add_argument(
        "--settings",
        type=Path,
        help="images, sizes, nodes and more of the pods: a file like deploy/settings.example.yaml",
    )
    compiling.add_argument(
        "--registry", help="stands before the images' names, such as registry.example/team"
    )
    compiling.add_argument(
        "--out",
        type=Path,
        help="where to write (default: this repository's own files; with --settings or --registry "
        "build/compiled)",
    )

    running = commands.add_parser(
        "run",
        help="run a pipeline on this machine",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    running.add_argument("pipeline", choices=["training"])
    running.add_argument("--contract", required=True, help="the data contract: a file or URI")
    running.add_argument(
        "--registry", required=True, help="what is kept between runs: a directory or URI"
    )
    running.add_argument(
        "--span",
        action="append",
        help="the period to process: a span, 2013-01..2013-03, last:3, latest (the default) or "
        "another selection of docs/spans.md; several options are run one after the other",
    )
    running.add_argument(
        "--out", type=Path, default=Path("build/runs"), help="where reports and logs go"
    )
    running.add_argument(
        "--on-hold",
        choices=["fail", "succeed"],
        default=defaults.ON_HOLD,
        help="whether a held run counts as failed (default: %(default)s)",
    )
    running.add_argument(
        "--cache",
        action="store_true",
        help="take the results of earlier runs in --out where nothing they were made from has "
        "changed, and keep those of this one",
    )

    submission_cli.add_parsers(commands)
    registry_cli.add_parser(commands)
    lineage_cli.add_parser(commands)

    options = parser.parse_args(argv)
    try:
        if options.command == "compile":
            return _compile(options)
        if options.command == "registry":
            return registry_cli.run(options)
        if options.command == "lineage":
            return lineage_cli.run(options)
        if options.command == "run":
            return _run(options)
        return submission_cli.run(options)
    except TidegateError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; start the run again and it goes on safely", file=sys.stderr)
        return 130


def _compile(options: argparse.Namespace) -> int:
    from pipelines import compilation
    from pipelines.settings import DEFAULT, Settings

    settings = Settings.load(options.settings) if options.settings else DEFAULT
    if options.registry is not None:
        settings = settings.at(options.registry)
    out = options.out
    if out is None and settings is not DEFAULT:
        out = Path("build/compiled")
    paths = (compilation.stale if options.check else compilation.compile_all)(settings, out)
    for path in paths:
        shown = path if out else path.relative_to(compilation.ROOT)
        print(f"{shown} is not current; compile it" if options.check else f"wrote {shown}")
    return 1 if options.check and paths else 0


def _run(options: argparse.Namespace) -> int:
    from pipelines.console import run_and_report

    for span in options.span or [defaults.SPAN]:
        code = run_and_report(
            contract=options.contract,
            registry=options.registry,
            span=span,
            on_hold=options.on_hold,
            out=options.out,
            cached=options.cache,
        )
        if code:
            return code
    return 0


if __name__ == "__main__":
    # In a pipe, as in CI's logs, lines are to be seen when they are written.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    sys.exit(main())
