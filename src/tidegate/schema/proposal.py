"""Changes to a schema that a person is to decide on, and how they lie on disk.

A run never widens its own gate. When it holds a span, it writes down how the schema would have to
change, and a person decides.
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
        schema: The schema as it would be.
        base: The version that is to be changed; empty where there is none.
        changes: What leads from the one to the other.
        spans: The spans whose data is the evidence.
        because: Where it comes from: `data`, `edit`, `import`.
        left: What holds these spans even then, a line each.
    """

    schema: Any
    base: str
    changes: tuple[Change, ...]
    spans: tuple[str, ...] = ()
    because: str = "data"
    left: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """How many changes of which effect there are."""
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
        """Read back what `write` wrote.

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
    """The proposal to put one schema in the place of another."""
    return Proposal(new, base, tuple(diff(old, new)), because=because)


def on_top(schema: Any, proposal: Proposal, *, base: str) -> Proposal:
    """The changes of a proposal, on a schema that is another by now.

    Raises:
        SchemaError: what is to be changed is not what it was when they were proposed.
    """
    return replace(proposal, schema=apply(schema, proposal.changes), base=base)
