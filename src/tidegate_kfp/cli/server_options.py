"""Options of commands that use a Kubeflow Pipelines server."""

from __future__ import annotations

import argparse
from pathlib import Path

from tidegate.cli.program import EXIT_CODES
from tidegate_kfp import defaults


def add_server(parser: argparse.ArgumentParser) -> None:
    """Add options for the server's address, namespace and experiment."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXIT_CODES
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


def add_pipeline(parser: argparse.ArgumentParser) -> None:
    """Add options for the pipeline and its inputs."""
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
