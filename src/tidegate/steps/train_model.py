"""The step that trains a model on examples."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tidegate.steps.running import Run, progress, step


@step
def train_model(
    *,
    examples: Path,
    statistics: Path,
    schema: Path,
    contract_uri: str,
    contract_digest: str,
    out: Path,
) -> dict[str, Any]:
    """Train a model on the train split.

    Returns:
        The artifact's metadata.
    """
    from tidegate import schema as schemas
    from tidegate.data.examples import Examples
    from tidegate.model import training
    from tidegate.statistics import Statistics

    run = Run.open(contract_uri, contract_digest)
    run.given(examples, "examples")
    run.given(statistics, "statistics")
    run.given(schema, "schema")

    def on_epoch(epoch: int, logs: Mapping[str, float]) -> None:
        shown = "  ".join(f"{name} {value:.4f}" for name, value in logs.items())
        progress(f"epoch {epoch}/{run.contract.training.epochs}  {shown}")

    model = training.train(
        Examples.open(examples),
        Statistics.read(statistics),
        schemas.read(schema),
        run.contract,
        out=out,
        on_epoch=on_epoch,
    )
    run.record(
        out,
        "model",
        name=run.contract.dataset,
        facts={"framework": "tensorflow", "task": model.task, "label": run.contract.label},
    )
    return {"framework": "tensorflow", "task": model.task}
