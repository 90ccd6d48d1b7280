"""Kubeflow Pipelines: the components, the pipelines, and what runs and submits them.

The engine, `tidegate`, does not know KFP; this package does. Its folders `components` and
`pipelines` are those at the top of the repository.
"""
