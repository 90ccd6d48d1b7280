"""From a contract and a span to data that a model may learn from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidegate.contract import Contract
from tidegate.core.errors import ExamplesError
from tidegate.core.spans import TO, span_order
from tidegate.data.sources.selection import scheduled
from tidegate.platform import lineage
from tidegate.platform.lineage import Lineage, directory_digest
from tidegate.platform.registry import Registry
from tidegate.steps import origins
from tidegate.steps.running import announce, maker, origin_of, progress, step, write

if TYPE_CHECKING:
    from tidegate.comparison.shift import Shift
    from tidegate.statistics import Statistics
    from tidegate.validation.checks.rows import Past


@dataclass(frozen=True)
class Resolved:
    """What a run is about: names and digests that fix every byte it will use."""

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
    """Turn contract and span into digests, and look up what the registry has to compare with.

    Versions are empty where the registry has none yet. `scheduled_at` is the moment the run was
    scheduled for, in ISO 8601, for a span such as `before:scheduled`.

    Raises:
        SystemExit: the contract, the span or the registry cannot be read.
    """
    from tidegate.comparison.drift import baselines
    from tidegate.data import sources

    contract = Contract.load(contract_uri)
    inputs = sources.resolve(contract, scheduled(span, scheduled_at))
    registry = Registry(registry_uri, contract.dataset)
    schema = registry.current("schema")
    # Of several spans, what shares none of them; else what shares some is better than nothing.
    compared = contract.gates.drift.against
    compared_with = baselines.chosen(registry, against=compared, before=inputs.spans[0])
    compared_with = compared_with or baselines.chosen(
        registry, against=compared, before=inputs.span
    )
    champion = registry.current("model")
    champion_version = champion.version if champion else ""
    origin = origin_of(contract, inputs.digest)
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


@step
def ingest_examples(
    *, contract_uri: str, contract_digest: str, span: str, content_digest: str, out: Path
) -> dict[str, Any]:
    """Read one span and write it as split Parquet; returns the artifact's metadata."""
    from tidegate.data import examples

    contract = Contract.load(contract_uri, digest=contract_digest)
    made = examples.ingest(
        contract, span=span, out=out, content_digest=content_digest, on_progress=progress
    )
    rows = ", ".join(f"{split} {made.num_rows(split):,}" for split in made.splits)
    progress(f"{made.num_rows():,} rows: {rows}")
    lineage.record(
        out,
        "examples",
        name=span,
        parents=[*origins.of_sources(contract, out), origins.of_contract(contract, contract_uri)],
        facts={
            "content": made.content_digest,
            "rows": {split: made.num_rows(split) for split in made.splits},
            "columns": {field.name: str(field.type) for field in made.schema},
        },
    )
    return {
        "span": span,
        "rows": made.num_rows(),
        "content_digest": made.content_digest,
        "dropped": made.dropped,
        "bad_records": made.facts.bad_records,
        "shared": {", ".join(fact.columns): fact.shared for fact in made.leakage},
    }


@step
def compute_statistics(*, examples: Path, out: Path) -> dict[str, Any]:
    """Compute the statistics of every split; returns the artifact's metadata."""
    from tidegate import statistics
    from tidegate.data.examples import Examples

    computed = statistics.compute(
        Examples.open(examples),
        on_progress=lambda done, total: progress(f"{done:,} of {total:,} rows"),
    )
    computed.write(out)
    lineage.record(
        out,
        "statistics",
        name=computed.span,
        parents=[lineage.read(examples, "examples")],
        facts={"rows": computed.num_examples()},
    )
    return {
        "span": computed.span,
        "rows": computed.num_examples(),
        "columns": len(computed.features()),
    }


@step
def infer_schema(
    *,
    statistics: Path,
    contract_uri: str,
    contract_digest: str,
    registry_uri: str,
    schema_version: str,
    out: Path,
) -> dict[str, Any]:
    """Fetch the registered schema, or infer the first one; returns the artifact's metadata.

    A registered schema is never widened here: data that does not fit it is held instead.
    """
    from tidegate import schema
    from tidegate.statistics import Statistics

    contract = Contract.load(contract_uri, digest=contract_digest)
    computed = Statistics.read(statistics)
    if schema_version:
        registry = Registry(registry_uri, contract.dataset)
        entry = registry.get("schema", schema_version)
        registry.fetch(entry, out)
        found = schema.read(out)
        parents = [origins.of_version(entry)]
    else:
        parents = [
            lineage.read(statistics, "statistics"),
            origins.of_contract(contract, contract_uri),
        ]
        contract.require_columns(tuple(computed.features()))
        found = schema.infer(computed, contract)
        schema.write(found, out)
    lineage.record(
        out,
        "schema",
        name=contract.dataset,
        parents=parents,
        facts={"columns": len(found.feature)},
    )
    origin = f"registered as {schema_version}" if schema_version else "inferred from this span"
    progress(f"schema of {len(found.feature)} columns, {origin}")
    return {"digest": schema.digest(found), "inferred": not schema_version}


