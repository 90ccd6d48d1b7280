"""Which accepted spans a span is compared with: `gates.drift.against` in the contract.

    previous        the last accepted span before it
    span(2013-01)   that one, whatever comes between
    rolling(6)      the last six accepted spans before it, merged

This runs where TFDV is not installed.
"""

from __future__ import annotations

from collections.abc import Sequence

from tidegate.core.errors import RegistryError
from tidegate.core.spans import TO, span_order
from tidegate.platform.registry import Entry, Registry

#: Between the versions of several spans; no name of a version can hold it.
SEPARATOR = ","
#: Accepted spans that a limit is learned from, at most.
HISTORY = 24


def chosen(registry: Registry, *, against: str, before: str) -> list[Entry]:
    """The statistics a span is compared with, the oldest first; empty where there are none yet.

    Args:
        registry: Holds the statistics of accepted spans.
        against: What the contract says.
        before: The span; of several the first.

    Raises:
        RegistryError: there are accepted spans, and the one the contract names is not among them.
    """
    if against == "previous":
        found = registry.statistics_before(before)
        return [] if found is None else [found]
    return _among(accepted(registry), against=against, before=before)


def accepted(registry: Registry, *, before: str | None = None) -> list[Entry]:
    """The newest accepted version of every span, the oldest span first.

    Args:
        registry: Holds the statistics of accepted spans.
        before: If given, only spans that were over before it began.
    """
    newest = {e.span: e for e in registry.versions("statistics") if e.promoted}
    first = None if before is None else span_order(before.partition(TO)[0])
    kept = [e for e in newest.values() if first is None or span_order(e.span) < first]
    return sorted(kept, key=lambda entry: span_order(entry.span))


def pairs(entries: Sequence[Entry], *, against: str) -> list[tuple[Entry, list[Entry]]]:
    """The last accepted spans, each with what it would be compared with now.

    Args:
        entries: Accepted, the oldest first.
        against: What the contract says.
    """
    result = []
    for entry in entries[-HISTORY:]:
        baseline = _among(entries, against=against, before=entry.span.partition(TO)[0])
        if baseline and entry not in baseline:
            result.append((entry, baseline))
    return result


def _among(entries: Sequence[Entry], *, against: str, before: str) -> list[Entry]:
    kind, _, argument = against.removesuffix(")").partition("(")
    argument = argument.strip()
    if kind == "span":
        found = [entry for entry in entries if entry.span == argument]
        if entries and not found:
            there = ", ".join(entry.span for entry in entries[-6:])
            raise RegistryError(
                f"gates.drift.against names the span {argument!r}, which is not among the "
                f"accepted ones ({there}); run it first, or name another"
            )
        return found
    earlier = [entry for entry in entries if span_order(entry.span) < span_order(before)]
    return earlier[-int(argument or 1) :]
