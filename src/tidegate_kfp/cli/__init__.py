"""The commands that use Kubeflow Pipelines, one module each."""