@step
def validate_examples(
    *,
    statistics: Path,
    schema: Path,
    contract_uri: str,
    contract_digest: str,
    registry_uri: str,
    baseline_version: str,
    run_id: str,
    out: Path,
    page: Path,
    data_page: Path,
    examples: Path | None = None,
) -> tuple[str, list[str]]:
    """Judge a span's data; returns the verdict and the reasons to hold.

    Data that passes becomes the baseline of later spans: its statistics, and the schema when it
    is the first, are committed to the registry. Where the schema holds it, the changes that it
    would need are proposed there, for a person to approve. Without `examples` rules over rows are
    not evaluated (the contract's hold then), and no row is shown.
    """
    from tidegate import schema as schemas
    from tidegate import validation
    from tidegate.comparison.drift import baselines
    from tidegate.comparison.drift.history import Kept
    from tidegate.data.examples import Examples
    from tidegate.report import pages
    from tidegate.statistics import Statistics
    from tidegate.validation import schema_proposal

    contract = Contract.load(contract_uri, digest=contract_digest)
    registry = Registry(registry_uri, contract.dataset)
    current = Statistics.read(statistics)
    expected = schemas.read(schema)
    parents = [
        lineage.read(statistics, "statistics"),
        lineage.read(schema, "schema"),
        origins.of_contract(contract, contract_uri),
    ]
    versions = baseline_version.split(baselines.SEPARATOR) if baseline_version else []
    entries = [registry.get("statistics", version) for version in versions]
    parents += [origins.of_version(entry) for entry in entries]
    kept = Kept(registry)
    baseline = kept.merged(entries) if entries else None

    rows = None
    if examples is not None:
        rows = Examples.open(examples)
        parents.append(lineage.read(examples, "examples"))
        if rows.content_digest != current.content_digest:
            raise ExamplesError(
                f"the examples in {examples} are not those that the statistics are of; compute "
                "the statistics of these"
            )
    history = _history(registry, current.span)
    result = validation.validate(
        current,
        expected,
        contract,
        baseline=baseline,
        examples=rows,
        history=history,
        steps=kept.steps(contract, before=current.span),
    )
    result = schema_proposal.with_proposal(
        result,
        current,
        expected,
        contract,
        out,
        registry=registry,
        command=(registry_uri, contract_uri),
        by=f"run {run_id}",
        lineage={**origin_of(contract, current.content_digest), **maker()},
        schema_lineage=parents[1],
        parents=parents,
    )
    result.write(out)
    write(page, pages.validation_page(result, current, baseline, expected, contract))
    told = pages.data_page(current, expected, contract, validation=result, history=history)
    write(data_page, told)
    verdict = result.verdict
    validated = lineage.record(
        out,
        "validation",
        name=current.span,
        parents=parents,
        facts={"verdict": verdict.status, "reasons": len(verdict.reasons)},
    )
    if verdict.status == "pass":
        _accept_data(registry, contract, current, statistics, schema, validated)
    proposals = list(verdict.told(schema_proposal.PROPOSED))
    registry.record(
        run_id,
        "validate_examples",
        {
            "span": current.span,
            "verdict": verdict.status,
            "reasons": list(verdict.reasons),
            "proposals": proposals,
        },
    )
    announce("data", verdict.status, [*verdict.reasons, *proposals])
    return verdict.status, list(verdict.reasons)


@step
def measure_shift(
    *,
    examples: Path,
    baseline: Path,
    contract_uri: str,
    contract_digest: str,
    out: Path,
    page: Path,
) -> Shift:
    """Tell the rows of one span from those of another, and compare their labels."""
    from tidegate.comparison import shift
    from tidegate.data.examples import Examples
    from tidegate.report import pages
    from tidegate.report.shift.page import features_in_words

    contract = Contract.load(contract_uri, digest=contract_digest)
    now, before = (shift.of_examples(Examples.open(path)) for path in (examples, baseline))
    result = shift.compare(now, before, contract)
    result.write(out)
    write(page, pages.shift_page(result, contract))
    lineage.record(
        out,
        "shift",
        name=result.current,
        parents=[
            lineage.read(examples, "examples"),
            lineage.read(baseline, "examples"),
            origins.of_contract(contract, contract_uri),
        ],
        facts=result.scalars(),
    )
    progress(features_in_words(result))
    return result


def _history(registry: Registry, span: str) -> list[Past]:
    """The accepted spans that were over before this one began, the newest last."""
    from tidegate.validation.checks.rows import Past

    first = span_order(span.partition(TO)[0])
    found = {
        entry.span: int(entry.lineage["rows"])
        for entry in registry.versions("statistics")
        if entry.promoted and span_order(entry.span) < first
    }
    return [
        Past(name, rows) for name, rows in sorted(found.items(), key=lambda i: span_order(i[0]))
    ]


def _accept_data(
    registry: Registry,
    contract: Contract,
    current: Statistics,
    statistics: Path,
    schema: Path,
    validated: Lineage,
) -> None:
    made = {**origin_of(contract, current.content_digest), **maker()}
    span = current.span
    if registry.current("schema") is None:
        version = directory_digest(schema)[:12]
        parents = [lineage.read(schema, "schema"), validated]
        registry.commit("schema", version, schema, span=span, lineage=made, parents=parents)
    version = f"{span}-{directory_digest(statistics)[:12]}"
    counted = {**made, "rows": str(current.num_examples())}
    parents = [lineage.read(statistics, "statistics"), validated]
    registry.commit("statistics", version, statistics, span=span, lineage=counted, parents=parents)
