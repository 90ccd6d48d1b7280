"""The command line `tidegate`: what the components do, on files and without Kubeflow."""

from tidegate.cli.program import main

__all__ = ["main"]
