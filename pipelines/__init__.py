"""The pipelines: a definition and its compiled YAML each."""
