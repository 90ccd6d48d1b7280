"""Describe the evidence for a schema change in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from tidegate.core.text import count, number, percent, short
from tidegate.numerics.intervals import wilson
from tidegate.schema import domains
from tidegate.schema.diff import Change
from tidegate.schema.evidence import Evidence

if TYPE_CHECKING:
    from tidegate.contract import Contract

#: The most values named with their counts in one change's evidence.
_NAMED: Final = 10


def describe_evidence(
    change: Change,
    found: Mapping[str, Evidence],
    schema: Any,
    spans: Mapping[str, int],
    contract: Contract,
) -> Iterator[str]:
    """Describe the evidence for a change, one sentence each.

    Args:
        change: A change that `tidegate.schema.propose` found.
        found: The evidence by column.
        schema: The schema before the change.
        spans: The rows of each span.
        contract: The contract, which defines the role of each column.
    """
    names = change.columns or (change.name,)
    if change.effect == "gone" and change.place == "feature":
        rows = ", ".join(f"{span} ({count(n, 'row')})" for span, n in spans.items())
        yield f"not in {rows}"
        named = [n for n in (*contract.key, contract.time, contract.label) if n == change.name]
        if named:
            yield "the contract names it as key, time or label, and holds without it"
        return
    for name in names:
        evidence = found.get(name)
        if evidence is None:
            continue
        if change.place == "string_domain" and change.effect != "new":
            yield from _describe_values(evidence, domains.domain(schema, name))
        elif change.aspect == "presence" or change.effect == "new":
            yield from _describe_presence(evidence)
            if evidence.absent:
                yield f"absent in {', '.join(evidence.absent)}"
        elif change.aspect in ("type", "domain"):
            for span, summary_ in evidence.populated.items():
                if summary_.min is None:
                    yield f"{span}: {summary_.type}"
                else:
                    ends = f"{number(summary_.min)} to {number(summary_.max)}"
                    yield f"{span}: {summary_.type}, {ends} in {summary_.count:,} values"


def misspelt(evidence: Evidence, known: Sequence[str]) -> dict[str, str]:
    """Map misspelt values to the known values they resemble.

    They differ from a known value only in case and blanks.
    """
    from tidegate.schema.domains import respelled

    new = [(v, seen.count) for v, seen in evidence.values.items() if v not in set(known)]
    return respelled(new, tuple(known))


def _describe_values(evidence: Evidence, known: tuple[str, ...]) -> Iterator[str]:
    left = misspelt(evidence, known)
    new = [
        (v, seen) for v, seen in evidence.values.items() if v not in set(known) and v not in left
    ]
    for value, seen in new[:_NAMED]:
        share = percent(seen.count / evidence.count)
        yield (
            f"{short(value, 40)!r}: {count(seen.count, 'row')} ({share}) in {', '.join(seen.spans)}"
        )
    if len(new) > _NAMED:
        rest = sum(seen.count for _, seen in new[_NAMED:])
        yield f"{count(len(new) - _NAMED, 'more value')} in {count(rest, 'row')}"


def _describe_presence(evidence: Evidence) -> Iterator[str]:
    for span, summary_ in evidence.summaries.items():
        low, high = wilson(summary_.missing_fraction, summary_.rows)
        yield (
            f"{span}: missing in {summary_.missing:,} of {summary_.rows:,} rows "
            f"({percent(summary_.missing_fraction)}; 95 %: {percent(low)} to {percent(high)})"
        )
