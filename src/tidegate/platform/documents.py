"""Write results as JSON files, and read them with checks.

Every file has a format number, which goes up when a key changes its name or its meaning. A file
without one is of format 1.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tidegate.core.errors import TidegateError

#: The key of the format number.
FORMAT: Final = "format"


def finite(value: Any) -> Any:
    """Convert to plain values for JSON; non-finite numbers become null."""
    if isinstance(value, Mapping):
        return {str(k): finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write(file: Path, document: Mapping[str, Any]) -> None:
    """Write a document, and create its directories."""
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
    file.write_text(text + "\n", encoding="utf-8")


@contextmanager
def reading(
    file: Path, *, format_: int, error: type[TidegateError], what: str, remedy: str
) -> Iterator[dict[str, Any]]:
    """Read a document, and explain errors in its content.

    Args:
        file: The file.
        format_: The required format number.
        error: The exception type to raise.
        what: The kind of file, such as `validation`.
        remedy: The remedy if it cannot be read.

    Yields:
        The document without its format number.

    Raises:
        TidegateError: an `error`: the file is missing, cut short, of another format, or contradicts
            itself.
    """
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        found = document.pop(FORMAT, 1)
        if found != format_:
            raise error(f"{file} is of format {found}, and this version reads {format_}; {remedy}")
        yield document
    except OSError as problem:
        raise error(f"cannot read the {what} in {file}: {problem.strerror}; {remedy}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise error(f"cannot read the {what} in {file}: {problem!r}; {remedy}") from None
