"""Schema changes for a person to decide on, and their file format.

A run never widens its own gate. If it holds a span, it writes down which changes of the schema
would let the span pass, and a person decides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from tidegate.core.errors import SchemaError
from tidegate.platform import documents
from tidegate.schema import files
from tidegate.schema.diff import Change, apply, diff, summary

FILE: Final = "proposal.json"
_FORMAT: Final = 1


@dataclass(frozen=True)
class Proposal:
    """Changes to a schema, for a person to decide on.

    Attributes:
        schema: The schema with the changes applied.
        base: The version to change; empty if there is none.
        changes: The changes from the base to the schema.
        spans: The spans whose data is the evidence.
        because: The origin: `data`, `edit`, `import`.
        left: What still holds these spans after the changes, a line each.
    """

    schema: Any
    base: str
    changes: tuple[Change, ...]
    spans: tuple[str, ...] = ()
    because: str = "data"
    left: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The number of changes by effect."""
        return summary(self.changes)

    def write(self, directory: Path) -> None:
        """Write `schema.pbtxt` and `proposal.json`."""
        files.write(self.schema, directory)
        document = {
            documents.FORMAT: _FORMAT,
            "base": self.base,
            "because": self.because,
            "spans": list(self.spans),
            "changes": [c.to_json() for c in self.changes],
            "left": list(self.left),
        }
        documents.write(directory / FILE, document)

    @classmethod
    def read(cls, directory: Path) -> Proposal:
        """Read the files that `write` wrote.

        Raises:
            SchemaError: a file is missing or is no proposal.
        """
        schema = files.read(directory)
        with documents.reading(
            directory / FILE,
            format_=_FORMAT,
            error=SchemaError,
            what="proposal",
            remedy="propose it anew",
        ) as found:
            return cls(
                schema=schema,
                base=found["base"],
                changes=tuple(Change.from_json(c) for c in found["changes"]),
                spans=tuple(found["spans"]),
                because=found["because"],
                left=tuple(found["left"]),
            )


def of_schemas(old: Any, new: Any, *, base: str, because: str) -> Proposal:
    """Propose to replace one schema by another."""
    return Proposal(new, base, tuple(diff(old, new)), because=because)


def rebased(schema: Any, proposal: Proposal, *, base: str) -> Proposal:
    """Apply a proposal's changes to a schema that has changed since.

    Raises:
        SchemaError: a part to change is no longer what it was when the changes were proposed.
    """
    return replace(proposal, schema=apply(schema, proposal.changes), base=base)
