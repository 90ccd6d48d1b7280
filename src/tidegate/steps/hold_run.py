"""The step that ends a run held by a gate."""

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
    """Record the hold, and fail unless `on_hold` is `succeed`.

    If the schema holds the run, the command that approves its proposal is printed too.

    Raises:
        SystemExit: with the reasons, unless the user configured held runs to succeed.
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
