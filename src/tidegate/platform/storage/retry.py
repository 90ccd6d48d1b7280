"""Trying again: exponential backoff with full jitter, and a deadline."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from typing import Final, TypeVar

from tidegate.core.errors import StorageError

T = TypeVar("T")

#: Seconds after which a request is not tried again; a request under way is not cut off by it.
DEADLINE_VARIABLE: Final = "TIDEGATE_STORAGE_DEADLINE"
_DEADLINE: Final = 60.0
_FIRST: Final = 0.1
_LONGEST: Final = 8.0


def deadline() -> float:
    """How long requests are tried again, in seconds: the environment's word, or a minute.

    Raises:
        StorageError: the environment does not give a number that is at least 0.
    """
    text = os.environ.get(DEADLINE_VARIABLE, "")
    if not text:
        return _DEADLINE
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise StorageError(f"{DEADLINE_VARIABLE} is {text!r}; give a number of seconds, 0 or more")
    return seconds


def retried(
    call: Callable[[], T],
    *,
    transient: Callable[[Exception], bool],
    within: float | None = None,
) -> T:
    """What `call` returns, trying again while it fails for a reason that may pass.

    The pause before the n-th repetition is uniform in [0, min(8, 0.1 * 2**n)] seconds ("full
    jitter": clients that failed together do not come back together; Brooker, AWS Architecture
    Blog, 2015). No repetition begins later than `within` seconds after the first call.

    Args:
        call: Safe to repeat, or able to notice that an earlier try went through.
        transient: Whether an error may pass.
        within: The deadline in seconds; `deadline()` by default.

    Raises:
        Exception: what `call` raised last.
    """
    limit = time.monotonic() + (deadline() if within is None else within)
    longest = _FIRST
    while True:
        try:
            return call()
        except Exception as error:
            pause = random.uniform(0, longest)  # noqa: S311
            if not transient(error) or time.monotonic() + pause > limit:
                raise
        time.sleep(pause)
        longest = min(_LONGEST, 2 * longest)
