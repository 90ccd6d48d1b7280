"""From examples to a SavedModel."""

from kfp import dsl

from tidegate.artifacts import Examples, Model, Schema, Statistics
from tidegate_kfp.components.images import ML


@dsl.component(base_image=ML, install_kfp_package=False)
def train_model(
    examples: dsl.Input[Examples],
    statistics: dsl.Input[Statistics],
    schema: dsl.Input[Schema],
    contract_uri: str,
    contract_digest: str,
    model: dsl.Output[Model],
):
    """Train a Keras model on the train split, with its preprocessing inside the SavedModel.

    Args:
        examples: The rows.
        statistics: Vocabularies, means and quantiles come from here.
        schema: Which columns there are, and their types.
        contract_uri: The data contract, a YAML file.
        contract_digest: SHA-256 the contract must have.

    Returns:
        model: The trained model.
    """
    from pathlib import Path

    from tidegate import steps

    model.metadata.update(
        steps.train_model(
            examples=Path(examples.path),
            statistics=Path(statistics.path),
            schema=Path(schema.path),
            contract_uri=contract_uri,
            contract_digest=contract_digest,
            out=Path(model.path),
        )
    )
