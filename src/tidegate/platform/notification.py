"""Send a message to people about a run's end."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from typing import Any, Final, Literal

from tidegate.core.errors import TidegateError

#: The URL that `notify` posts to, if set. Not a parameter, because such URLs hold tokens.
WEBHOOK_VARIABLE: Final = "TIDEGATE_WEBHOOK_URL"
_TIMEOUT_SECONDS: Final = 20

#: `unknown`: the run ended, and its record cannot be read.
Outcome = Literal["published", "held", "failed", "unknown"]


def message(
    dataset: str | None,
    run_id: str,
    status: str,
    record: Mapping[str, Mapping[str, Any]] | None,
    *,
    trouble: str = "",
) -> dict[str, Any]:
    """The message about a run.

    Args:
        dataset: The contract's dataset; None where the contract cannot be read.
        run_id: The run's name.
        status: KFP's final status: COMPLETE, SUCCEEDED (locally) or FAILED.
        record: The steps' records, by step, in the order of the steps; None where it cannot be
            read.
        trouble: Why dataset or record are not known.

    Returns:
        `text` for people; for machines `dataset`, `run`, `span`, `outcome`, `reasons`, `proposals`
        (changes of the schema by which the data would pass) and `version`.
    """
    outcome, reasons = _outcome(status, record, trouble)
    record = record or {}
    proposals = record.get("hold_run", {}).get("proposals", [])
    text = "; ".join([f"run {run_id} {outcome}", *reasons, *proposals])
    return {
        "text": f"Tidegate {dataset}: {text}" if dataset else f"Tidegate: {text}",
        "dataset": dataset,
        "run": run_id,
        "span": next((facts["span"] for facts in record.values() if "span" in facts), None),
        "outcome": outcome,
        "reasons": reasons,
        "proposals": list(proposals),
        "version": record.get("publish_model", {}).get("version"),
    }


def _outcome(
    status: str, record: Mapping[str, Mapping[str, Any]] | None, trouble: str
) -> tuple[Outcome, list[str]]:
    if record is None:
        ended = status in ("COMPLETE", "SUCCEEDED")
        return ("unknown" if ended else "failed"), [f"how far it came is not known: {trouble}"]
    if held := record.get("hold_run"):
        return "held", list(held["reasons"])
    if "publish_model" in record and status in ("COMPLETE", "SUCCEEDED"):
        return "published", []
    last = f"after {list(record)[-1]}" if record else "before the data gate"
    return "failed", [f"a task failed {last}; its log says why"]


def post(url: str, body: Mapping[str, Any]) -> None:
    """Send a message as JSON.

    Raises:
        TidegateError: it is no HTTP address, or no server accepts the message in 20 seconds; the
            address, which may hold a token, is not included.
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
