"""The command line `tidegate`: the components' work on files, without Kubeflow."""

from tidegate.cli.program import main

__all__ = ["main"]
