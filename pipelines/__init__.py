"""Ready pipelines made of the components."""
