"""The command line: table of commands, and exit of a command.

Results go to stdout, progress and errors to stderr. A command is a module with two functions,
`add_arguments(parser)` and `run(options)`, which returns the exit code. `COMMANDS` names the
modules as text: only the chosen one is imported, so that no command waits for another's imports,
and the commands of `tidegate_kfp`, which the engine may not import, need not be installed.
"""

from __future__ import annotations

import argparse
import importlib
import io
import sys
from typing import Any, Final, NamedTuple, NoReturn

from tidegate import __version__
from tidegate.core.errors import TidegateError
from tidegate.core.text import nearest

PASS, ERROR, USAGE, HOLD, INTERRUPTED = 0, 1, 2, 3, 130


class Command(NamedTuple):
    """A command: its module and one line of help."""

    module: str
    help: str


COMMANDS: Final = {
    "stats": Command(
        "tidegate.cli.stats", "count, missing, distinct, range and frequent values of every column"
    ),
    "validate": Command(
        "tidegate.cli.validate", "judge files against others: schema, drift, quality"
    ),
    "schema": Command("tidegate.cli.schema", "infer, compare, propose, approve and reject schemas"),
    "measure": Command("tidegate.cli.measure", "which columns carry signal about the label"),
    "skew": Command("tidegate.cli.skew", "compare serving logs with training data"),
    "shift": Command(
        "tidegate.cli.shift", "compare all features of two data sets together, and their labels"
    ),
    "run": Command("tidegate_kfp.cli.run", "run a pipeline on this machine"),
    "submit": Command("tidegate_kfp.cli.submit", "run a pipeline on a Kubeflow Pipelines server"),
    "schedule": Command(
        "tidegate_kfp.cli.schedule", "run a pipeline again and again on a server, one at a time"
    ),
    "status": Command(
        "tidegate_kfp.cli.status", "a server's last runs and its schedules, or the tasks of a run"
    ),
    "logs": Command("tidegate_kfp.cli.logs", "what the components of a run on a server logged"),
    "registry": Command("tidegate_kfp.cli.registry", "list, show and promote published versions"),
    "lineage": Command("tidegate_kfp.cli.lineage", "print what a published version was made from"),
    "compile": Command("tidegate_kfp.cli.compile", "write the YAML of components and pipelines"),
    "completion": Command("tidegate.cli.completion", "print a script that completes in a shell"),
}

#: The extra that installs each package, by import name.
_EXTRAS: Final = {
    "keras": "model",
    "tensorflow": "model",
    "kfp": "kfp",
    "kfp_server_api": "kfp",
    "kubernetes": "kfp",
    "rich": "kfp",
    "tidegate_kfp": "kfp",
}

EXIT_CODES: Final = """\
exit codes:
  0  done; what was judged passes, what was run is published
  1  something could not be read, computed or run
  2  the command line is wrong
  3  hold: the data or the model is not what was promised
"""


class Parser(argparse.ArgumentParser):
    """An argument parser that suggests the nearest command, option or choice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Accept the arguments of `argparse.ArgumentParser`."""
        super().__init__(*args, **kwargs)
        # The parser of the last word knows the options to suggest for an unknown one.
        self.set_defaults(parser=self)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            choices = [str(choice) for choice in action.choices]
            raise argparse.ArgumentError(
                action, f"invalid choice: {str(value)!r}{nearest(str(value), choices)}"
            )

    def reject(self, words: list[str]) -> NoReturn:
        """Exit with an error for words that no argument takes."""
        near = ""
        if words[0].startswith("-"):
            options = [o for o in self._option_string_actions if o.startswith("--")]
            near = nearest(words[0].partition("=")[0], options)
        self.error(f"unrecognized arguments: {' '.join(words)}{near}")


def parser(chosen: str | None = None) -> Parser:
    """Make the parser of the whole command line.

    Args:
        chosen: The only command whose arguments are needed; all by default.
    """
    made = Parser(
        prog="tidegate",
        description="Measure data, hold what is not as promised, and train on what is.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--version", action="version", version=f"tidegate {__version__}")
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        summary = command.help[0].upper() + command.help[1:] + "."
        of_command = commands.add_parser(name, help=command.help, description=summary)
        if chosen in (name, None):
            importlib.import_module(command.module).add_arguments(of_command)
    return made


def main(argv: list[str] | None = None) -> int:
    """Parse a command line, run its command and return the exit code.

    Args:
        argv: The words without the program's name; the process's arguments by default.
    """
    from tidegate.report import terminal

    words = sys.argv[1:] if argv is None else argv
    chosen = next((word for word in words if not word.startswith("-")), "")
    # In a pipe, as in CI's logs, lines should appear when they are written.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    try:
        options, unknown = parser(chosen).parse_known_args(words)
        if unknown:
            options.parser.reject(unknown)
        return int(importlib.import_module(COMMANDS[options.command].module).run(options))
    except TidegateError as error:
        print(f"{terminal.err().red('error:')} {error}", file=sys.stderr)
        return ERROR
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("", "tidegate"):
            raise
        extra = f"[{_EXTRAS[package]}]" if package in _EXTRAS else ""
        print(
            f"{terminal.err().red('error:')} {package} is not installed, and this command needs "
            f"it; install tidegate{extra} (docs/cli.md says how)",
            file=sys.stderr,
        )
        return ERROR
    except BrokenPipeError:
        # The reader (head, less) has seen enough; nothing more may be written, at exit neither.
        terminal.drop_stdout()
        return PASS
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
