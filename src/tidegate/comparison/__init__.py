"""One data set against another: drift, shift and skew."""
