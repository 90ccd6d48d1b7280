"""The step that resolves a run's inputs to digests."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.contract import Contract
from tidegate.data.sources.selection import scheduled
from tidegate.steps.running import Run, progress, step


@dataclass(frozen=True)
class Resolved:
    """The inputs of a run: names and digests that fix every byte."""

    span: str
    content_digest: str
    contract_digest: str
    schema_version: str
    baseline_version: str
    champion_version: str


@step
def resolve_inputs(
    *, contract_uri: str, span: str, registry_uri: str, scheduled_at: str = ""
) -> Resolved:
    """Resolve contract and span to digests, and find registered versions.

    Versions are empty if the registry has none yet. `scheduled_at` is the moment the run was
    scheduled for, in ISO 8601, for a span such as `before:scheduled`.

    Raises:
        SystemExit: the contract, the span or the registry cannot be read.
    """
    from tidegate.comparison.drift import baselines
    from tidegate.data import sources

    contract = Contract.load(contract_uri)
    run = Run(contract, contract_uri, registry_uri)
    registry = run.registry
    registry.require_writable()
    inputs = sources.resolve(contract, scheduled(span, scheduled_at))
    schema = registry.current("schema")
    # For several spans, prefer a baseline that shares none of them; else one that shares some.
    compared = contract.gates.drift.against
    compared_with = baselines.chosen(registry, against=compared, before=inputs.spans[0])
    compared_with = compared_with or baselines.chosen(
        registry, against=compared, before=inputs.span
    )
    champion = registry.current("model")
    champion_version = champion.version if champion else ""
    origin = run.origin(inputs.digest)
    for entry in registry.versions("model"):
        if origin.items() <= entry.lineage.items():
            # This run was published before: replay it against the champion of that time.
            champion_version = entry.lineage["champion_before"]
    progress(f"{contract.dataset} {inputs.span}: {len(inputs.objects)} objects")
    accepted = [e for e in registry.versions("statistics") if e.span == inputs.span]
    if accepted and accepted[-1].lineage.get("content_digest", inputs.digest) != inputs.digest:
        progress(
            f"{inputs.span} has other objects or content than when {accepted[-1].version} was "
            "registered: something arrived late or was corrected, and is a new input"
        )
    return Resolved(
        span=inputs.span,
        content_digest=inputs.digest,
        contract_digest=contract.digest,
        schema_version=schema.version if schema else "",
        baseline_version=baselines.SEPARATOR.join(entry.version for entry in compared_with),
        champion_version=champion_version,
    )
