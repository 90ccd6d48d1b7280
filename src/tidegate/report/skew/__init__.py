"""Reports on training-serving skew."""
