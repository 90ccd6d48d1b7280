"""The step that sends a message about a run's end."""

from __future__ import annotations

import os

from tidegate.contract import Contract
from tidegate.platform import notification
from tidegate.platform.registry import Registry
from tidegate.steps.running import progress, step


@step
def notify(*, status: str, contract_uri: str, registry_uri: str, run_id: str) -> None:
    """Log how the run ended, and post it to the webhook.

    Without a webhook in the environment it only logs. KFP does not pass the failed task's name to
    an exit handler; the run's record in the registry shows how far it came.
    """
    contract = Contract.load(contract_uri)
    record = Registry(registry_uri, contract.dataset).run(run_id)
    message = notification.message(contract.dataset, run_id, status, record)
    progress(message["text"])
    if url := os.environ.get(notification.WEBHOOK_VARIABLE):
        notification.post(url, message)
