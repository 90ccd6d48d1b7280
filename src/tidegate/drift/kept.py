"""The statistics of accepted spans, as the registry keeps them."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from tidegate.contract import Contract
from tidegate.drift import against, learned
from tidegate.drift.merging import merged
from tidegate.registry import Entry, Registry
from tidegate.statistics.model import Statistics


class Kept:
    """Statistics in a registry, each fetched once."""

    def __init__(self, registry: Registry) -> None:
        """Fetch nothing yet."""
        self._registry = registry
        self._read: dict[str, Statistics] = {}

    def get(self, entry: Entry) -> Statistics:
        """Of one accepted span.

        Raises:
            RegistryError: they are damaged.
        """
        if entry.version not in self._read:
            with tempfile.TemporaryDirectory() as scratch:
                fetched = self._registry.fetch(entry, Path(scratch) / "statistics")
                self._read[entry.version] = Statistics.read(fetched)
        return self._read[entry.version]

    def merged(self, entries: Sequence[Entry]) -> Statistics:
        """Of several accepted spans together, the oldest first."""
        return merged([self.get(entry) for entry in entries])

    def steps(self, contract: Contract, *, before: str) -> learned.Steps | None:
        """How far accepted spans were from what they would be compared with.

        Args:
            contract: Says what that is; None is the answer if it learns nothing.
            before: Only spans that were over before this one began.
        """
        drift = contract.gates.drift
        if not drift.learns:
            return None
        accepted = against.accepted(self._registry, before=before)
        return learned.steps(
            [
                (self.get(entry), self.merged(those))
                for entry, those in against.pairs(accepted, against=drift.against)
            ]
        )
