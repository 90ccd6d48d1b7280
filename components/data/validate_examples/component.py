"""The gate for data."""

from typing import List, NamedTuple

from kfp import dsl

from tidegate.artifacts import Examples, Schema, Statistics, Validation
from tidegate_kfp.components.images import DATA


# No Optional[...] around an optional artifact: KFP's server names no class with it, so the executor
# takes the annotation's, and a Union cannot be made.
@dsl.component(base_image=DATA, install_kfp_package=False)
def validate_examples(
    statistics: dsl.Input[Statistics],
    schema: dsl.Input[Schema],
    contract_uri: str,
    contract_digest: str,
    registry_uri: str,
    baseline_version: str,
    run_id: str,
    validation: dsl.Output[Validation],
    validation_report: dsl.Output[dsl.HTML],
    data_report: dsl.Output[dsl.HTML],
    examples: dsl.Input[Examples] = None,
) -> NamedTuple("Judged", [("verdict", str), ("reasons", List[str])]):
    """Judge a span's data against schema, contract and the span before it.

    The verdict is pass or hold. Data that passes becomes the baseline of later spans. Do not
    cache this component: it writes to the registry.

    Args:
        statistics: What TFDV says of every column.
        schema: What the data is expected to look like.
        contract_uri: The data contract, a YAML file.
        contract_digest: SHA-256 the contract must have.
        registry_uri: Where statistics and schemas are kept.
        baseline_version: Statistics to measure drift against; empty for the first span.
        run_id: The run, for its record in the registry.
        examples: The rows that the statistics are of; without them rules over rows hold, and no
            row is counted or shown.

    Returns:
        validation: The verdict, every finding and every distance.
        validation_report: The same to read, with both spans' histograms side by side.
        data_report: What was found in the data, every check, the needs and every column.
        verdict: pass or hold.
        reasons: Why it holds; empty when it passes.
    """
    from pathlib import Path

    from tidegate import steps

    verdict, reasons = steps.validate_examples(
        statistics=Path(statistics.path),
        schema=Path(schema.path),
        contract_uri=contract_uri,
        contract_digest=contract_digest,
        registry_uri=registry_uri,
        baseline_version=baseline_version,
        run_id=run_id,
        out=Path(validation.path),
        page=Path(validation_report.path),
        data_page=Path(data_report.path),
        examples=Path(examples.path) if examples else None,
    )
    validation.metadata["verdict"] = verdict
    return verdict, reasons
