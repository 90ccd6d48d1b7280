"""Raw files to split Parquet."""

from kfp import dsl

from tidegate.artifacts import Examples
from tidegate_kfp.components.images import LIGHT


@dsl.component(base_image=LIGHT, install_kfp_package=False)
def ingest_examples(
    contract_uri: str,
    contract_digest: str,
    span: str,
    content_digest: str,
    examples: dsl.Output[Examples],
):
    """Read one span of raw data and write it as Parquet, divided into splits.

    Args:
        contract_uri: The data contract, a YAML file.
        contract_digest: SHA-256 the contract must have.
        span: The period to read, as resolve_inputs gave it.
        content_digest: SHA-256 the span's objects must have, as resolve_inputs gave it.

    Returns:
        examples: The rows.
    """
    from pathlib import Path

    from tidegate import steps

    examples.metadata.update(
        steps.ingest_examples(
            contract_uri=contract_uri,
            contract_digest=contract_digest,
            span=span,
            content_digest=content_digest,
            out=Path(examples.path),
        )
    )
