"""Format the output of `tidegate schema`: changes, versions, bounds."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tidegate.core import text
from tidegate.report import terminal

if TYPE_CHECKING:
    from tidegate.platform.registry import Entry
    from tidegate.schema import Learnt
    from tidegate.schema.proposal import Proposal


def changes(proposal: Proposal, *, ink: terminal.Ink) -> str:
    """Format a proposal's changes with evidence, and what still holds."""
    colours: dict[str, Callable[[str], str]] = {
        "new": ink.green,
        "gone": ink.red,
        "widened": ink.yellow,
        "changed": ink.yellow,
        "narrowed": ink.green,
    }
    seen = f" by {text.listing(list(proposal.spans))}" if proposal.spans else ""
    lines = [ink.bold(f"{proposal.summary}{seen}")]
    for change in proposal.changes:
        lines.append(f"  {colours[change.effect](change.effect.ljust(9))}"
                     f"{terminal.clean(change.sentence())}")  # fmt: skip
        lines += [ink.dim(f"             {terminal.clean(line)}") for line in change.evidence]
    if proposal.left:
        lines += ["", "what would still hold"]
        lines += [f"  {terminal.clean(line)}" for line in proposal.left]
    return "\n".join(lines)


def as_json(proposal: Proposal) -> str:
    """Convert a proposal to JSON, with a sentence for each change."""
    document = {
        "base": proposal.base,
        "spans": list(proposal.spans),
        "summary": proposal.summary,
        "changes": [{**c.to_json(), "sentence": c.sentence()} for c in proposal.changes],
        "left": list(proposal.left),
    }
    return json.dumps(document, indent=1, ensure_ascii=False)


def learnt(found: Learnt, spans: Sequence[str], *, ink: terminal.Ink) -> str:
    """Format the bounds of an inferred schema with their evidence."""
    columns = text.count(len(found.schema.feature), "column")
    bounds = text.count(len(found.bounds), "bound")
    lines = [ink.bold(f"{columns}, {bounds}, from {text.listing([*spans])}"), ""]
    words = {
        "presence": lambda b: f"in at least {text.percent(b.low)} of rows",
        "domain": lambda b: f"at least {text.percent(b.low)} among the known values",
        "range": lambda b: f"{text.number(b.low)} to {text.number(b.high)}",
    }
    rows = [[b.column, b.kind, words[b.kind](b), b.because] for b in found.bounds]
    lines += terminal.table(["column", "bound", "", "evidence"], rows, align="llll", ink=ink)
    return "\n".join(lines)


def versions(entries: Sequence[Entry], current: Entry | None, *, ink: terminal.Ink) -> str:
    """Format a line for each version: status, who decided, changes."""
    from tidegate.schema.approval import status

    rows = []
    for entry in entries:
        lineage = entry.lineage
        who = lineage.get("approved_by") or lineage.get("rejected_by") or ""
        rows.append(
            [
                entry.version,
                status(entry, current),
                entry.span,
                entry.created_at,
                lineage.get("proposed_by") or ("a run" if "base" not in lineage else ""),
                who,
                lineage.get("changes") or "the first, by the span that passed",
                lineage.get("reason", ""),
            ]
        )
    header = [
        "version",
        "is",
        "span",
        "committed",
        "proposed by",
        "decided by",
        "changes",
        "reason",
    ]
    return "\n".join(terminal.table(header, rows, align="llllllll", ink=ink))


def about(entry: Entry, current: Entry | None) -> str:
    """The facts of a version as comments above its text."""
    from tidegate.schema.approval import status

    facts = {"committed": entry.created_at, "span": entry.span, **entry.lineage}
    lines = [f"# schema {entry.version}: {status(entry, current)}"]
    lines += [f"# {name}: {terminal.clean(value)}" for name, value in facts.items() if value]
    return "\n".join(lines)
