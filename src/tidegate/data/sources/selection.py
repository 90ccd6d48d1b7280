"""Select the spans of a run: one, a range, or a window.

A moment or an interval can select spans too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from tidegate.core.errors import ContractError, MissingSpanError
from tidegate.core.spans import TO
from tidegate.data.sources.span_pattern import SpanPattern

LATEST: Final = "latest"
#: The span that was over at a moment, whenever a run comes to it ...
BEFORE: Final = "before:"
#: ... and at the moment that a schedule started the run for.
BEFORE_SCHEDULED: Final = "before:scheduled"

#: The most spans that a message lists, and the most that a run may have.
_LISTED: Final = 12
_MOST: Final = 100_000
_WINDOW: Final = re.compile(
    r"last:(?P<n>[1-9]\d{0,5})(@(?P<end>[^,@]+))?(,min:(?P<least>[1-9]\d{0,5}))?", re.ASCII
)
_INTERVAL: Final = re.compile(r"interval:(?P<start>[^/]+)/(?P<end>[^/]+)")
_FORMS: Final = (
    "'latest', first..last, last:N, last:N@span, last:N,min:M, before:moment or interval:start/end"
)


def select(
    selection: str, pattern: SpanPattern, there: Sequence[str], excluded: Sequence[str] = ()
) -> tuple[str, ...]:
    """The spans that a selection names, in order of time.

    There is at least one, and all of them exist.

    Args:
        selection: `latest`; a span; `first..last` with every span between; `last:N`, the N spans
            that end with the latest, `last:N@span` with that one, `,min:M` to accept as few as M
            where the data begins; `before:moment`, the last span that had ended by then, and
            `last:N@before:moment`, the N that end with it; `interval:start/end`, the spans that lie
            wholly between two moments of ISO 8601 (UTC if they name no zone), the end not included.
        pattern: The source's pattern, which defines the form and the order of spans.
        there: The spans that have objects, in the order of time.
        excluded: Spans and ranges that no selection takes and whose absence is no gap.

    Raises:
        MissingSpanError: a span that should be there is not; names it.
        ContractError: the text is no selection, or an excluded span is none.
    """
    out = _Excluded(excluded, pattern)
    usable = [span for span in there if span not in out]
    if not usable:
        raise MissingSpanError(
            f"all spans of {pattern.pattern!r} are in source.exclude_spans; take one out"
            if there
            else f"no object matches source.uri {pattern.pattern!r}; check the path and its "
            "placeholders"
        )
    if selection == LATEST:
        return (usable[-1],)
    if window := _WINDOW.fullmatch(selection):
        least = int(window["least"] or window["n"])
        if least > int(window["n"]):
            raise ContractError(f"{selection!r} asks for no fewer than {least} of {window['n']}")
        end = window["end"] or usable[-1]
        if end.startswith(BEFORE):
            end = _over_by(end, selection, pattern)
        return _window(selection, int(window["n"]), least, end, pattern, usable, out)
    if interval := _INTERVAL.fullmatch(selection):
        start, stop = (_moment(text, selection) for text in interval.groups())
        if stop <= start:
            raise ContractError(f"{selection!r} ends before it begins")
        first = pattern.ordinal_at(start) + (not pattern.begins(start))
        last = pattern.ordinal_at(stop) - 1
        if last < first:
            raise ContractError(
                f"no span of {pattern.pattern!r} lies wholly inside {selection!r}; one is written "
                f"as {pattern.shape}: take a longer interval"
            )
        return _every(selection, first, last, pattern, usable, out)
    if selection.startswith(BEFORE):
        number = pattern.ordinal(_over_by(selection, selection, pattern))
        return _every(selection, number, number, pattern, usable, out)
    if selection.startswith(("last:", "interval:")):
        raise ContractError(f"{selection!r} is no selection of spans; there are: {_FORMS}")
    if TO in selection:
        one, _, other = selection.partition(TO)
        first, last = pattern.ordinal(one), pattern.ordinal(other)
        if last < first:
            raise ContractError(f"{selection!r} ends before it begins; give the earlier span first")
        return _every(selection, first, last, pattern, usable, out)
    if selection not in there:
        raise MissingSpanError(
            f"span {selection!r} is not in {pattern.pattern!r}; there are: {_listed(there)}; "
            f"a span is written as {pattern.shape}, or {_FORMS}"
        )
    if selection in out:
        raise MissingSpanError(
            f"span {selection!r} is in source.exclude_spans; take it out there, or choose another"
        )
    return (selection,)


def scheduled(selection: str, moment: str) -> str:
    """Replace `scheduled` in a selection by the scheduled moment.

    Args:
        selection: A selection as of `select`; `before:scheduled` and `last:N@before:scheduled` name
            no moment.
        moment: The moment in ISO 8601; UTC if it names no zone.
    """
    if not selection.endswith(BEFORE_SCHEDULED):
        return selection
    return selection.removesuffix(BEFORE_SCHEDULED) + BEFORE + moment


class _Excluded:
    """The spans that a contract excludes, as ranges of their numbers."""

    def __init__(self, texts: Sequence[str], pattern: SpanPattern) -> None:
        self._pattern = pattern
        self._ranges = []
        for text in texts:
            first, _, last = text.rpartition(TO)
            try:
                numbers = pattern.ordinal(first or last), pattern.ordinal(last)
            except ContractError as error:
                raise ContractError(f"source.exclude_spans: {error}") from None
            self._ranges.append(numbers)

    def __contains__(self, span: object) -> bool:
        return self.has(self._pattern.ordinal(str(span)))

    def has(self, number: int) -> bool:
        return any(first <= number <= last for first, last in self._ranges)


def _every(
    selection: str,
    first: int,
    last: int,
    pattern: SpanPattern,
    usable: Sequence[str],
    out: _Excluded,
) -> tuple[str, ...]:
    if last - first >= _MOST:
        raise ContractError(
            f"{selection!r} is {last - first + 1:,} spans; a run has {_MOST:,} at most"
        )
    wanted = [pattern.span_at(n) for n in range(first, last + 1) if not out.has(n)]
    if not wanted:
        raise MissingSpanError(f"all spans of {selection!r} are in source.exclude_spans")
    held = set(usable)
    if gaps := [span for span in wanted if span not in held]:
        raise MissingSpanError(
            f"{selection!r} needs {_listed(gaps)}, which {pattern.pattern!r} does not have; "
            f"there are: {_listed(usable)}; add what is missing, or name it in source.exclude_spans"
        )
    return tuple(wanted)


def _window(
    selection: str,
    size: int,
    least: int,
    end: str,
    pattern: SpanPattern,
    usable: Sequence[str],
    out: _Excluded,
) -> tuple[str, ...]:
    if size > _MOST:
        raise ContractError(f"{selection!r} is {size:,} spans; a run has {_MOST:,} at most")
    last = pattern.ordinal(end)
    if out.has(last):
        raise MissingSpanError(f"{selection!r} ends with a span in source.exclude_spans")
    oldest = min(pattern.ordinal(usable[0]), last)
    numbers: list[int] = []
    number = last
    while number >= oldest and len(numbers) < size:
        if not out.has(number):
            numbers.append(number)
        number -= 1
    if len(numbers) < least:
        raise MissingSpanError(
            f"{selection!r} needs {least} spans up to {pattern.span_at(last)}, and "
            f"{pattern.pattern!r} begins with {usable[0]}; there are: {_listed(usable)}"
        )
    return _every(selection, numbers[-1], last, pattern, usable, out)


def _over_by(text: str, selection: str, pattern: SpanPattern) -> str:
    moment = _moment(text.removeprefix(BEFORE), selection)
    return pattern.span_at(pattern.ordinal_at(moment) - 1)


def _moment(text: str, selection: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ContractError(
            f"{selection!r}: {text!r} is no moment; write it as 2013-02-01T00:00 or "
            "2013-02-01T00:00:00Z"
        ) from None


def _listed(spans: Sequence[str]) -> str:
    shown = ", ".join(spans[-_LISTED:])
    if len(spans) > _LISTED:
        return f"{spans[0]}, ..., {shown} ({len(spans)} in all)"
    return shown
