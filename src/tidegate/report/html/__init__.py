"""Parts of every page: frame, charts, distributions."""
