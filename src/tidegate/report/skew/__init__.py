"""Serving against training."""
