"""The quality findings of a span, from its statistics and those of the span before."""

from __future__ import annotations

from collections.abc import Iterator

from tidegate.contract import Contract
from tidegate.quality.codes import DEFAULTS
from tidegate.quality.units import conversion
from tidegate.statistics.model import FeatureSummary, Statistics
from tidegate.verdict import Finding

#: A text feature with more distinct values than this share of its rows is a name, not a feature.
NEAR_UNIQUE = 0.95
#: Fewer values than this are near-unique by chance.
MIN_VALUES = 100
#: A placeholder stands out from this share of the values on.
MIN_PLACEHOLDERS = 0.01

PLACEHOLDER_NUMBERS = (-99999.0, -9999.0, -999.0, 9999.0, 99999.0)
PLACEHOLDER_TEXTS = frozenset(
    {"", "n/a", "na", "nan", "null", "none", "unknown", "?", "-", "-999", "-9999", "9999", "99999"}
)
PLACEHOLDER_DATES = ("1970-01-01", "1900-01-01", "0001-01-01")

_Found = tuple[str, str, str]


def quality_findings(
    statistics: Statistics, contract: Contract, *, baseline: Statistics | None
) -> list[Finding]:
    """What is noticed, as severe as `gates.findings` or else `DEFAULTS` says.

    Args:
        statistics: Of the span.
        contract: Its gates, and which columns are features.
        baseline: Of the span before; None, and units are not judged.
    """
    before = {} if baseline is None else baseline.features()
    found: list[Finding] = []
    for name, summary in statistics.features().items():
        is_feature = name not in contract.not_features
        for code, subject, message in _of(summary, before.get(name), is_feature):
            severity = contract.gates.findings.get(code, DEFAULTS[code])
            if severity != "off":
                found.append(Finding(code, subject, severity, message))
    return found


def _of(
    summary: FeatureSummary, before: FeatureSummary | None, is_feature: bool
) -> Iterator[_Found]:
    name = summary.name
    if not summary.count:
        if summary.rows:
            yield (
                "never_populated",
                name,
                f"column {name!r} has no value in any of {summary.rows:,} rows; fix the source, "
                "or drop the column there",
            )
        return
    yield from _placeholders(summary)
    if not is_feature:
        return
    numeric = summary.type != "string"
    if (summary.min is not None and summary.min == summary.max) or summary.unique == 1:
        value = f"{summary.min:g}" if numeric else repr(summary.top_values[0][0])
        yield (
            "constant_column",
            name,
            f"feature {name!r} is {value} in all {summary.count:,} rows that have a value: a model "
            "learns nothing of it; exclude it with features.exclude, or take a longer span",
        )
    unique = summary.unique or 0
    if summary.count >= MIN_VALUES and unique >= NEAR_UNIQUE * summary.count:
        yield (
            "near_unique_column",
            name,
            f"feature {name!r} has about {unique:,} distinct values in {summary.count:,}: a model "
            "can only learn it by heart; exclude it with features.exclude",
        )
    if before is not None and len(before.quantiles) == len(summary.quantiles) == 101:
        converted = conversion(before.quantiles[10:100:10], summary.quantiles[10:100:10])
        if converted is not None:
            units, factor = converted
            yield (
                "unit_change",
                name,
                f"every decile of feature {name!r} changed like {units} (factor {factor:.6g}) "
                "since the span before; convert it in the source",
            )


def _placeholders(summary: FeatureSummary) -> Iterator[_Found]:
    for value, share in _spikes(summary):
        yield (
            "placeholder_values",
            summary.name,
            f"column {summary.name!r} is {value} in about {share:.1%} of {summary.count:,} values, "
            "which looks like a missing value; write it as missing (CSV: source.null_values)",
        )


def _spikes(summary: FeatureSummary) -> Iterator[tuple[str, float]]:
    if summary.type == "string":
        for value, count in summary.top_values:
            text = value.strip().lower()
            known = text in PLACEHOLDER_TEXTS or text.startswith(PLACEHOLDER_DATES)
            if known and MIN_PLACEHOLDERS <= count / summary.count < 1:
                yield repr(value), count / summary.count
        return
    edges = summary.quantiles
    for placeholder in PLACEHOLDER_NUMBERS:
        others = [x for x in edges if x != placeholder]
        spike = len(edges) - len(others) - 1
        if not others or spike < 1 or placeholder not in (edges[0], edges[-1]):
            continue
        gap = others[0] - placeholder if placeholder == edges[0] else placeholder - others[-1]
        if gap > others[-1] - others[0]:
            yield f"{placeholder:g}", spike / (len(edges) - 1)
