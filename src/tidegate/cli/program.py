"""Which commands there are, and how a command line ends.

Results go to stdout, progress and errors to stderr. A command is a module of this package with two
functions: `add_parser(commands)`, which sets `run` as a default, and `run(options)`, which returns
the exit code; `_COMMANDS` lists them. TensorFlow and TFDV take seconds to import, so only `run`
does.
"""

from __future__ import annotations

import argparse
import sys
from typing import Final

from tidegate import __version__
from tidegate.cli import measure, schema, shift, skew, stats, validate
from tidegate.core.errors import TidegateError
from tidegate.report import terminal

PASS, ERROR, USAGE, HOLD, INTERRUPTED = 0, 1, 2, 3, 130

_COMMANDS: Final = (stats, validate, schema, measure, skew, shift)

#: What the extra `ml` brings: without it the package installs, and hardly a command runs.
_EXTRA: Final = frozenset(
    {"duckdb", "tensorflow", "tensorflow_data_validation", "tensorflow_metadata", "tfx_bsl"}
)

_EXIT_CODES: Final = """\
exit codes:
  0  done; what was judged passes
  1  something could not be read or computed
  2  the command line is wrong
  3  hold: the data is not what was promised
"""


def main(argv: list[str] | None = None) -> int:
    """Parse a command line and do what it says; returns the exit code.

    Args:
        argv: Without the program's name; what the process was started with by default.
    """
    parser = argparse.ArgumentParser(
        prog="tidegate",
        description="Measure data and hold what is not as promised.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"tidegate {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in _COMMANDS:
        command.add_parser(commands)
    options = parser.parse_args(argv)
    try:
        return int(options.run(options))
    except TidegateError as error:
        print(f"{terminal.err().red('error:')} {error}", file=sys.stderr)
        return ERROR
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        print(
            f"{terminal.err().red('error:')} {error.name} is not installed, and this command needs "
            "it; install the packages of requirements/ml.txt (docs/cli.md says how)",
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
