"""Reports on a model's evaluation."""
