"""Reports on a schema."""
