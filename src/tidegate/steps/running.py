"""What every step has: how it ends on a mistake, how it reports, what it says of its origin."""

from __future__ import annotations

import functools
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ParamSpec, TypeVar

from tidegate import __version__
from tidegate.contract import Contract
from tidegate.core.errors import TidegateError
from tidegate.platform.lineage import Making
from tidegate.steps import openlineage

P = ParamSpec("P")
R = TypeVar("R")


def step(function: Callable[P, R]) -> Callable[P, R]:
    """Print progress, and end the process with one line where the user can cure the error."""

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
        try:
            with openlineage.reported(function.__name__, kwargs):
                return function(*args, **kwargs)
        except TidegateError as error:
            sys.exit(f"{function.__name__}: {error}")

    return wrapper


def progress(message: str) -> None:
    """Say on stderr how far the step is."""
    print(message, file=sys.stderr, flush=True)


def announce(what: str, status: str, reasons: Sequence[str]) -> None:
    """Say on stderr what a gate decided, and why."""
    progress("\n".join([f"{what}: {status}", *(f"  - {r}" for r in reasons)]))


def write(path: Path, text: str) -> None:
    """Write a report, and the directories that lead to it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def origin_of(contract: Contract, content_digest: str) -> dict[str, str]:
    """What says that two runs are about the same: contract, content and code."""
    return {
        "contract_digest": contract.digest,
        "content_digest": content_digest,
        "tidegate": __version__,
    }


def maker() -> dict[str, str]:
    """What made something: code, image and run."""
    made = Making.now()
    return {"code": made.code, "image": made.image, "run": made.run}
