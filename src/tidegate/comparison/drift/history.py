"""The statistics of accepted spans, as the registry keeps them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from tensorflow_metadata.proto.v0 import statistics_pb2

from tidegate.comparison.drift import baselines, learned
from tidegate.comparison.drift.compare import configured_for
from tidegate.contract import Contract
from tidegate.platform.registry import Entry, Registry
from tidegate.statistics.merging import merged
from tidegate.statistics.model import Statistics


class AcceptedStatistics:
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
        """How far accepted spans were from what they would be compared with, and their slices.

        Only features whose limit is learned are looked at.

        Args:
            contract: Says what that is; None is the answer if it learns nothing.
            before: Only spans that were over before this one began.
        """
        drift = contract.gates.drift
        if not drift.learns:
            return None
        accepted = baselines.accepted(self._registry, before=before)
        pairs = baselines.pairs(accepted, against=drift.against)
        needed = {e.version: e for entry, those in pairs for e in (entry, *those)}
        kept = {
            version: _only(self.get(entry), lambda c: configured_for(contract, c) == "learned")
            for version, entry in needed.items()
        }
        return learned.steps(
            (kept[entry.version], merged([kept[e.version] for e in those]))
            for entry, those in pairs
        )


def _only(statistics: Statistics, wanted: Callable[[str], bool]) -> Statistics:
    """The columns that are wanted, over all rows and in slices, and nothing else."""

    def of(datasets: Iterable[Any]) -> Any:
        made = statistics_pb2.DatasetFeatureStatisticsList()
        for dataset in datasets:
            features = [f for f in dataset.features if wanted(f.path.step[0])]
            made.datasets.add(
                name=dataset.name, num_examples=dataset.num_examples, features=features
            )
        return made

    whole = of([statistics.split()])
    slices = None if statistics.slices is None else of(statistics.slices.datasets)
    return Statistics(whole, statistics.span, statistics.content_digest, slices=slices)
