"""The step that measures every column's signal about the label."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.steps.running import Run, progress, step, write

if TYPE_CHECKING:
    from tidegate.model.feature_analysis import Signal


@step
def measure_features(
    *,
    examples: Path,
    contract_uri: str,
    contract_digest: str,
    out: Path,
    page: Path,
    model: Path | None = None,
) -> Signal:
    """Measure every column's signal; with a model, also its importance."""
    from tidegate.data.examples import Examples
    from tidegate.model import feature_analysis
    from tidegate.report import pages

    run = Run.open(contract_uri, contract_digest)
    opened = Examples.open(examples)
    run.given(examples, "examples")
    rows = feature_analysis.of_examples(opened)
    shuffled = None
    if model is not None:
        run.given(model, "model")
        shuffled = feature_analysis.shuffle(model, rows, run.contract)
    digests = {"content": opened.content_digest, "contract": run.contract.digest}
    result = feature_analysis.measure(rows, run.contract, shuffled=shuffled, digests=digests)
    result.write(out)
    run.record(out, "signal", name=result.name, facts=result.scalars())
    write(page, pages.signal_page(result, run.contract))
    for feature in result.dropped:
        progress(f"{feature.name}: {feature.reason}")
    return result
