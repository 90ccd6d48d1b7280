"""Mathematics without files: distances, intervals, metrics, binning, quantiles, units."""
