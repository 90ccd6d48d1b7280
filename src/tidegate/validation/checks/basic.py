"""Check row counts, leakage, label, statistics and stray values."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from tidegate.contract import Contract
from tidegate.core.text import number, percent
from tidegate.core.verdict import Finding
from tidegate.schema import anomalies, domains
from tidegate.statistics.model import FeatureSummary, Statistics

#: A value that differs from a known one only in case or spaces comes from a broken writer: it
#: holds above this share of the values, a tenth of the tolerated share of unseen values.
MAX_RESPELLED = 0.001


def too_few(statistics: Statistics, contract: Contract) -> Iterable[Finding]:
    """Check that the span and every split have enough rows."""
    rows = statistics.num_examples()
    if rows == 0:
        yield Finding(
            "no_examples", "", "hold", f"span {statistics.span!r} has no rows; fix the source"
        )
        return
    if rows < contract.gates.min_examples:
        yield Finding(
            "too_few_examples",
            "",
            "hold",
            f"span {statistics.span!r} has {rows:,} rows, fewer than the "
            f"{contract.gates.min_examples:,} of gates.min_examples: too few to judge; take a "
            "longer span, or lower it",
        )
    for split in statistics.splits:
        if statistics.num_examples(split) == 0:
            yield Finding(
                "empty_split",
                "",
                "hold",
                f"split {split!r} of span {statistics.span!r} has no rows; take a longer span, or "
                "change splits in the contract",
            )


def leakage(statistics: Statistics, contract: Contract) -> Iterable[Finding]:
    """Report values that occur in more than one split."""
    by_hash = contract.splits.by != "time" and contract.splits.column is None
    for fact in statistics.leakage:
        columns = ", ".join(fact.columns)
        phrase = f"of {fact.values:,} values of {columns} stand in more than one split"
        if not fact.shared:
            yield Finding("no_leakage", columns, "info", f"none {phrase}")
        elif by_hash and fact.columns == contract.split_columns:
            yield Finding(
                "leakage",
                columns,
                "hold",
                f"{fact.shared:,} {phrase}, and splits.by hashes them: the examples are not what "
                "they should be; ingest the span again",
            )
        else:
            yield Finding(
                "leakage",
                columns,
                "warn",
                f"{fact.shared:,} {phrase}: what a model learns of them by heart helps it on eval; "
                f"splits.by: hash({columns}) keeps each in one",
            )


def label_findings(statistics: Statistics, contract: Contract) -> Iterable[Finding]:
    """Check that every row has a label, with more than one value."""
    name = contract.label
    if name is None:
        return
    for split in statistics.splits:
        summary = statistics.features(split).get(name)
        where = "" if split == "all" else f" in split {split!r}"
        if summary is None:
            yield Finding(
                "label_absent",
                name,
                "hold",
                f"the label {name!r} is not in the data; restore it in the source, or name "
                "another label in the contract",
            )
            return
        if summary.missing + summary.nans:
            yield Finding(
                "label_missing_values",
                name,
                "hold",
                f"the label {name!r} is missing in {summary.missing + summary.nans:,} of "
                f"{summary.rows:,} rows; fix the source, or leave out rows that have none yet",
            )
            return
        if summary.rows and _one_value(summary):
            value = summary.top_values[0][0] if summary.top_values else f"{number(summary.min)}"
            yield Finding(
                "label_one_value",
                name,
                "hold",
                f"the label {name!r} has one value only{where} ({value!r} in {summary.rows:,} "
                "rows): there is nothing to learn; take a longer span or fix the source",
            )
            return


def _one_value(summary: FeatureSummary) -> bool:
    return summary.unique == 1 if summary.type == "string" else summary.min == summary.max


def not_computable(features: dict[str, FeatureSummary], contract: Contract) -> Iterable[Finding]:
    """Report numeric columns without a finite mean, deviation or median."""
    for name, summary in features.items():
        if summary.type == "string" or summary.count == 0:
            continue
        figures = {"mean": summary.mean, "std": summary.std, "median": summary.median}
        wrong = [k for k, v in figures.items() if v is None or not math.isfinite(v)]
        if wrong:
            yield Finding(
                "statistic_not_computable",
                name,
                "warn" if name in contract.not_features else "hold",
                f"{', '.join(wrong)} of column {name!r} cannot be computed: {summary.nans:,} of "
                f"{summary.count:,} values are NaN, the others from {summary.min} to "
                f"{summary.max}; fix the source",
            )
        elif summary.nans and name not in contract.not_features:
            yield Finding(
                "nan_values",
                name,
                "warn",
                f"feature {name!r} has {summary.nans:,} values of {summary.count:,} that are NaN; "
                "write a missing value instead",
            )


def out_of_domain_values(
    features: dict[str, FeatureSummary], schema: Any, contract: Contract
) -> Iterable[Finding]:
    """Report out-of-domain values that stay below TFDV's limit."""
    for feature in schema.feature:
        summary, known = features.get(feature.name), domains.domain_of(schema, feature)
        if summary is None or not known or not summary.top_values:
            continue
        values = domains.unseen(summary, known)
        share = sum(c for _, c in values) / summary.count
        tolerated = 1 - feature.distribution_constraints.min_domain_mass
        if not values or share > tolerated:
            continue
        spelled = domains.respelled(values, known)
        respelled = [(v, c) for v, c in values if v in spelled]
        if sum(c for _, c in respelled) / summary.count > MAX_RESPELLED:
            pairs = ", ".join(f"{v!r} for {spelled[v]!r}" for v, _ in respelled[: anomalies.SHOWN])
            yield Finding(
                "respelled_values",
                feature.name,
                "warn" if feature.name in contract.features.exclude else "hold",
                f"column {feature.name!r} spells known values in another way ({pairs}; "
                f"{sum(c for _, c in respelled):,} rows); fix the source, or add them to its "
                "domain in schema.pbtxt",
            )
        else:
            yield Finding(
                "unseen_values",
                feature.name,
                "warn",
                f"column {feature.name!r} has values nobody has seen: "
                f"{anomalies.shown(values, summary.count)}, below the {percent(tolerated)} that "
                "are tolerated; add them to its domain in schema.pbtxt if they are to stay",
            )


def baseline_findings(statistics: Statistics, baseline: Statistics | None) -> Iterable[Finding]:
    """Check that there is a baseline with rows."""
    if baseline is None:
        yield Finding(
            "no_baseline",
            "",
            "warn",
            f"there is no span before {statistics.span!r} to compare with: drift is not judged",
        )
    elif baseline.num_examples() == 0:
        yield Finding(
            "empty_baseline",
            "",
            "hold",
            f"the baseline, span {baseline.span!r}, has no rows: drift cannot be judged; choose "
            "another",
        )
