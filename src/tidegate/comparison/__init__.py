"""Comparisons of two data sets: drift, shift and skew."""
