"""Choose the accepted spans to compare with, by `gates.drift.against`.

previous        the last accepted span before this one
span(2013-01)   that span, whatever spans lie between
rolling(6)      the last six accepted spans before this one, merged

This module runs where TFDV is not installed.
"""

from __future__ import annotations

from collections.abc import Sequence

from tidegate.core.errors import RegistryError
from tidegate.core.spans import TO, span_order
from tidegate.platform.registry import Entry, Registry

#: Separates the versions of several spans; no version's name can contain it.
SEPARATOR = ","
#: The most accepted spans that a limit is learned from.
HISTORY = 24


def chosen(registry: Registry, *, against: str, before: str) -> list[Entry]:
    """Choose the statistics to compare a span with, oldest first.

    Args:
        registry: The registry that holds the statistics of accepted spans.
        against: The contract's `gates.drift.against`.
        before: The span that is compared; the first one if there are several.

    Returns:
        The baseline's entries; empty if no span is accepted yet.

    Raises:
        RegistryError: there are accepted spans, and the one the contract names is not among them.
    """
    if against == "previous":
        found = registry.statistics_before(before)
        return [] if found is None else [found]
    return _among(accepted(registry), against=against, before=before)


def accepted(registry: Registry, *, before: str | None = None) -> list[Entry]:
    """The newest accepted version of every span, oldest span first.

    Args:
        registry: The registry that holds the statistics of accepted spans.
        before: If given, only spans that ended before this one began.
    """
    newest = {e.span: e for e in registry.versions("statistics") if e.promoted}
    first = None if before is None else span_order(before.partition(TO)[0])
    kept = [e for e in newest.values() if first is None or span_order(e.span) < first]
    return sorted(kept, key=lambda entry: span_order(entry.span))


def pairs(entries: Sequence[Entry], *, against: str) -> list[tuple[Entry, list[Entry]]]:
    """Pair the last accepted spans with the baselines they would have.

    Args:
        entries: The accepted entries, oldest first.
        against: The contract's `gates.drift.against`.
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
