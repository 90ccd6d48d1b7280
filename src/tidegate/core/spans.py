"""Order spans in time, and name ranges of spans."""

from __future__ import annotations

import re
from typing import Final

from tidegate.core.errors import ContractError

_SPAN: Final = re.compile(r"\d{1,18}|\d{4}(-\d\d){1,2}|\d{4}-\d\d-\d\dT\d\d", re.ASCII)


#: Separates the first and the last span of a range.
TO: Final = ".."


def range_name(spans: tuple[str, ...]) -> str:
    """The name of a run over spans: `2013-01..2013-03`, or the span.

    A single span is its own name.
    """
    return spans[0] if len(spans) == 1 else f"{spans[0]}{TO}{spans[-1]}"


def span_order(span: str) -> tuple[int, ...]:
    """A sort key that orders spans in time.

    Whole numbers are ordered by value, not by text. A range counts as its last span.

    Raises:
        ContractError: the text is not a span.
    """
    first, _, last = span.rpartition(TO)
    if not _SPAN.fullmatch(last) or (last != span and not _SPAN.fullmatch(first)):
        raise ContractError(
            f"{span!r} is not a span; spans look like 2013, 2013-02, 2013-02-07, 2013-02-07T05, "
            "or 2013-01..2013-03"
        )
    return tuple(int(part) for part in re.split("[-T]", last))
