"""Tidegate: Kubeflow Pipelines components in which data is a first-class citizen."""

__version__ = "0.1.0"
