"""How a span differs from an earlier one, and whether that is more than chance.

    cells       one feature of two spans over cells that both share
    customary   PSI, Kolmogorov-Smirnov and Wasserstein, for readers used to them
    tails       quantiles of the gamma and the t distribution
    chance      how far apart two samples of one distribution are
    thresholds  when a distance counts as drift, and where that limit comes from
    learned     what the steps between accepted spans lead to expect
    against     which accepted spans a span is compared with
    merging     the statistics of several spans as one
    words       what changed, in one sentence
    compare     every feature of two spans
    shares      missing and new values of every feature of two spans
    sliced      which slices are told of, and whether they hold
    findings    what the distances mean for the verdict

`against` is imported where TFDV is not installed, so this module imports nothing.
"""
