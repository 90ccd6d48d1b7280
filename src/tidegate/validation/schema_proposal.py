"""What a run does when data does not fit the schema: it writes down what would have to change.

The run itself changes nothing. It holds the span, keeps the proposal in the registry, and says by
which command a person may approve it.
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

#: The folder of a validation that has a proposal.
FOLDER: Final = "proposal"
PROPOSED: Final = "schema_proposal"
INFERRED: Final = "schema_inferred"

_ABOUT_SCHEMA: Final = frozenset(of_family("schema")) & SETTABLE.keys()
#: Changes that one message names.
_NAMED: Final = 5


def base_of(schema: Lineage) -> str | None:
    """The registered version that a schema artifact is.

    Returns:
        Empty where it was inferred; None where nobody recorded what it came from.
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
    """The changes by which a span would fit the schema; None where it does, or none would.

    A schema that was inferred from this very span needs none, and of one that nobody knows where it
    came from (`base` as of `base_of`) nobody can say what is to be changed.
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
    """Whether the schema is among what holds a span."""
    return any(f.code in _ABOUT_SCHEMA and f.severity == "hold" for f in result.verdict.findings)


def inferred(schema: Any, span: str) -> Finding:
    """Says that a span was held to a schema that was inferred from itself."""
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
    """Add a schema finding: it was inferred, or which changes would make the data fit.

    A proposal is written into `out` wherever something does not fit, and kept where that holds the
    span.

    Args:
        result: What the gate found.
        statistics: Of the span.
        schema: What it was held against.
        contract: Says what each column is for.
        out: The validation's directory.
        base: The version that the schema is, as of `base_of`.
        keep: Keeps a proposal, and returns the command that approves it.
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
