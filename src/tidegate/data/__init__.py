"""The rows: sources, joins, splits, examples, and what is gathered while they are read."""
