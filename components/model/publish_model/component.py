"""From a blessed model to the champion."""

from kfp import dsl

from tidegate.artifacts import Evaluation, Model, Schema
from tidegate_kfp.components.images import LIGHT


@dsl.component(base_image=LIGHT, install_kfp_package=False)
def publish_model(
    model: dsl.Input[Model],
    evaluation: dsl.Input[Evaluation],
    schema: dsl.Input[Schema],
    contract_uri: str,
    contract_digest: str,
    content_digest: str,
    registry_uri: str,
    champion_version: str,
    run_id: str,
) -> str:
    """Commit a blessed model to the registry as the new champion, and return its version.

    Refuses a model that the evaluation did not bless, and one that was compared with a champion
    that has been replaced since. Publishing the same again changes nothing.

    Args:
        model: The model that was judged.
        evaluation: Its evaluation, with the verdict pass.
        schema: The schema the model was trained under.
        contract_uri: The data contract, a YAML file.
        contract_digest: SHA-256 the contract must have.
        content_digest: SHA-256 of the data it was trained on.
        registry_uri: Where models are kept.
        champion_version: The champion the model was compared with; empty when there was none.
        run_id: The run, for its record in the registry.
    """
    from pathlib import Path

    from tidegate import steps

    return steps.publish_model(
        model=Path(model.path),
        evaluation=Path(evaluation.path),
        schema=Path(schema.path),
        contract_uri=contract_uri,
        contract_digest=contract_digest,
        content_digest=content_digest,
        registry_uri=registry_uri,
        champion_version=champion_version,
        run_id=run_id,
    )
