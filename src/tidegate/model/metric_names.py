"""Choose the contract's metric, or its task's default."""

from __future__ import annotations

import difflib

from tidegate.contract import Contract, Task
from tidegate.core.errors import ContractError
from tidegate.numerics.metrics import DEFAULT, METRICS


def require_metrics(contract: Contract, task: Task) -> str:
    """Check a contract's metric names, and return the deciding metric.

    Champion and challenger are compared by that metric.

    Raises:
        ContractError: a name is no metric of the task, or one that has no better direction.
    """
    known = METRICS[task]
    chosen = contract.evaluation.metric
    named = [("evaluation.metric", chosen)] if chosen else []
    named += [("evaluation.thresholds", name) for name in contract.evaluation.thresholds]
    for where, name in named:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(known)}"
            raise ContractError(f"{where} names {name!r}, no metric of a {task} label; {hint}")
    if chosen and known[chosen].better is None:
        raise ContractError(
            f"evaluation.metric is {chosen!r}, which describes the data and not the model; choose "
            f"another, such as {DEFAULT[task]!r}"
        )
    return chosen or DEFAULT[task]
