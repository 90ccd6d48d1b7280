"""How a run ends: held, and told to those who wait for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from tidegate.contract import Contract
from tidegate.platform import notification
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

    Where the schema holds it, the command that approves the run's proposal is told too.

    Raises:
        SystemExit: with the reasons, unless the user asked for held runs to succeed.
    """
    registry = Registry(registry_uri, Contract.load(contract_uri).dataset)
    validated = registry.run(run_id).get("validate_examples", {}) if stage == "data" else {}
    proposals = validated.get("proposals", [])
    registry.record(
        run_id, "hold_run", {"stage": stage, "reasons": list(reasons), "proposals": proposals}
    )
    told = [*reasons, *proposals]
    message = "\n".join([f"held at the {stage} gate:", *(f"  - {line}" for line in told)])
    if on_hold != "succeed":
        sys.exit(message)
    progress(message)


@step
def notify(*, status: str, contract_uri: str, registry_uri: str, run_id: str) -> None:
    """Log how the run ended, and post it to the webhook in the environment if there is one.

    KFP does not tell an exit handler which task failed; the run's record in the registry says
    how far it came.
    """
    contract = Contract.load(contract_uri)
    record = Registry(registry_uri, contract.dataset).run(run_id)
    message = notification.message(contract.dataset, run_id, status, record)
    progress(message["text"])
    if url := os.environ.get(notification.WEBHOOK_VARIABLE):
        notification.post(url, message)
