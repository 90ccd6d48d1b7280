"""The components that make a model, judge it and publish it."""
