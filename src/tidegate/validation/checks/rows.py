"""Derive quality findings from row facts: times, volume, keys, text, joins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Final

from tidegate.contract import Contract, duration
from tidegate.core.codes import ALL_COLUMNS
from tidegate.core.spans import TO
from tidegate.core.text import percent
from tidegate.core.verdict import Severity
from tidegate.data.facts import NEAR_UNIQUE, PLACEHOLDER_DAYS, Facts, Numbers
from tidegate.data.sources.span_pattern import SpanPattern
from tidegate.data.text_problems import TextProblems
from tidegate.statistics.model import FeatureSummary, Statistics

#: A code, the subject, the message, and the default severity if it is not the code's own.
Found = tuple[str, str, str] | tuple[str, str, str, Severity]

#: The most earlier spans that volume is compared with.
HISTORY: Final = 12
#: The tolerated difference of clocks and time zones before a time counts as in the future.
_TOLERANCE: Final = timedelta(days=1)
#: Above this share of the rows, unreadable times and repeated keys hold by default ...
MANY: Final = 0.1
#: ... and repeated rows of data without a key.
MOST_ROWS: Final = 0.5
#: Few columns of few values repeat rows by nature: as many more rows must be possible than there
#: are.
_ROOM: Final = 100
#: The fewest rows to judge near-unique columns; fewer can be near-unique by chance.
MIN_VALUES: Final = 100
#: The codes that cannot be judged without the rows.
_FROM_ROWS: Final = frozenset(
    {
        "stale",
        "times_unreadable",
        "times_outside_span",
        "times_in_future",
        "times_out_of_order",
        "duplicate_keys",
        "repeated_rows",
        "placeholder_values",
        "broken_text",
        "padded_text",
        "low_match_rate",
        "quarantined_records",
        "column_left_out",
    }
)


@dataclass(frozen=True)
class Past:
    """An earlier accepted span and its number of rows."""

    span: str
    rows: int


def row_findings(
    statistics: Statistics, contract: Contract, *, history: Sequence[Past], now: datetime
) -> Iterator[Found]:
    """Derive findings from the facts recorded at ingest.

    Args:
        statistics: The statistics of the span, with facts.
        contract: The contract with gates, key, time and joins.
        history: The accepted spans before this one, the newest last.
        now: The current time, in UTC.
    """
    facts = statistics.facts
    if facts is None:
        yield from _unknown(contract)
        return
    rows = statistics.num_examples()
    yield from _times(facts, contract, rows, now.astimezone(UTC).replace(tzinfo=None))
    yield from _volume(statistics.span, rows, contract, history)
    yield from _duplicates(statistics, contract)
    yield from _repeated(statistics, facts.distinct_rows)
    for numbers in facts.numbers:
        if numbers.column not in (*contract.key, *contract.features.exclude):
            yield from _numbers(numbers, rows)
        if numbers.column not in contract.not_features and rows >= MIN_VALUES:
            yield from _near_unique(numbers, rows)
    for text in facts.texts:
        yield from _text(text, rows)
    for joined, join in zip(facts.joins, contract.joins, strict=True):
        if joined.rate < join.min_match:
            yield (
                "low_match_rate",
                join.uri,
                f"the look-up {join.uri} has {percent(joined.rate)} of {joined.rows:,} rows, fewer "
                f"than joins.min_match {percent(join.min_match)}; the first without a match has "
                f"{joined.missed}; add it there, or lower min_match",
            )
    for name, what in facts.left_out:
        if name not in contract.features.exclude:
            yield (
                "column_left_out",
                name,
                f"column {name!r} is {what}: nothing judges it, and no model sees it; flatten it "
                "into columns of numbers, texts or times, or name it in features.exclude",
            )
    if facts.bad_records:
        share = facts.bad_records / (rows + facts.bad_records)
        reasons = "; ".join(f"{reason} ({count:,})" for reason, count in facts.bad_reasons)
        yield (
            "quarantined_records",
            "",
            f"{facts.bad_records:,} records ({percent(share)}) "
            f"of span {statistics.span!r} could not be read and are no examples: {reasons}; they "
            "lie in the examples' quarantine.jsonl",
        )


def _unknown(contract: Contract) -> Iterator[Found]:
    """Report holding checks that cannot be judged without the rows."""
    configured = {
        (code, "" if column == ALL_COLUMNS else column)
        for code, by_column in contract.gates.findings.items()
        for column, severity in by_column.items()
        if severity == "hold"
    }
    if contract.gates.freshness is not None:
        configured.add(("stale", ""))
    remedy = "these statistics were not computed from ingested examples; ingest the span again"
    for code, column in sorted(configured):
        if code in _FROM_ROWS:
            yield code, column, f"{code} cannot be judged: {remedy}"


def _times(facts: Facts, contract: Contract, rows: int, now: datetime) -> Iterator[Found]:
    times, name = facts.times, contract.time or ""
    limit = contract.gates.freshness
    if times is None:
        return
    if times.unreadable:
        yield (
            "times_unreadable",
            name,
            f"column {name!r} has no time in ISO 8601 in {times.unreadable:,} of {rows:,} rows; "
            "convert it in the source",
            _severity(times.unreadable, rows, MANY),
        )
    if times.last is None:
        if limit is not None:
            yield "stale", name, f"column {name!r} has no time: freshness cannot be judged"
        return
    newest = datetime.fromisoformat(times.last)
    end = datetime.fromisoformat(facts.period[1]) if facts.period else now
    age = max(min(now, end) - newest, timedelta())
    if limit is not None and age > duration(limit):
        until = "the end of the span" if end <= now else "now"
        yield (
            "stale",
            name,
            f"the newest record is of {newest:%Y-%m-%d %H:%M}, {_span_of(age)} before {until}: "
            f"more than gates.freshness {limit}; wait for the rest, or fix the delivery",
        )
    if times.outside and facts.period and times.first:
        yield (
            "times_outside_span",
            name,
            f"{times.outside:,} of {times.read:,} rows have a {name!r} outside of the span "
            f"({facts.period[0]} to {facts.period[1]}): from {times.first[:19]} to "
            f"{times.last[:19]}; correct the times, or the files they lie in",
        )
    if newest > now + _TOLERANCE:
        yield (
            "times_in_future",
            name,
            f"the newest {name!r} is {times.last[:19]}, which is still to come; check clock, zone "
            "and unit in the source",
        )
    if times.out_of_order:
        yield (
            "times_out_of_order",
            name,
            f"{times.out_of_order:,} of {times.read:,} rows are older than the row before by "
            f"{name!r}; it matters only to what relies on their order",
        )


def _span_of(age: timedelta) -> str:
    hours = age / timedelta(hours=1)
    return f"{hours / 24:,.1f} days" if hours >= 48 else f"{hours:.1f} hours"


def _volume(span: str, rows: int, contract: Contract, history: Sequence[Past]) -> Iterator[Found]:
    if not history:
        return
    pattern = SpanPattern(contract.source_uri)
    past = [past.rows / _length(pattern, past.span) for past in history[-HISTORY:]]
    usual = median(past) if past else 0
    if not usual:
        return
    limits = contract.gates.volume
    ratio = rows / _length(pattern, span) / usual
    if not limits.min <= ratio <= limits.max:
        unit = "span" if pattern.shape == "{SPAN}" else "day"
        side = (
            f"below gates.volume.min {limits.min:g}"
            if ratio < limits.min
            else f"above gates.volume.max {limits.max:g}"
        )
        yield (
            "unusual_volume",
            "",
            f"span {span!r} has {rows:,} rows, {ratio:.2f} times as many a {unit} as the median of "
            f"{len(past)} accepted spans before ({usual:,.0f}): {side}; look for lost or doubled "
            "deliveries",
        )


def _length(pattern: SpanPattern, span: str) -> float:
    """The length of a span in days.

    For spans that are numbers, it is the number of spans.
    """
    first, _, last = span.partition(TO)
    last = last or first
    period = pattern.period(first, last)
    if period is None:
        return pattern.ordinal(last) - pattern.ordinal(first) + 1
    return (period[1] - period[0]) / timedelta(days=1)


def _duplicates(statistics: Statistics, contract: Contract) -> Iterator[Found]:
    rows = statistics.num_examples()
    for fact in statistics.leakage:
        repeated = rows - fact.values
        if fact.columns == contract.key and repeated > 0:
            names = ", ".join(contract.key)
            yield (
                "duplicate_keys",
                names,
                f"{repeated:,} of {rows:,} rows have a key ({names}) that another row has; remove "
                "the copies in the source, or name more columns in key",
                _severity(repeated, rows, MANY),
            )


def _repeated(statistics: Statistics, distinct_rows: int | None) -> Iterator[Found]:
    rows = statistics.num_examples()
    if distinct_rows is None or distinct_rows == rows:
        return
    repeated = rows - distinct_rows
    if _could_differ(statistics.features().values(), rows):
        yield (
            "repeated_rows",
            "",
            f"{repeated:,} of {rows:,} rows ({percent(repeated / rows)}) repeat another in every "
            "column; remove the copies in the source, or name a key",
            _severity(repeated, rows, MOST_ROWS),
        )


def _could_differ(features: Iterable[FeatureSummary], rows: int) -> bool:
    """Whether the columns have values for so many rows that equal ones are no accident."""
    possible = 1.0
    for summary in features:
        if summary.type == "string":
            different = summary.unique or 1
        elif summary.min == summary.max:
            different = 1
        else:
            different = summary.distinct or summary.count
        possible *= max(different, 1)
    return possible >= _ROOM * rows


def _severity(count: int, rows: int, limit: float) -> Severity:
    return "hold" if count > limit * rows else "warn"


def _numbers(numbers: Numbers, rows: int) -> Iterator[Found]:
    low, high = numbers.rest_min, numbers.rest_max
    for text, count in numbers.placeholders.items():
        if low is None or high is None:
            continue
        if text in PLACEHOLDER_DAYS:
            # The rest is in microseconds; a day among the others is a day.
            value = datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1e6
        else:
            value = float(text)
        gap = max(low - value, value - high)
        if gap > (high - low) / 2 or value < 0 <= low:
            yield (
                "placeholder_values",
                numbers.column,
                f"column {numbers.column!r} is {text} in {count:,} of {rows:,} rows, far from all "
                "other values: it looks like a missing value; write it as missing (CSV: "
                "source.null_values)",
            )


def _near_unique(numbers: Numbers, rows: int) -> Iterator[Found]:
    if numbers.distinct is not None and numbers.distinct >= NEAR_UNIQUE * rows:
        yield (
            "near_unique_column",
            numbers.column,
            f"feature {numbers.column!r} has about {numbers.distinct:,} different whole numbers in "
            f"{rows:,} rows, like a key; exclude it with features.exclude",
        )


def _text(text: TextProblems, rows: int) -> Iterator[Found]:
    if text.broken:
        kinds = {
            "control characters": text.control,
            "U+FFFD, left by a decoder": text.replaced,
            "UTF-8 read as Latin-1": text.mojibake,
            "letters and accents apart (not NFC)": text.decomposed,
        }
        phrase = ", ".join(f"{kind} in {count:,}" for kind, count in kinds.items() if count)
        yield (
            "broken_text",
            text.column,
            f"column {text.column!r} has {phrase} of {rows:,} rows, such as "
            f"{text.example[:40]!r}; check source.encoding, or fix the writer",
        )
    if text.padded:
        yield (
            "padded_text",
            text.column,
            f"column {text.column!r} begins or ends with a blank in {text.padded:,} of {rows:,} "
            f"rows, such as {text.padded_example[:40]!r}: other values to a model; trim it in the "
            "source",
        )
