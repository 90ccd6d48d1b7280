"""`python -m pipelines submit|schedule|status|logs`: runs on a Kubeflow Pipelines server."""

from __future__ import annotations

import argparse
from pathlib import Path

from pipelines import defaults

EXIT_CODES = """\
exit codes, as of a run on this machine:
  0  every span was published (or was published before)
  1  a task failed, or the run was cancelled
  2  the command line is wrong
  3  a gate held a span; nothing was published
"""


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the four commands to a command line."""
    submitting = _parser(commands, "submit", "run a pipeline on a Kubeflow Pipelines server")
    _add_pipeline(submitting)
    submitting.add_argument(
        "--span",
        action="append",
        help="the period to process, as of `run`; several options are run one after the other",
    )
    submitting.add_argument(
        "--no-cache", action="store_true", help="run every task anew, whatever KFP has kept"
    )
    submitting.add_argument(
        "--no-wait", action="store_true", help="start the run and end; exit code 0"
    )

    scheduling = _parser(commands, "schedule", "run a pipeline again and again, one run at a time")
    _add_pipeline(scheduling)
    scheduling.add_argument(
        "--cron", required=True, help='when, in UTC: five fields ("0 6 2 * *") or six with seconds'
    )
    scheduling.add_argument(
        "--span",
        default="before:scheduled",
        help="of each run (default: %(default)s, the span that was over when the run was due, "
        "however late it starts)",
    )
    scheduling.add_argument(
        "--start", metavar="TIME", help="RFC 3339; one in the past is caught up with (default: now)"
    )
    scheduling.add_argument("--end", metavar="TIME", help="RFC 3339 (default: never)")
    scheduling.add_argument(
        "--no-catch-up",
        action="store_true",
        help="leave out times that have passed but for the last, instead of making up for each",
    )
    scheduling.add_argument("--name", help="of the schedule (default: the pipeline and contract)")
    scheduling.add_argument(
        "--replace", action="store_true", help="take the place of the schedule of this name"
    )

    showing = _parser(commands, "status", "the last runs and the schedules, or one run's tasks")
    showing.add_argument("run", nargs="?", metavar="RUN", help="a run's identifier")
    showing.add_argument("--wait", action="store_true", help="until it has ended")

    logging = _parser(commands, "logs", "what a run's components said")
    logging.add_argument("run", metavar="RUN", help="a run's identifier")
    logging.add_argument("task", nargs="?", help="e.g. train-model; default: all")
    logging.add_argument(
        "--all", action="store_true", help="with what KFP and Argo say in the same pods"
    )
    logging.add_argument("--follow", action="store_true", help="go on until the component ends")


def run(options: argparse.Namespace) -> int:
    """Do what the command line says; returns the exit code.

    Raises:
        TidegateError: the server, or Kubernetes, does not answer or refuses.
    """
    from pipelines import submission  # KFP's client takes a second to import

    action = {
        "submit": submission.submit,
        "schedule": submission.schedule,
        "status": submission.status,
        "logs": submission.logs,
    }[options.command]
    return action(options)


def _parser(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, text: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=text,
        description=text,
        epilog=None if name in ("schedule", "logs") else EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    server = parser.add_argument_group("the server")
    server.add_argument(
        "--host",
        help="its address, or that of its pages (default: KF_PIPELINES_ENDPOINT, else through "
        "Kubernetes, as the kubeconfig allows)",
    )
    server.add_argument("--ui", help="the address of its pages, where that is another")
    server.add_argument(
        "--namespace", help="of the runs, where users have namespaces of their own (profiles)"
    )
    server.add_argument(
        "--kfp-namespace", default="kubeflow", help="where KFP is installed (default: %(default)s)"
    )
    server.add_argument(
        "--experiment", default="tidegate", help="the group of the runs (default: %(default)s)"
    )
    return parser


def _add_pipeline(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pipeline", choices=["training"])
    parser.add_argument("--contract", required=True, help="the data contract: a URI for the pods")
    parser.add_argument("--registry", required=True, help="what is kept between runs: a URI")
    parser.add_argument(
        "--on-hold",
        choices=["fail", "succeed"],
        default=defaults.ON_HOLD,
        help="whether a held run is shown red (default: %(default)s)",
    )
    parser.add_argument(
        "--settings", type=Path, help="what `compile --settings` takes: images, sizes, nodes"
    )
    parser.add_argument("--service-account", help="of the pods (default: KFP's own)")
