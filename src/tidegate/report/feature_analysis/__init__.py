"""Which features carry signal."""
