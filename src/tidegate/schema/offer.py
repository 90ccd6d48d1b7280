"""What a run does when data does not fit the schema: it writes down what would have to change.

The run itself changes nothing. It holds the span, keeps the proposal in the registry, and says by
which command a person may approve it.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tidegate.lineage import Lineage
from tidegate.registry import Registry
from tidegate.schema import life
from tidegate.schema.fit import propose
from tidegate.schema.proposal import Proposal
from tidegate.severities import ANOMALIES
from tidegate.verdict import Finding

if TYPE_CHECKING:
    from tidegate.contract import Contract
    from tidegate.statistics import Statistics
    from tidegate.validation import Validation

#: The folder of a validation that has a proposal.
FOLDER: Final = "proposal"
PROPOSED: Final = "schema_proposal"
INFERRED: Final = "schema_inferred"

_ABOUT_SCHEMA: Final = frozenset({*ANOMALIES, "respelled_values", "unseen_values"})
#: Changes that one message names.
_NAMED: Final = 5


def base_of(schema: Lineage) -> str:
    """The registered version that a schema artifact is; empty where it was inferred."""
    for node in schema.parents(schema.root):
        if node.kind == "registered" and node.name.startswith("schema "):
            return node.name.removeprefix("schema ")
    return ""


def proposal_for(
    result: Validation, statistics: Statistics, schema: Any, contract: Contract, *, base: str
) -> Proposal | None:
    """The changes that would let a span pass the schema; None where it does, or none would.

    A schema that was inferred from this very span (`base` is empty) needs none.
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


def offer(
    registry: Registry,
    proposal: Proposal,
    out: Path,
    *,
    registry_uri: str,
    contract_uri: str,
    by: str,
    lineage: Mapping[str, str],
    parents: Iterable[Lineage],
) -> Finding:
    """Keep a proposal, and say how it may be approved.

    Args:
        registry: Of the dataset.
        proposal: The changes.
        out: Where they are written too.
        registry_uri: Where the registry is, for the command.
        contract_uri: Where the contract is, for the command.
        by: The run.
        lineage: Names and digests that a version keeps.
        parents: What the proposal was made from.
    """
    proposal.write(out / FOLDER)
    entry = life.keep(registry, proposal, by=by, lineage=lineage, parents=parents)
    said = "; ".join(c.sentence() for c in proposal.changes[:_NAMED])
    more = len(proposal.changes) - _NAMED
    command = approve_command(registry_uri, contract_uri, entry.version)
    return Finding(
        PROPOSED,
        "",
        "info",
        f"the schema would let this span pass with {proposal.summary} ({said}"
        f"{f' and {more:,} more' if more > 0 else ''}); if that is right: {command}",
    )


def approve_command(registry: str, contract: str, version: str) -> str:
    """The command line that approves a proposal."""
    given = ["tidegate", "schema", "approve", "--registry", registry, "--contract", contract]
    return shlex.join([*given, version])
