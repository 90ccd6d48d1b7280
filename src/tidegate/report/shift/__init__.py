"""Reports on shift between two data sets."""
