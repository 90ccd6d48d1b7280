"""The components that bring data in, measure it and judge it."""
