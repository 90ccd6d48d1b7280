"""`tidegate status`: show a server's last runs and schedules, or one run."""

from __future__ import annotations

import argparse

from tidegate_kfp.cli import server_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments to its parser."""
    server_options.add_server(parser)
    parser.add_argument("run", nargs="?", metavar="RUN", help="a run's identifier")
    parser.add_argument("--wait", action="store_true", help="until it has ended")


def run(options: argparse.Namespace) -> int:
    """Print the status, and return an ended run's exit code.

    Raises:
        TidegateError: the server, or Kubernetes, does not answer or refuses.
    """
    from tidegate_kfp import submission  # KFP's client takes a second to import

    return submission.status(options)
