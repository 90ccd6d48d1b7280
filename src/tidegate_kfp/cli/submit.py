"""`tidegate submit`: run a pipeline on a Kubeflow Pipelines server."""

from __future__ import annotations

import argparse

from tidegate_kfp.cli import server_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments to its parser."""
    server_options.add_server(parser)
    server_options.add_pipeline(parser)
    parser.add_argument(
        "--span",
        action="append",
        help="the period to process, as of `run`; several options are run one after the other",
    )
    parser.add_argument(
        "--no-cache", action="store_true", help="run every task anew, whatever KFP has kept"
    )
    parser.add_argument("--no-wait", action="store_true", help="start the run and end; exit code 0")


def run(options: argparse.Namespace) -> int:
    """Run each span and wait, and return a local run's exit code.

    Raises:
        TidegateError: the server, or Kubernetes, does not answer or refuses.
    """
    from tidegate_kfp import submission  # KFP's client takes a second to import

    return submission.submit(options)
