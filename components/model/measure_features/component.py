"""What features tell of the label."""

from kfp import dsl

from tidegate.artifacts import Examples, Model, Signal
from tidegate_kfp.components.images import ML


# No Optional[...] around an optional artifact: KFP's server names no class with it, so the executor
# takes the annotation's, and a Union cannot be made.
@dsl.component(base_image=ML, install_kfp_package=False)
def measure_features(
    examples: dsl.Input[Examples],
    contract_uri: str,
    contract_digest: str,
    signal: dsl.Output[Signal],
    metrics: dsl.Output[dsl.Metrics],
    signal_report: dsl.Output[dsl.HTML],
    model: dsl.Input[Model] = None,
):
    """Measure what every column tells of the label, and suggest which features to leave out.

    Args:
        examples: The rows; the train split is measured, the eval split judges.
        contract_uri: The data contract, a YAML file.
        contract_digest: SHA-256 the contract must have; empty for any.
        model: Trained on these examples; each of its features is shuffled to see what it loses.

    Returns:
        signal: Every column's information on the label, suspects, redundant pairs, suggestions.
        metrics: How many features tell something, are suspects, or could be left out.
        signal_report: The same to read.
    """
    from pathlib import Path

    from tidegate import steps

    result = steps.measure_features(
        examples=Path(examples.path),
        contract_uri=contract_uri,
        contract_digest=contract_digest,
        out=Path(signal.path),
        page=Path(signal_report.path),
        model=Path(model.path) if model else None,
    )
    for name, value in result.scalars().items():
        metrics.log_metric(name, value)
    signal.metadata["leak_suspects"] = [f.name for f in result.suspects]
    signal.metadata["suggested_to_drop"] = [f.name for f in result.dropped]
