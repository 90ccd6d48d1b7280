"""Drift: how a span differs from an earlier one, beyond chance.

reported_metrics  PSI, Kolmogorov-Smirnov and Wasserstein, reported but not judged
noise_floor       the distance between two samples of one distribution
thresholds        when a distance counts as drift, and where that limit comes from
learned           limits learned from the steps between accepted spans
baselines         the accepted spans that a span is compared with
history           the statistics of accepted spans in the registry
describe          one sentence on what changed
compare           the distances of every feature of two spans
missing_and_new   the shares of missing and of unseen values of every feature
findings          distances and shares as findings of the verdict

`baselines` is imported where TFDV is not installed, so this module imports nothing.
"""
