"""The content of a run's index page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RunState = Literal["published", "unchanged", "held", "failed"]


@dataclass(frozen=True)
class TaskRun:
    """One task with its state and duration.

    `state` is in the backend's words; `seconds` is None if the task never ran.
    """

    name: str
    state: str
    seconds: float | None = None


@dataclass(frozen=True)
class GateVerdict:
    """A gate's verdict; `status` is empty if the run ended earlier.

    `warnings` are findings that do not hold.
    """

    name: str
    status: Literal["pass", "hold", ""]
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class MetricRow:
    """A metric of challenger and champion, with their difference.

    `difference` is challenger minus champion.
    """

    metric: str
    challenger: float | None
    champion: float | None = None
    difference: float | None = None


@dataclass(frozen=True)
class Link:
    """A link to another page, relative or absolute.

    `note` is one line about it.
    """

    title: str
    href: str
    note: str = ""


@dataclass(frozen=True)
class RunSummary:
    """One run, from its inputs to its published model.

    Attributes:
        dataset: The contract's dataset.
        span: The span the run handled.
        run_id: The name of the run in the registry.
        started: When it began, ISO 8601 in UTC.
        state: `published` a new version; `unchanged`: this very model was published before;
            `held` by a gate; `failed`: a task ended with an error.
        reasons: Why it was held or failed, one line each.
        tasks: The tasks in the order in which they ran.
        verdicts: One verdict for each gate.
        metrics: The metrics, the compared one first.
        version: The published version; None if nothing was published.
        registry: The URI of the registry.
        links: The other pages of the run.
        lineage: Names and values of the model's inputs (digests, versions).
    """

    dataset: str
    span: str
    run_id: str
    started: str
    state: RunState
    reasons: tuple[str, ...] = ()
    tasks: tuple[TaskRun, ...] = ()
    verdicts: tuple[GateVerdict, ...] = ()
    metrics: tuple[MetricRow, ...] = ()
    version: str | None = None
    registry: str = ""
    links: tuple[Link, ...] = ()
    lineage: tuple[tuple[str, str], ...] = ()

    @property
    def seconds(self) -> float:
        """The sum of the tasks' times."""
        return sum(t.seconds or 0.0 for t in self.tasks)
