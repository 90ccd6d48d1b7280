"""Propose schema changes when data does not fit the schema.

The run itself changes nothing. It holds the span, stores the proposal in the registry, and prints
the command by which a person may approve it.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tidegate.core.codes import SETTABLE, of_family
from tidegate.core.verdict import Finding, Verdict
from tidegate.platform.lineage import Lineage
from tidegate.schema.proposal import Proposal
from tidegate.schema.propose import propose

if TYPE_CHECKING:
    from tidegate.contract import Contract
    from tidegate.statistics import Statistics
    from tidegate.validation import Validation

#: The folder with the proposal in a validation's directory.
FOLDER: Final = "proposal"
PROPOSED: Final = "schema_proposal"
INFERRED: Final = "schema_inferred"

_ABOUT_SCHEMA: Final = frozenset(of_family("schema")) & SETTABLE.keys()
#: The most changes that one message names.
_NAMED: Final = 5


def base_of(schema: Lineage) -> str | None:
    """The registered version that a schema artifact came from.

    Returns:
        The version; empty if the schema was inferred; None if its origin is not recorded.
    """
    if schema.root.facts.get("recorded") is False:
        return None
    for node in schema.parents(schema.root):
        if node.kind == "registered" and node.name.startswith("schema "):
            return node.name.removeprefix("schema ")
    return ""


def proposal_for(
    result: Validation,
    statistics: Statistics,
    schema: Any,
    contract: Contract,
    *,
    base: str | None,
) -> Proposal | None:
    """Propose the changes that make a span fit the schema.

    Returns:
        The proposal; None if the span fits, or if no change would help. A schema that was inferred
        from this very span needs none. If the schema's origin is unknown (`base` is None, see
        `base_of`), there is no version to change.
    """
    about = [
        f
        for f in result.verdict.findings
        if f.code in _ABOUT_SCHEMA and f.severity in ("hold", "warn")
    ]
    if not base or not about:
        return None
    made = propose(schema, [statistics], contract, base=base, environment=result.environment)
    return made if made.changes else None


def holds(result: Validation) -> bool:
    """Whether a schema finding holds the span."""
    return any(f.code in _ABOUT_SCHEMA and f.severity == "hold" for f in result.verdict.findings)


def inferred(schema: Any, span: str) -> Finding:
    """A finding that the schema was inferred from the span itself."""
    return Finding(
        INFERRED,
        "",
        "info",
        f"the schema of {len(schema.feature):,} columns is inferred from span {span!r} itself, "
        "which therefore fits it; it becomes the schema of later spans if this one passes: read "
        "it, and change what is wrong with: tidegate schema edit",
    )


def with_proposal(
    result: Validation,
    statistics: Statistics,
    schema: Any,
    contract: Contract,
    out: Path,
    *,
    base: str | None,
    keep: Callable[[Proposal], str],
) -> Validation:
    """Add a schema finding to the verdict: inferred, or proposed changes.

    The finding reports that the schema was inferred, or which changes would make the data fit. A
    proposal is written into `out` if something does not fit, and stored if that holds the span.

    Args:
        result: The result of the gate.
        statistics: The statistics of the span.
        schema: The schema the span was checked against.
        contract: The contract, which defines the role of each column.
        out: The validation's directory.
        base: The version of the schema, from `base_of`.
        keep: Stores a proposal, and returns the command that approves it.
    """
    shutil.rmtree(out / FOLDER, ignore_errors=True)
    if base == "":
        return _with(result, inferred(schema, statistics.span))
    proposal = proposal_for(result, statistics, schema, contract, base=base)
    if proposal is None:
        return result
    proposal.write(out / FOLDER)
    if not holds(result):
        return result
    command = keep(proposal)
    named = "; ".join(c.sentence() for c in proposal.changes[:_NAMED])
    more = len(proposal.changes) - _NAMED
    if more > 0:
        named += f" and {more:,} more"
    left = f", save for: {proposal.left[0]}" if proposal.left else ""
    finding = Finding(
        PROPOSED,
        "",
        "info",
        f"the data would fit the schema with {proposal.summary} ({named}){left}; if that is right: "
        f"{command}",
    )
    return _with(result, finding)


def _with(result: Validation, finding: Finding) -> Validation:
    return replace(result, verdict=Verdict((*result.verdict.findings, finding)))


def approve_command(registry: str, contract: str, version: str) -> str:
    """The command line that approves a proposal."""
    given = ["tidegate", "schema", "approve", "--registry", registry, "--contract", contract]
    return shlex.join([*given, version])
