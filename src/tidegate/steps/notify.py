"""The step that sends a message about a run's end."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

from tidegate.contract import Contract
from tidegate.core.errors import TidegateError
from tidegate.platform import notification
from tidegate.platform.registry import Registry
from tidegate.platform.storage.retry import at_most
from tidegate.steps.running import progress, step

#: Seconds that storage may take to answer: a run that failed for its sake has waited already.
_PATIENCE: Final = 10.0


@step
def notify(*, status: str, contract_uri: str, registry_uri: str, run_id: str) -> None:
    """Log how the run ended, and post it to the webhook.

    Without a webhook in the environment it only logs. KFP does not pass the failed task's name to
    an exit handler; the run's record in the registry shows how far it came. Where contract or
    registry cannot be read, which may be why the run failed, the message says that instead.
    """
    dataset: str | None = None
    record: Mapping[str, Mapping[str, Any]] | None = None
    trouble = ""
    with at_most(_PATIENCE):
        try:
            dataset = Contract.load(contract_uri).dataset
            record = Registry(registry_uri, dataset).run(run_id)
        except TidegateError as error:
            trouble = str(error)
    message = notification.message(dataset, run_id, status, record, trouble=trouble)
    progress(message["text"])
    if url := os.environ.get(notification.WEBHOOK_VARIABLE):
        notification.post(url, message)
