"""Training, evaluation and feature analysis."""
