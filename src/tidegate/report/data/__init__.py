"""The page of one span's data."""
