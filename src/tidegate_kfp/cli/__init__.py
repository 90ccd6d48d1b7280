"""The commands that know Kubeflow Pipelines: a module each."""
