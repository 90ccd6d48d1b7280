"""All features of two spans together."""
