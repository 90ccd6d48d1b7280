"""The step that ingests a span as split examples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tidegate.steps import parents
from tidegate.steps.running import Run, progress, step


@step
def ingest_examples(
    *, contract_uri: str, contract_digest: str, span: str, content_digest: str, out: Path
) -> dict[str, Any]:
    """Read one span and write it as split Parquet.

    Returns:
        The artifact's metadata.
    """
    from tidegate.data import examples

    run = Run.open(contract_uri, contract_digest)
    made = examples.ingest(
        run.contract, span=span, out=out, content_digest=content_digest, on_progress=progress
    )
    rows = ", ".join(f"{split} {made.num_rows(split):,}" for split in made.splits)
    progress(f"{made.num_rows():,} rows: {rows}")
    run.parents.extend(parents.of_sources(run.contract, out))
    run.record(
        out,
        "examples",
        name=span,
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
