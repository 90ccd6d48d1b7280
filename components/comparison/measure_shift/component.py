"""What tells a span's rows from another's."""

from kfp import dsl

from tidegate.artifacts import Examples, Shift
from tidegate_kfp.components.images import DATA


@dsl.component(base_image=DATA, install_kfp_package=False)
def measure_shift(
    examples: dsl.Input[Examples],
    baseline: dsl.Input[Examples],
    contract_uri: str,
    contract_digest: str,
    shift: dsl.Output[Shift],
    metrics: dsl.Output[dsl.Metrics],
    shift_report: dsl.Output[dsl.HTML],
):
    """Train a classifier to tell rows of now from rows of before, and compare their labels.

    Args:
        examples: The rows of now.
        baseline: The rows of before.
        contract_uri: The data contract, a YAML file; it names the label and what is no feature.
        contract_digest: SHA-256 the contract must have; empty for any.

    Returns:
        shift: The AUC of all features and of each, with intervals; how the label changed.
        metrics: The AUC of all features with its 95% interval; 0.5 where nothing tells them apart.
        shift_report: The same to read.
    """
    from pathlib import Path

    from tidegate import steps

    result = steps.measure_shift(
        examples=Path(examples.path),
        baseline=Path(baseline.path),
        contract_uri=contract_uri,
        contract_digest=contract_digest,
        out=Path(shift.path),
        page=Path(shift_report.path),
    )
    for name, value in result.scalars().items():
        metrics.log_metric(name, value)
    shift.metadata["significant"] = result.significant
