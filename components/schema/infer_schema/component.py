"""The schema data is held to."""

from kfp import dsl

from tidegate.artifacts import Schema, Statistics
from tidegate_kfp.components.images import DATA


@dsl.component(base_image=DATA, install_kfp_package=False)
def infer_schema(
    statistics: dsl.Input[Statistics],
    contract_uri: str,
    contract_digest: str,
    registry_uri: str,
    schema_version: str,
    schema: dsl.Output[Schema],
):
    """Fetch the registered schema, or infer the first one from the statistics.

    A registered schema is never widened: data that does not fit it is held by validate_examples.

    Args:
        statistics: What TFDV says of every column.
        contract_uri: The data contract, a YAML file.
        contract_digest: SHA-256 the contract must have.
        registry_uri: Where schemas are kept.
        schema_version: The registered schema; empty to infer one.

    Returns:
        schema: What the data is expected to look like.
    """
    from pathlib import Path

    from tidegate import steps

    schema.metadata.update(
        steps.infer_schema(
            statistics=Path(statistics.path),
            contract_uri=contract_uri,
            contract_digest=contract_digest,
            registry_uri=registry_uri,
            schema_version=schema_version,
            out=Path(schema.path),
        )
    )
