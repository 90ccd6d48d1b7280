"""The end of a run that a gate held."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tidegate.contract import Contract
from tidegate.platform.registry import Registry
from tidegate.steps.running import progress, step


@step
def hold_run(
    *,
    stage: str,
    reasons: Sequence[str],
    on_hold: str,
    contract_uri: str,
    registry_uri: str,
    run_id: str,
) -> None:
    """Record that the run was held and why, and end red unless `on_hold` is `succeed`.

    Where the schema holds it, the command that approves the run's proposal is printed too.

    Raises:
        SystemExit: with the reasons, unless the user asked for held runs to succeed.
    """
    registry = Registry(registry_uri, Contract.load(contract_uri).dataset)
    validated = registry.run(run_id).get("validate_examples", {}) if stage == "data" else {}
    proposals = validated.get("proposals", [])
    registry.record(
        run_id, "hold_run", {"stage": stage, "reasons": list(reasons), "proposals": proposals}
    )
    lines = [*reasons, *proposals]
    message = "\n".join([f"held at the {stage} gate:", *(f"  - {line}" for line in lines)])
    if on_hold != "succeed":
        sys.exit(message)
    progress(message)
