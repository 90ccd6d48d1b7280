"""Fix what a run is about."""

from typing import NamedTuple

from kfp import dsl

from tidegate_kfp.components.images import LIGHT


@dsl.component(base_image=LIGHT, install_kfp_package=False)
def resolve_inputs(
    contract_uri: str, span: str, registry_uri: str, scheduled_at: str = ""
) -> NamedTuple(
    "Resolved",
    [
        ("span", str),
        ("content_digest", str),
        ("contract_digest", str),
        ("schema_version", str),
        ("baseline_version", str),
        ("champion_version", str),
    ],
):
    """Turn contract and span into digests, and look up what the registry has to compare with.

    Never cache this component: everything after it takes its digests as parameters, which is
    what makes caching of the rest right.

    Args:
        contract_uri: The data contract, a YAML file.
        span: The period to process: 2013-02, 2013-01..2013-03, last:3, latest, or
            interval:2013-02-01T00:00/2013-03-01T00:00 (spans wholly inside), or
            before:2013-03-02T06:00 and before:scheduled (the span that was over then).
        registry_uri: Where schemas, statistics and models are kept.
        scheduled_at: When the run was due, for before:scheduled.

    Returns:
        span: The period itself where latest was asked for; of several spans first..last.
        content_digest: SHA-256 over names, sizes and contents of the span's objects.
        contract_digest: SHA-256 of the contract.
        schema_version: The registered schema; empty when there is none yet.
        baseline_version: Statistics of the accepted spans to compare with; may be empty.
        champion_version: The model now in production; empty when there is none yet.
    """
    from dataclasses import astuple

    from tidegate import steps

    return astuple(
        steps.resolve_inputs(
            contract_uri=contract_uri,
            span=span,
            registry_uri=registry_uri,
            scheduled_at=scheduled_at,
        )
    )
