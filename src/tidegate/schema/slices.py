"""Find anomalies that a slice has and all rows together do not.

Each slice is validated against the schema without the constraints that apply to all rows only: the
number of rows, the number of distinct values, the distances from another span. A column may always
have had more missing values, or more values outside its domain, in one slice than in all rows; so
a slice is also compared with the same slice of the baseline.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from tidegate.contract import Contract
from tidegate.core.verdict import Finding, Severity
from tidegate.numerics.quantiles import normal_quantile
from tidegate.schema import conformance as against
from tidegate.schema import domains
from tidegate.statistics.model import FeatureSummary, Statistics
from tidegate.statistics.slice_findings import others, slice_severity
from tidegate.statistics.slices import defines_slice

_GRAVITY: tuple[Severity, ...] = ("hold", "warn", "info")
#: A slice has the columns of the whole.
_OF_COLUMNS = {"schema_missing_column", "schema_new_column"}
_MISSING = {"feature_type_low_fraction_present", "feature_type_not_present"}
_UNSEEN = {"enum_type_unexpected_string_values"}


@dataclass(frozen=True)
class _Anomaly:
    """One anomaly of one slice.

    Attributes:
        finding: The finding from the slice's data and the schema.
        slice: The name of the slice.
        n_current: The rows of the slice.
        severity: The severity in the verdict.
        baseline: The state of the same slice in the baseline, as the end of a message.
    """

    finding: Finding
    slice: str
    n_current: int
    severity: Severity
    baseline: str

    @property
    def feature(self) -> str:
        """The column."""
        return self.finding.subject


def findings(
    statistics: Statistics,
    schema: Any,
    contract: Contract,
    *,
    baseline: Statistics | None,
    environment: str,
    known: Iterable[Finding],
    baseline_name: str = "the baseline",
) -> Iterator[Finding]:
    """Report slice anomalies, one finding per column and kind.

    It holds where the slice has `gates.drift.min_slice_share` of the rows and the same slice of the
    baseline did not have it; in a smaller slice, or one that the baseline lacks, it warns; an
    anomaly that the baseline had too is shown only. A share that chance could give is no anomaly:
    `gates.drift.false_alarms` is divided by the number of judged columns and slices.

    Args:
        statistics: The statistics of the span.
        schema: The schema for all rows.
        contract: The contract with its gates and excluded columns.
        baseline: The statistics of the baseline; None if there is none.
        environment: The schema's environment.
        known: The findings over all rows; they are not reported again.
        baseline_name: The name of the baseline in messages.

    Raises:
        SchemaError: the schema is one TFDV cannot work with.
    """
    slices = statistics.by_slice()
    if not slices:
        return
    reported = {(f.code, f.subject) for f in known}
    earlier = {} if baseline is None else baseline.by_slice()
    expected = _of_slices(schema)
    judged = len(slices) * max(len(statistics.features()), 1)
    level = contract.gates.drift.false_alarms / judged
    rows = max(statistics.num_examples(), 1)
    found: dict[tuple[str, str], list[_Anomaly]] = {}
    for name, current in slices.items():
        new = [
            finding
            for finding in _anomalies(current, expected, contract, environment)
            if (finding.code, finding.subject) not in reported
            and not defines_slice(name, finding.subject)
        ]
        if not new:
            continue
        before = earlier.get(name)
        there = [] if before is None else _anomalies(before, expected, contract, environment)
        for finding in new:
            share = _share(finding, current.features().get(finding.subject), expected)
            if share is not None and share.by_chance(level):
                continue
            severity, phrase = slice_severity(current.num_examples() / rows, contract), ""
            if before is None:
                severity = "warn"
                phrase = f"; {baseline_name} has no such slice" if baseline is not None else ""
            else:
                then = _share(finding, before.features().get(finding.subject), expected)
                alike = (finding.code, finding.subject) in {(f.code, f.subject) for f in there}
                if share is not None and then is not None:
                    # Some may have been there before, and many more be there now.
                    alike = share.as_in(then, level)
                if alike:
                    severity, phrase = "info", f"; so it was in {baseline_name}"
            severity = max(severity, finding.severity, key=_GRAVITY.index)
            found.setdefault((finding.code, finding.subject), []).append(
                _Anomaly(finding, name, current.num_examples(), severity, phrase)
            )
    for of_one in found.values():
        yield _finding(of_one)


def _finding(found: list[_Anomaly]) -> Finding:
    gravest = min((a.severity for a in found), key=_GRAVITY.index)
    alike = [a for a in found if a.severity == gravest]
    # The largest of its combination of columns comes first.
    first = alike[0]
    return replace(
        first.finding,
        severity=gravest,
        slice=first.slice,
        message=f"in slice {first.slice} ({first.n_current:,} rows), not over all rows: "
        f"{first.finding.message}{first.baseline}{others(first, alike)}",
    )


def _anomalies(
    statistics: Statistics, schema: Any, contract: Contract, environment: str
) -> list[Finding]:
    _rank(statistics)
    reported = against.validate_with_tfdv(statistics, schema, None, environment)
    features = statistics.features()
    found = against.findings(reported, features, schema, contract, environment, False)
    return [finding for finding in found if finding.code not in _OF_COLUMNS]


def _rank(statistics: Statistics) -> None:
    """Fill in the value ranks that TFDV reads; slices lack them."""
    for feature in statistics.split().features:
        ranks = feature.string_stats.rank_histogram
        if not feature.HasField("string_stats") or ranks.buckets:
            continue
        for place, top in enumerate(feature.string_stats.top_values):
            ranks.buckets.add(
                low_rank=place, high_rank=place, label=top.value, sample_count=top.frequency
            )


def _of_slices(schema: Any) -> Any:
    """Copy a schema without constraints that apply to all rows only."""
    made = type(schema)()
    made.CopyFrom(schema)
    made.ClearField("dataset_constraints")
    for feature in made.feature:
        feature.presence.ClearField("min_count")
        for field in ("unique_constraints", "drift_comparator", "skew_comparator"):
            feature.ClearField(field)
    return made


@dataclass(frozen=True)
class _Share:
    """The share of a slice's values that are missing or out-of-domain.

    Attributes:
        count: The number of such values.
        of: The number of all values, at least one.
        tolerated: The share that the schema tolerates, in [0, 1].
    """

    count: int
    of: int
    tolerated: float

    def by_chance(self, level: float) -> bool:
        """Whether a tolerated share gives this count with probability above `level`.

        By Hoeffding's bound (1963, theorem 1) of the upper tail of a binomial distribution,
        exp(-n KL(share || tolerated)), which is never too small.
        """
        share = self.count / self.of
        if share <= self.tolerated:
            return True
        if not self.tolerated:
            return False
        divergence = share * math.log(share / self.tolerated)
        if share < 1:
            divergence += (1 - share) * math.log((1 - share) / (1 - self.tolerated))
        return self.of * divergence < -math.log(level)

    def as_in(self, before: _Share, level: float) -> bool:
        """Whether the two shares differ no more than by chance."""
        pooled = (self.count + before.count) / (self.of + before.of)
        deviation = math.sqrt(pooled * (1 - pooled) * (1 / self.of + 1 / before.of))
        change = self.count / self.of - before.count / before.of
        return change <= normal_quantile(level) * deviation


def _share(finding: Finding, summary: FeatureSummary | None, schema: Any) -> _Share | None:
    """The share behind an anomaly; None if there is none."""
    expected = next((f for f in schema.feature if f.name == finding.subject), None)
    if summary is None or expected is None:
        return None
    if finding.code in _MISSING and summary.rows:
        return _Share(summary.missing, summary.rows, 1 - expected.presence.min_fraction)
    if finding.code in _UNSEEN and summary.count:
        values = domains.unseen(summary, domains.domain(schema, finding.subject))
        mass = expected.distribution_constraints.min_domain_mass
        return _Share(sum(count for _, count in values), summary.count, 1 - mass)
    return None
