"""The step that judges a span's data: the data gate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.core.errors import ExamplesError
from tidegate.platform import lineage
from tidegate.platform.lineage import Lineage, directory_digest
from tidegate.platform.registry import Registry
from tidegate.steps.running import Run, maker, print_verdict, step, write

if TYPE_CHECKING:
    from tidegate.data.examples import Examples
    from tidegate.schema.proposal import Proposal
    from tidegate.statistics import Statistics
    from tidegate.validation.checks.rows import Past


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
    """Judge a span's data.

    Data that passes becomes the baseline of later spans: its statistics, and the schema if it is
    the first, are committed to the registry. If the schema holds the data, the changes that it
    would need are proposed there, for a person to approve. Without `examples`, rules over rows are
    not evaluated (the contract's rules hold then), and no row is shown.

    Returns:
        The verdict and the reasons to hold.
    """
    from tidegate import schema as schemas
    from tidegate import validation
    from tidegate.comparison.drift import baselines
    from tidegate.comparison.drift.history import AcceptedStatistics
    from tidegate.report import pages
    from tidegate.statistics import Statistics
    from tidegate.validation import schema_proposal

    run = Run.open(contract_uri, contract_digest, registry_uri=registry_uri, run_id=run_id)
    contract, registry = run.contract, run.registry
    current = Statistics.read(statistics)
    expected = schemas.read(schema)
    run.given(statistics, "statistics")
    schema_lineage = run.given(schema, "schema")
    versions = baseline_version.split(baselines.SEPARATOR) if baseline_version else []
    entries = [registry.get("statistics", version) for version in versions]
    for entry in entries:
        run.of_version(entry)
    accepted = AcceptedStatistics(registry)
    baseline = accepted.merged(entries) if entries else None
    rows = _rows(run, examples, current)
    history = _history(registry, current.span)
    result = validation.validate(
        current,
        expected,
        contract,
        baseline=baseline,
        examples=rows,
        history=history,
        steps=accepted.steps(contract, before=current.span),
    )
    result = schema_proposal.with_proposal(
        result,
        current,
        expected,
        contract,
        out,
        base=schema_proposal.base_of(schema_lineage),
        keep=lambda proposal: _keep(run, proposal, current),
    )
    result.write(out)
    write(page, pages.validation_page(result, current, baseline, expected, contract))
    write(
        data_page,
        pages.data_page(current, expected, contract, validation=result, history=history),
    )
    verdict = result.verdict
    validated = run.record(
        out,
        "validation",
        name=current.span,
        facts={"verdict": verdict.status, "reasons": len(verdict.reasons)},
    )
    if verdict.status == "pass":
        _accept(run, current, statistics, schema, validated)
    proposals = list(verdict.messages(schema_proposal.PROPOSED))
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
    print_verdict("data", verdict.status, [*verdict.reasons, *proposals])
    return verdict.status, list(verdict.reasons)


def _rows(run: Run, examples: Path | None, current: Statistics) -> Examples | None:
    """The examples behind the statistics, if they are given."""
    from tidegate.data.examples import Examples

    if examples is None:
        return None
    rows = Examples.open(examples)
    run.given(examples, "examples")
    if rows.content_digest != current.content_digest:
        raise ExamplesError(
            f"the examples in {examples} are not those that the statistics are of; compute "
            "the statistics of these"
        )
    return rows


def _history(registry: Registry, span: str) -> list[Past]:
    """The accepted spans that ended before this one, the newest last."""
    from tidegate.comparison.drift import baselines
    from tidegate.validation.checks.rows import Past

    accepted = baselines.accepted(registry, before=span)
    return [Past(entry.span, int(entry.lineage["rows"])) for entry in accepted]


def _keep(run: Run, proposal: Proposal, current: Statistics) -> str:
    """Store a proposal in the registry, and return its approval command."""
    from tidegate.schema import approval
    from tidegate.validation.schema_proposal import approve_command

    entry = approval.commit_proposal(
        run.registry,
        proposal,
        by=f"run {run.run_id}",
        lineage={**run.origin(current.content_digest), **maker()},
        parents=run.all_parents(),
    )
    return approve_command(run.registry_uri, run.contract_uri, entry.version)


def _accept(
    run: Run, current: Statistics, statistics: Path, schema: Path, validated: Lineage
) -> None:
    """Commit the statistics as a baseline, and a first schema."""
    registry, span = run.registry, current.span
    made = {**run.origin(current.content_digest), **maker()}
    if registry.current("schema") is None:
        version = directory_digest(schema)[:12]
        made_from = [lineage.read(schema, "schema"), validated]
        registry.commit("schema", version, schema, span=span, lineage=made, parents=made_from)
    version = f"{span}-{directory_digest(statistics)[:12]}"
    counted = {**made, "rows": str(current.num_examples())}
    made_from = [lineage.read(statistics, "statistics"), validated]
    registry.commit(
        "statistics", version, statistics, span=span, lineage=counted, parents=made_from
    )
