"""The components that begin and end a run."""
