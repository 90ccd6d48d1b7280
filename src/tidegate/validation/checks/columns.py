"""Derive quality findings from the statistics of a span and its baseline."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from tidegate.contract import Contract
from tidegate.core.codes import SETTABLE
from tidegate.core.text import exactly, number, percent
from tidegate.core.verdict import Finding
from tidegate.data.facts import NEAR_UNIQUE, PLACEHOLDER_DAYS
from tidegate.data.times import is_time
from tidegate.numerics.counts import between
from tidegate.numerics.units import conversion
from tidegate.statistics.model import FeatureSummary, Statistics
from tidegate.validation.checks.rows import MIN_VALUES, Found, Past, row_findings

#: The least share of the values at which a placeholder is reported.
MIN_PLACEHOLDERS = 0.01

#: The fewest distinct values of a text column to be recognised as numbers or dates.
MIN_KINDS = 5
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)

PLACEHOLDER_TEXTS = frozenset(
    {"", "n/a", "na", "nan", "null", "none", "unknown", "?", "-", "-999", "-9999", "9999", "99999"}
)

#: Tukey's outer fences: a value this many interquartile ranges beyond a quartile is far out
#: (J. W. Tukey, Exploratory Data Analysis, 1977, chapter 2).
FAR_OUT = 3.0
#: Outliers are reported above this share of the values; fewer are the tail most features have.
MIN_OUTLIERS = 0.05
#: A value is extreme if its distance from the 99th (or 1st) percentile is this many times that
#: percentile's distance from the median.
EXTREME = 10.0


def quality_findings(
    statistics: Statistics,
    contract: Contract,
    *,
    baseline: Statistics | None,
    history: Sequence[Past] = (),
    now: datetime | None = None,
) -> list[Finding]:
    """Report quality findings with their configured or default severity.

    Args:
        statistics: The statistics of the span.
        contract: The contract with gates and features.
        baseline: The statistics of the span before; if None, units are not judged.
        history: The accepted spans before this one, the newest last; if empty, volume is not
            judged.
        now: The time at which freshness is judged; the current time by default.
    """
    before = {} if baseline is None else baseline.features()
    found: list[Finding] = []
    reported: set[tuple[str, str]] = set()
    for code, subject, message, *graver in itertools.chain(
        row_findings(statistics, contract, history=history, now=now or datetime.now(UTC)),
        *(
            _of(
                summary,
                before.get(name),
                is_feature=name not in contract.not_features,
                is_named=name in contract.features.categorical,
            )
            for name, summary in statistics.features().items()
        ),
    ):
        default = graver[0] if graver else SETTABLE[code]
        severity = contract.gates.severity(code, subject, default=default)
        # Facts from the rows are exact, statistics approximate: report each finding once.
        if severity != "off" and (code, subject) not in reported:
            found.append(Finding(code, subject, severity, message))
        reported.add((code, subject))
    return found


def _of(
    summary: FeatureSummary, baseline: FeatureSummary | None, *, is_feature: bool, is_named: bool
) -> Iterator[Found]:
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
        value = number(summary.min) if numeric else repr(summary.top_values[0][0])
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
    yield from _far_out(summary)
    if not is_named:
        yield from _text_of_other(summary)
    if baseline is not None and len(baseline.quantiles) == len(summary.quantiles) == 101:
        converted = conversion(baseline.quantiles[10:100:10], summary.quantiles[10:100:10])
        if converted is not None:
            units, factor = converted
            yield (
                "unit_change",
                name,
                f"every decile of feature {name!r} changed like {units} (factor {factor:.6g}) "
                "since the span before; convert it in the source",
            )


def _placeholders(summary: FeatureSummary) -> Iterator[Found]:
    """Report placeholder texts.

    Placeholders of numbers and times are counted exactly when the rows are read.
    """
    about = "at most " if summary.sketched else ""
    for value, count in summary.top_values:
        text = value.strip().lower()
        known = text in PLACEHOLDER_TEXTS or text.startswith(PLACEHOLDER_DAYS)
        share = count / summary.count
        if known and MIN_PLACEHOLDERS <= share < 1:
            yield (
                "placeholder_values",
                summary.name,
                f"column {summary.name!r} is {value!r} in {about}{percent(share)} of "
                f"{summary.count:,} values, which looks like a missing value; write it as missing "
                "(CSV: source.null_values)",
            )


def _far_out(summary: FeatureSummary) -> Iterator[Found]:
    edges = [q for q in summary.quantiles if math.isfinite(q)]
    if len(edges) != 101 or summary.min is None or summary.max is None:
        return
    low, middle, high = edges[25], edges[50], edges[75]
    fences = low - FAR_OUT * (high - low), high + FAR_OUT * (high - low)
    beyond, about, ends = _beyond(summary, *fences)
    if low < high and beyond > MIN_OUTLIERS:
        yield (
            "outliers",
            summary.name,
            f"{about}{percent(beyond)} of the values of feature {summary.name!r} are {ends}, "
            "beyond Tukey's outer fences (three interquartile ranges from the quartiles)",
        )
    for value, near in ((summary.min, edges[1]), (summary.max, edges[99])):
        usual = abs(near - middle)
        if usual and abs(value - near) > EXTREME * usual:
            yield (
                "extreme_values",
                summary.name,
                f"feature {summary.name!r} reaches {number(value)}, while {about or 'at least '}"
                f"98% of its values lie from {number(edges[1])} to {number(edges[99])}; correct it "
                "in the source if it is an error",
            )


def _beyond(summary: FeatureSummary, low: float, high: float) -> tuple[float, str, str]:
    """The share of values beyond two fences, how exact it is, and which values those are."""
    counts = summary.counts
    if counts is None:
        share = sum(q < low or q > high for q in summary.quantiles) / 100
        return share, "about ", f"below {number(low)} or above {number(high)}"
    lows, highs = counts.lows, counts.highs
    below, above = highs < low, lows > high
    ends = []
    if below.any():
        ends.append(f"below {exactly(between(highs[below][-1], lows[~below][0]))}")
    if above.any():
        ends.append(f"{exactly(between(highs[~above][-1], lows[above][0]))} or more")
    share = float(counts.counts[below | above].sum()) / counts.total
    return share, "", " or ".join(ends)


def _text_of_other(summary: FeatureSummary) -> Iterator[Found]:
    if summary.type != "string" or len(summary.top_values) < MIN_KINDS:
        return
    texts = [value for value, _ in summary.top_values]
    if all(_NUMBER.fullmatch(text) for text in texts):
        yield (
            "text_of_numbers",
            summary.name,
            f"feature {summary.name!r} is text, and all its frequent values are numbers: write "
            "them as numbers, or name it in features.categorical to say that they are names",
        )
    elif all(is_time(text) for text in texts):
        yield (
            "text_of_times",
            summary.name,
            f"feature {summary.name!r} is text, and all its frequent values are dates: a model "
            "takes each for a name; derive weekday or hour from it, or exclude it",
        )
