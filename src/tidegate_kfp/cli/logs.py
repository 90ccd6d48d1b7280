"""`tidegate logs`: print the logs of a server run's components."""

from __future__ import annotations

import argparse

from tidegate_kfp.cli import server_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments to its parser."""
    server_options.add_server(parser)
    parser.add_argument("run", metavar="RUN", help="a run's identifier")
    parser.add_argument("task", nargs="?", help="e.g. train-model; default: all")
    parser.add_argument(
        "--all", action="store_true", help="with what KFP and Argo say in the same pods"
    )
    parser.add_argument("--follow", action="store_true", help="go on until the component ends")


def run(options: argparse.Namespace) -> int:
    """Print the logs, and return the exit code.

    Raises:
        TidegateError: the server, or Kubernetes, does not answer or refuses.
    """
    from tidegate_kfp import submission  # KFP's client takes a second to import

    return submission.logs(options)
