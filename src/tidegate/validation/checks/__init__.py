"""The checks of the gate for data."""
