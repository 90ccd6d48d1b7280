"""Read the statistics of accepted spans from the registry."""

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
    """The statistics in a registry, each fetched once."""

    def __init__(self, registry: Registry) -> None:
        """Create it without fetching anything."""
        self._registry = registry
        self._read: dict[str, Statistics] = {}

    def get(self, entry: Entry) -> Statistics:
        """The statistics of one accepted span.

        Raises:
            RegistryError: they are damaged.
        """
        if entry.version not in self._read:
            with tempfile.TemporaryDirectory() as scratch:
                fetched = self._registry.fetch(entry, Path(scratch) / "statistics")
                self._read[entry.version] = Statistics.read(fetched)
        return self._read[entry.version]

    def merged(self, entries: Sequence[Entry]) -> Statistics:
        """Merge the statistics of several accepted spans, oldest first."""
        return merged([self.get(entry) for entry in entries])

    def steps(self, contract: Contract, *, before: str) -> learned.Steps | None:
        """The distances of accepted spans from their baselines, also by slice.

        Only features whose limit is learned are included.

        Args:
            contract: The contract, which sets which limits are learned.
            before: Only spans that ended before this one began.

        Returns:
            The distances; None if the contract sets no learned limit.
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
    """Keep only the wanted columns, over all rows and in slices."""

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
