"""A schema in words."""
