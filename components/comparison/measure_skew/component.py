"""The gate for serving logs."""

from typing import List, NamedTuple

from kfp import dsl

from tidegate.artifacts import Examples, Schema, Skew, Statistics
from tidegate_kfp.components.images import DATA


@dsl.component(base_image=DATA, install_kfp_package=False)
def measure_skew(
    examples: dsl.Input[Examples],
    statistics: dsl.Input[Statistics],
    schema: dsl.Input[Schema],
    contract_uri: str,
    contract_digest: str,
    serving_span: str,
    skew: dsl.Output[Skew],
    skew_report: dsl.Output[dsl.HTML],
) -> NamedTuple("Judged", [("verdict", str), ("reasons", List[str])]):
    """Hold serving logs against the data a model was trained on, and judge the skew.

    The verdict is pass or hold. Do not cache this component: logs of a span may still grow.

    Args:
        examples: The rows a model was trained on.
        statistics: What TFDV says of their columns.
        schema: What data is expected to look like in its environment SERVING.
        contract_uri: The data contract, a YAML file; its section serving says where logs lie.
        contract_digest: SHA-256 the contract must have; empty for any.
        serving_span: The span of logs, as the pattern in serving.source writes it, or latest.

    Returns:
        skew: The verdict, every finding, and every feature's differences by key.
        skew_report: The same to read, with the values that differ and both distributions.
        verdict: pass or hold.
        reasons: Why it holds; empty when it passes.
    """
    from pathlib import Path

    from tidegate import steps

    verdict, reasons = steps.measure_skew(
        examples=Path(examples.path),
        statistics=Path(statistics.path),
        schema=Path(schema.path),
        contract_uri=contract_uri,
        contract_digest=contract_digest,
        serving_span=serving_span,
        out=Path(skew.path),
        page=Path(skew_report.path),
    )
    skew.metadata["verdict"] = verdict
    return verdict, reasons
