"""Record a schema's states in the registry: proposed, approved, rejected.

Every version of kind `schema` is a schema. A proposed one is committed without being made current.
Approving is one conditional write that makes it current and records who approved it; rejecting is
one conditional write that records who rejected it. No run reads a version that was never current.
"""

from __future__ import annotations

import contextlib
import getpass
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from tensorflow_metadata.proto.v0 import schema_pb2

from tidegate.core.errors import ContractError, RegistryError, SchemaError
from tidegate.core.spans import span_order
from tidegate.platform.lineage import Lineage, directory_digest
from tidegate.platform.registry import Entry, Registry
from tidegate.schema import files
from tidegate.schema.diff import select
from tidegate.schema.proposal import Proposal, rebased

Status = Literal["current", "superseded", "proposed", "approved as another", "rejected"]

#: The lineage's names for decisions on a version.
_REJECTED: Final = "rejected_by"
_APPROVED: Final = "approved_by"
_AS: Final = "approved_as"


def user() -> str:
    """The user who runs this process; empty if unknown."""
    with contextlib.suppress(OSError, KeyError, ImportError):
        return getpass.getuser()
    return ""


def status(entry: Entry, current: Entry | None) -> Status:
    """The status of a version."""
    if current is not None and entry.version == current.version:
        return "current"
    if _REJECTED in entry.lineage:
        return "rejected"
    if entry.promoted:
        return "superseded"
    return "approved as another" if _AS in entry.lineage else "proposed"


def proposals(registry: Registry) -> list[Entry]:
    """The undecided proposals, oldest first."""
    current = registry.current("schema")
    return [e for e in registry.versions("schema") if status(e, current) == "proposed"]


def schema_of(registry: Registry, entry: Entry | None) -> Any:
    """The schema of a version; an empty schema for None."""
    if entry is None:
        return schema_pb2.Schema()
    with tempfile.TemporaryDirectory() as scratch:
        return files.read(registry.fetch(entry, Path(scratch) / "schema"))


def proposal_of(registry: Registry, entry: Entry) -> Proposal:
    """The proposal that a version holds.

    Raises:
        SchemaError: it holds none, as the first schema of a dataset does not.
    """
    with tempfile.TemporaryDirectory() as scratch:
        return Proposal.read(registry.fetch(entry, Path(scratch) / "schema"))


def commit_proposal(
    registry: Registry,
    proposal: Proposal,
    *,
    by: str,
    lineage: Mapping[str, str] | None = None,
    parents: Iterable[Lineage] = (),
) -> Entry:
    """Commit a proposal without making it current.

    Committing the same proposal again changes nothing.

    Args:
        registry: The registry of the dataset.
        proposal: The changes.
        by: The proposer: a person, or a run.
        lineage: Further facts about its origin.
        parents: The lineages of its inputs.

    Raises:
        SchemaError: the proposal changes nothing.
    """
    if not proposal.changes:
        raise SchemaError("there is nothing to propose: the schema would stay as it is")
    with tempfile.TemporaryDirectory() as scratch:
        payload = Path(scratch)
        proposal.write(payload)
        return registry.commit(
            "schema",
            directory_digest(payload)[:12],
            payload,
            span=_span(registry, proposal),
            lineage={
                **(lineage or {}),
                "base": proposal.base,
                "proposed_by": by,
                "because": proposal.because,
                "changes": proposal.summary,
            },
            parents=parents,
            promote=False,
        )


def _span(registry: Registry, proposal: Proposal) -> str:
    """The newest span of the evidence.

    Without evidence it is the span of the schema before; without that, today's date.
    """
    current = registry.current("schema")
    today = datetime.now(UTC).date().isoformat()
    for name in (*proposal.spans[-1:], *([current.span] if current else [])):
        with contextlib.suppress(ContractError):
            span_order(name)
            return name
    return today


def approve(
    registry: Registry,
    version: str,
    *,
    by: str,
    reason: str,
    only: Sequence[str] = (),
    without: Sequence[str] = (),
) -> Entry:
    """Make a proposal the schema that later runs are checked against.

    If the schema has changed since the proposal, or only some columns are wanted, the changes are
    applied to the current schema, and the resulting version is approved.

    Args:
        registry: The registry of the dataset.
        version: The proposal.
        by: The approver.
        reason: The reason; may be empty.
        only: The columns whose changes are wanted; all by default.
        without: The columns whose changes are not wanted.

    Returns:
        The version that is current now. Approving the same again changes nothing.

    Raises:
        NotRegisteredError: there is no such version.
        RegistryError: it was rejected, or was current before another took its place.
        SchemaError: the parts it changes have changed since.
    """
    entry = registry.get("schema", version)
    if _AS in entry.lineage:
        return approve(registry, entry.lineage[_AS], by=by, reason=reason)
    note = {
        _APPROVED: by,
        "approved_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "reason": reason,
    }
    current = registry.current("schema")
    base = current.version if current is not None else ""
    if entry.promoted or _REJECTED in entry.lineage:
        return registry.decide("schema", version, note, promote=True, check=_undecided(base))
    proposal = proposal_of(registry, entry)
    chosen = select(proposal.changes, only=only, without=without)
    if not chosen:
        raise SchemaError("no change is left to approve; name fewer columns in --without")
    if proposal.base == base and len(chosen) == len(proposal.changes):
        return registry.decide("schema", version, note, promote=True, check=_undecided(base))
    part = Proposal(proposal.schema, base, chosen, proposal.spans, proposal.because)
    made = rebased(schema_of(registry, current), part, base=base)
    derived = commit_proposal(
        registry, made, by=entry.lineage.get("proposed_by", by), lineage={"of": version}
    )
    done = registry.decide("schema", derived.version, note, promote=True, check=_undecided(base))
    registry.decide(
        "schema", version, {_AS: done.version}, promote=False, check=lambda e, _: not e.promoted
    )
    return done


def _undecided(base: str) -> Any:
    def check(entry: Entry, current: str | None) -> bool:
        if _REJECTED in entry.lineage:
            raise RegistryError(
                f"schema {entry.version!r} was rejected by {entry.lineage[_REJECTED]}"
                f"{_because(entry)}; propose it anew if that was wrong"
            )
        if entry.promoted and current == entry.version:
            return False
        if entry.promoted:
            raise RegistryError(
                f"schema {entry.version!r} was current before {current!r}; to go back to it, make "
                f"it current with: registry promote schema {entry.version}"
            )
        if (current or "") != base:
            raise RegistryError(
                f"the schema became {current!r} in the meantime; look at the changes again, and "
                "approve again"
            )
        return True

    return check


def reject(registry: Registry, version: str, *, by: str, reason: str) -> Entry:
    """Reject a proposal.

    Raises:
        NotRegisteredError: there is no such version.
        RegistryError: it is or was current.
    """

    def check(entry: Entry, _current: str | None) -> bool:
        if entry.promoted:
            raise RegistryError(
                f"schema {version!r} was approved{_because(entry)}; approve another, or go back to "
                "the one before with: registry promote schema VERSION"
            )
        return _REJECTED not in entry.lineage

    note = {
        _REJECTED: by,
        "rejected_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "reason": reason,
    }
    return registry.decide("schema", version, note, promote=False, check=check)


def _because(entry: Entry) -> str:
    reason = entry.lineage.get("reason")
    return f" ({reason})" if reason else ""
