"""Retry with exponential backoff, full jitter and a deadline."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, TypeVar

from tidegate.core.errors import StorageError

T = TypeVar("T")

#: Seconds after which a request is not retried; a request under way is not cut off by it.
DEADLINE_VARIABLE: Final = "TIDEGATE_STORAGE_DEADLINE"
_DEADLINE: Final = 60.0
_FIRST: Final = 0.1
_LONGEST: Final = 8.0


#: What `at_most` allows.
_allowed: ContextVar[float] = ContextVar("allowed", default=float("inf"))


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Shorten the deadline of the requests that begin within the block.

    Where storage did not answer a task, the one that reports it need not wait as long again.
    """
    token = _allowed.set(seconds)
    try:
        yield
    finally:
        _allowed.reset(token)


def deadline() -> float:
    """The time limit for retries in seconds.

    It comes from the environment; a minute by default.

    Raises:
        StorageError: the environment has no number that is at least 0.
    """
    text = os.environ.get(DEADLINE_VARIABLE, "")
    if not text:
        return min(_DEADLINE, _allowed.get())
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise StorageError(f"{DEADLINE_VARIABLE} is {text!r}; give a number of seconds, 0 or more")
    return min(seconds, _allowed.get())


def retried(
    call: Callable[[], T],
    *,
    transient: Callable[[Exception], bool],
    within: float | None = None,
) -> T:
    """Call `call`, and retry while it fails for temporary reasons.

    The pause before the n-th repetition is uniform in [0, min(8, 0.1 * 2**n)] seconds ("full
    jitter": clients that failed together do not come back together; Brooker, AWS Architecture Blog,
    2015). No repetition begins later than `within` seconds after the first call.

    Args:
        call: Safe to repeat, or able to notice that an earlier attempt succeeded.
        transient: Whether an error is temporary.
        within: The deadline in seconds; `deadline()` by default.

    Returns:
        The result of `call`.

    Raises:
        Exception: the last exception of `call`.
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
