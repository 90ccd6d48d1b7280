"""How a run ended, as a message to people."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from typing import Any, Final, Literal

from tidegate.core.errors import TidegateError

#: Where `notify` posts, when set. An environment variable and no parameter: such URLs hold tokens.
WEBHOOK_VARIABLE: Final = "TIDEGATE_WEBHOOK_URL"
_TIMEOUT_SECONDS: Final = 20

Outcome = Literal["published", "held", "failed"]


def message(
    dataset: str, run_id: str, status: str, record: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """What to say of a run.

    Args:
        dataset: The contract's dataset.
        run_id: The run's name.
        status: How KFP says it ended: COMPLETE, SUCCEEDED (locally) or FAILED.
        record: What its steps recorded, by step, in the order they did.

    Returns:
        `text` for people; for machines `dataset`, `run`, `span`, `outcome`, `reasons`, `proposals`
        (changes of the schema by which the data would pass) and `version`.
    """
    outcome, reasons = _outcome(status, record)
    proposals = record.get("hold_run", {}).get("proposals", [])
    text = "; ".join([f"run {run_id} {outcome}", *reasons, *proposals])
    return {
        "text": f"Tidegate {dataset}: {text}",
        "dataset": dataset,
        "run": run_id,
        "span": next((facts["span"] for facts in record.values() if "span" in facts), None),
        "outcome": outcome,
        "reasons": reasons,
        "proposals": list(proposals),
        "version": record.get("publish_model", {}).get("version"),
    }


def _outcome(status: str, record: Mapping[str, Mapping[str, Any]]) -> tuple[Outcome, list[str]]:
    if held := record.get("hold_run"):
        return "held", list(held["reasons"])
    if "publish_model" in record and status in ("COMPLETE", "SUCCEEDED"):
        return "published", []
    last = f"after {list(record)[-1]}" if record else "before the data gate"
    return "failed", [f"a task failed {last}; its log says why"]


def post(url: str, body: Mapping[str, Any]) -> None:
    """Send a message as JSON.

    Raises:
        TidegateError: it is no HTTP address, or nobody takes the message in 20 seconds; the
            address, which may hold a token, is not told.
    """
    if not url.startswith(("https://", "http://")):
        raise TidegateError(f"{WEBHOOK_VARIABLE} must begin with https:// or http://")
    request = urllib.request.Request(  # noqa: S310 (scheme checked above)
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    try:
        urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS).close()  # noqa: S310
    except OSError as error:
        raise TidegateError(f"the webhook in {WEBHOOK_VARIABLE} did not answer: {error}") from None
