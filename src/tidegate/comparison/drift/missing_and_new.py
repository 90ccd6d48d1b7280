"""Compare a feature's shares of missing and new values with the baseline.

A share is judged by its change: it must exceed a tenth (`PRACTICAL`) of all rows or values, and the
change that chance gives.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from tidegate.comparison.drift.compare import configured_for, is_judged, level_of, slices_of
from tidegate.comparison.drift.reported_metrics import unseen
from tidegate.comparison.drift.thresholds import PRACTICAL
from tidegate.contract import Contract
from tidegate.numerics.quantiles import gamma_quantile, normal_quantile
from tidegate.statistics.model import FeatureSummary, Statistics

#: The number of new values that a message names.
_NAMED = 3

ShareKind = Literal["missing", "unseen"]
SHARES: tuple[ShareKind, ...] = get_args(ShareKind)
ShareStatus = Literal["more", "fewer", "ok"]


@dataclass(frozen=True)
class Share:
    """The share of a feature's missing values, or of its unseen values.

    Attributes:
        feature: The column.
        kind: `missing`, a share of the rows, or `unseen`, a share of the text values.
        baseline: The share in the baseline, in [0, 1]; 0 for `unseen`.
        current: The share in this span, in [0, 1].
        threshold: The change above which the share counts as changed.
        n_current: The rows of this span, with or without a value.
        n_baseline: The rows of the baseline, with or without a value.
        status: Whether the share changed, and in which direction.
        judged: Whether a larger share may hold; otherwise it is recorded only.
        values: Some new values, the most frequent first.
        slice: The slice, as `column=value`; empty for all rows.
    """

    feature: str
    kind: ShareKind
    baseline: float
    current: float
    threshold: float
    n_current: int
    n_baseline: int
    status: ShareStatus
    judged: bool
    values: tuple[str, ...] = ()
    slice: str = ""

    @property
    def holds(self) -> bool:
        """Whether the share grew beyond its threshold and is judged."""
        return self.status == "more" and self.judged

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Share:
        """Restore a share from the fields of `dataclasses.asdict` read from JSON."""
        return cls(**{**fields, "values": tuple(fields["values"])})


def compare_shares(statistics: Statistics, baseline: Statistics, contract: Contract) -> list[Share]:
    """Compute every common feature's shares, over all rows, then by slice.

    Columns that no model sees have none, except the label. Unseen values are known where the
    baseline has values and lists them all.

    Args:
        statistics: The statistics of the span.
        baseline: The statistics of the baseline.
        contract: The contract with `gates.drift`.
    """
    level = level_of(statistics, baseline, contract)
    result = list(_shares(statistics, baseline, contract, level))
    for name, now, before in slices_of(statistics, baseline):
        result += [replace(s, slice=name) for s in _shares(now, before, contract, level)]
    return result


def _shares(
    statistics: Statistics, baseline: Statistics, contract: Contract, level: float
) -> Iterator[Share]:
    by_name = baseline.features()
    for name, current in statistics.features().items():
        earlier = by_name.get(name)
        if earlier is None or not current.rows or not earlier.rows:
            continue
        if not is_judged(contract, name):
            continue
        judged = configured_for(contract, name) != "report"
        yield _missing(current, earlier, level, judged=judged)
        yield from _unseen(current, earlier, level, judged=judged)


def _missing(
    current: FeatureSummary, baseline: FeatureSummary, level: float, *, judged: bool
) -> Share:
    a, b = baseline.missing_fraction, current.missing_fraction
    pooled = (baseline.missing + current.missing) / (baseline.rows + current.rows)
    deviation = math.sqrt(pooled * (1 - pooled) * (1 / baseline.rows + 1 / current.rows))
    threshold = max(PRACTICAL, normal_quantile(level / 2) * deviation)
    status: ShareStatus = "ok"
    if abs(b - a) > threshold:
        status = "more" if b > a else "fewer"
    return Share(
        feature=current.name,
        kind="missing",
        baseline=a,
        current=b,
        threshold=threshold,
        n_current=current.rows,
        n_baseline=baseline.rows,
        status=status,
        judged=judged,
    )


def _unseen(
    current: FeatureSummary, baseline: FeatureSummary, level: float, *, judged: bool
) -> Iterator[Share]:
    share = unseen(current, baseline) if current.type == baseline.type == "string" else None
    if share is None or not baseline.count:
        return
    known = dict(baseline.top_values)
    threshold = max(PRACTICAL, unseen_by_chance([*known.values()], current.count, level))
    new = [value for value, _ in current.top_values if value not in known]
    yield Share(
        feature=current.name,
        kind="unseen",
        baseline=0.0,
        current=share,
        threshold=threshold,
        n_current=current.rows,
        n_baseline=baseline.rows,
        status="more" if share > threshold else "ok",
        judged=judged,
        values=tuple(new[:_NAMED]),
    )


def unseen_by_chance(counts: Sequence[int], n: int, level: float) -> float:
    """The share of unseen values that chance exceeds with probability `level`.

    New values have about the share of the values that were seen once (Good 1953), one more at
    least, with a variance from the values seen once and twice (Esty 1983), and that of a share of
    `n`; the quantile is that of the gamma distribution with these two moments. A frequent value
    that falls into one of two samples only is a separate case: the probability that it does so
    halves with every row where the samples are equal.

    Args:
        counts: How often each value occurs in the baseline.
        n: The number of values in the span.
        level: The probability, in (0, 0.5].
    """
    m, once, twice = sum(counts), counts.count(1), counts.count(2)
    expected = (once + 1) / (m + 1)
    variance = (once + 2 * twice) / m**2 + expected * (1 - expected) / n
    rare = gamma_quantile(expected**2 / variance, level) * variance / expected
    alone = math.log(level / len(counts)) / math.log(n / (n + m)) / n
    return max(rare, alone)
