"""The message about how a run ended."""

from __future__ import annotations

import os

from tidegate.contract import Contract
from tidegate.platform import notification
from tidegate.platform.registry import Registry
from tidegate.steps.running import progress, step


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
