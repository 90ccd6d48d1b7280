"""`tidegate schedule`: run a pipeline on a server regularly."""

from __future__ import annotations

import argparse

from tidegate_kfp.cli import server_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments to its parser."""
    server_options.add_server(parser)
    server_options.add_pipeline(parser)
    parser.add_argument(
        "--cron", required=True, help='when, in UTC: five fields ("0 6 2 * *") or six with seconds'
    )
    parser.add_argument(
        "--span",
        default="before:scheduled",
        help="of each run (default: %(default)s, the span that was over when the run was due, "
        "however late it starts)",
    )
    parser.add_argument(
        "--start", metavar="TIME", help="RFC 3339; one in the past is caught up with (default: now)"
    )
    parser.add_argument("--end", metavar="TIME", help="RFC 3339 (default: never)")
    parser.add_argument(
        "--no-catch-up",
        action="store_true",
        help="leave out times that have passed but for the last, instead of making up for each",
    )
    parser.add_argument("--name", help="of the schedule (default: the pipeline and contract)")
    parser.add_argument(
        "--replace", action="store_true", help="take the place of the schedule of this name"
    )


def run(options: argparse.Namespace) -> int:
    """Create the schedule, and return the exit code.

    Raises:
        TidegateError: the server, or Kubernetes, does not answer or refuses.
    """
    from tidegate_kfp import submission  # KFP's client takes a second to import

    return submission.schedule(options)
