"""The rows: sources, joins, splits, examples, and facts about them."""
