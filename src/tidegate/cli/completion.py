"""`tidegate completion`: print a script for shell completion."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments to its parser."""
    parser.description = (
        "Print a script that completes commands, options and files. For bash: "
        'eval "$(tidegate completion bash)" in ~/.bashrc.'
    )
    parser.add_argument("shell", choices=["bash", "zsh", "tcsh"])


def run(options: argparse.Namespace) -> int:
    """Print the script."""
    import shtab

    from tidegate.cli.program import PASS, parser

    whole = parser()
    _complete_files(whole, shtab.FILE)
    print(shtab.complete(whole, options.shell))
    return PASS


def _complete_files(parser: argparse.ArgumentParser, files: object) -> None:
    """Complete file names for every argument without choices."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                _complete_files(below, files)
        elif action.choices is None and action.nargs != 0:
            action.complete = files  # type: ignore[attr-defined]
