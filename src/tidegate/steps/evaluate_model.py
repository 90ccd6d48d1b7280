"""The step that judges a model: the model gate."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.platform.lineage import directory_digest
from tidegate.steps.running import Run, print_verdict, step, write

if TYPE_CHECKING:
    from tidegate.model.evaluation import Evaluation


@step
def evaluate_model(
    *,
    model: Path,
    examples: Path,
    contract_uri: str,
    contract_digest: str,
    registry_uri: str,
    champion_version: str,
    out: Path,
    page: Path,
) -> Evaluation:
    """Judge a model on the eval split, also against the champion.

    Both are evaluated on the same rows.
    """
    from tidegate.data.examples import Examples
    from tidegate.model import evaluation
    from tidegate.report import pages

    run = Run.open(contract_uri, contract_digest, registry_uri=registry_uri)
    run.given(model, "model")
    run.given(examples, "examples")
    with tempfile.TemporaryDirectory() as scratch:
        champion = None
        if champion_version:
            entry = run.registry.get("model", champion_version)
            champion = run.registry.fetch(entry, Path(scratch) / "champion")
            run.of_version(entry)
        result = evaluation.evaluate(
            model,
            Examples.open(examples),
            run.contract,
            champion=champion,
            champion_version=champion_version or None,
        )
    result.write(out)
    write(out / "model.sha256", directory_digest(model))
    run.record(
        out,
        "evaluation",
        name=result.span,
        facts={
            "verdict": result.verdict.status,
            "split": result.split,
            "rows": result.overall.rows,
            "metric": result.metric,
            **_compared(result),
        },
    )
    card = json.loads((model / "model.json").read_text())
    write(page, pages.evaluation_page(result, card, run.contract))
    print_verdict("model", result.verdict.status, result.verdict.reasons)
    return result


def _compared(result: Evaluation) -> dict[str, float]:
    """The defined values of the deciding metric, for model and champion."""
    scalars = result.scalars()
    named = {"value": result.metric, "champion": f"champion_{result.metric}"}
    return {name: scalars[key] for name, key in named.items() if key in scalars}
