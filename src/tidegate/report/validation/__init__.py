"""Reports on the data gate's result."""
