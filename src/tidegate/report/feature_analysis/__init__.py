"""Reports on the signal of features."""
