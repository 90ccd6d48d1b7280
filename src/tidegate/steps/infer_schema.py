"""The step that provides the schema: registered, or inferred first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tidegate.platform import lineage
from tidegate.steps import parents
from tidegate.steps.running import Run, progress, step


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
    """Fetch the registered schema, or infer the first one.

    A registered schema is never widened here: data that does not fit it is held instead.

    Returns:
        The artifact's metadata.
    """
    from tidegate import schema
    from tidegate.statistics import Statistics

    run = Run.open(contract_uri, contract_digest, registry_uri=registry_uri)
    computed = Statistics.read(statistics)
    if schema_version:
        entry = run.registry.get("schema", schema_version)
        run.registry.fetch(entry, out)
        found = schema.read(out)
        # A column that vanished is in the schema; what is in neither was never there.
        run.contract.require_columns([*(f.name for f in found.feature), *computed.columns])
        # Neither contract nor statistics contributed to it.
        made_from = [parents.of_version(entry)]
    else:
        run.given(statistics, "statistics")
        made_from = run.all_parents()
        run.contract.require_columns(computed.columns)
        found = schema.infer(computed, run.contract)
        schema.write(found, out)
    lineage.record(
        out,
        "schema",
        name=run.contract.dataset,
        parents=made_from,
        facts={"columns": len(found.feature)},
    )
    origin = f"registered as {schema_version}" if schema_version else "inferred from this span"
    progress(f"schema of {len(found.feature)} columns, {origin}")
    return {"digest": schema.digest(found), "inferred": not schema_version}
