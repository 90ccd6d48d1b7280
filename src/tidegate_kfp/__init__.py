"""Kubeflow Pipelines: components, pipelines, and running and submitting them.

The engine, `tidegate`, does not know KFP; this package does. Its folders `components` and
`pipelines` are the folders at the top of the repository.
"""
