"""The components that keep the schema."""
