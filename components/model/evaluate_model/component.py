"""The gate for models."""

from typing import List, NamedTuple

from kfp import dsl

from tidegate.artifacts import Evaluation, Examples, Model
from tidegate_kfp.components.images import ML


@dsl.component(base_image=ML, install_kfp_package=False)
def evaluate_model(
    model: dsl.Input[Model],
    examples: dsl.Input[Examples],
    contract_uri: str,
    contract_digest: str,
    registry_uri: str,
    champion_version: str,
    evaluation: dsl.Output[Evaluation],
    metrics: dsl.Output[dsl.Metrics],
    classification: dsl.Output[dsl.ClassificationMetrics],
    evaluation_report: dsl.Output[dsl.HTML],
) -> NamedTuple("Judged", [("verdict", str), ("reasons", List[str])]):
    """Judge a model on the eval split, overall and by slice, against the champion on the same rows.

    Args:
        model: The model to judge.
        examples: The rows.
        contract_uri: The data contract, a YAML file.
        contract_digest: SHA-256 the contract must have.
        registry_uri: Where the champion is kept.
        champion_version: The model now in production; empty when there is none yet.

    Returns:
        evaluation: The verdict and every metric, with intervals.
        metrics: The overall metrics of the model and of the champion.
        classification: ROC curve and confusion matrix of a classifier.
        evaluation_report: The same to read, with slices, calibration and training history.
        verdict: pass or hold.
        reasons: Why it holds; empty when it passes.
    """
    from pathlib import Path

    from tidegate import steps

    result = steps.evaluate_model(
        model=Path(model.path),
        examples=Path(examples.path),
        contract_uri=contract_uri,
        contract_digest=contract_digest,
        registry_uri=registry_uri,
        champion_version=champion_version,
        out=Path(evaluation.path),
        page=Path(evaluation_report.path),
    )
    for name, value in result.scalars().items():
        metrics.log_metric(name, value)
    if result.roc:
        classification.log_roc_curve(*zip(*result.roc))
    if result.confusion:
        classification.log_confusion_matrix(
            list(result.confusion_classes), [list(row) for row in result.confusion]
        )
    evaluation.metadata["verdict"] = result.verdict.status
    return result.verdict.status, list(result.verdict.reasons)
