"""Source objects, and the column checks of every format."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tidegate.core.errors import SourceError
from tidegate.platform.storage import ObjectInfo, Store


@dataclass(frozen=True)
class SourceObject:
    """One file of raw data.

    Attributes:
        name: Its name relative to the source's root.
        size: Its size in bytes.
        sha256: The SHA-256 of its content, in hexadecimal.
        version: The store's version, to notice a change while reading; not part of any digest.
        shown: Its name in messages, if that is another: an absolute path, as it was typed.
    """

    name: str
    size: int
    sha256: str
    version: str = ""
    shown: str = ""

    @property
    def label(self) -> str:
        """Its name in messages."""
        return self.shown or self.name


def hashed(store: Store, info: ObjectInfo) -> SourceObject:
    """Read a listed object to compute its digest."""
    with store.open(info.name) as file:
        # typeshed wants readinto(), which every file a store opens has.
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    return SourceObject(info.name, info.size, sha256, info.version)


def check_columns(names: Sequence[str], *, where: str) -> None:
    """Refuse empty and duplicate column names.

    Raises:
        SourceError: a name is empty or occurs twice; names it.
    """
    for position, name in enumerate(names, start=1):
        if not name.strip():
            raise SourceError(f"{where}: column {position} has no name; name it, or drop it")
    for name, times in Counter(names).items():
        if times > 1:
            places = ", ".join(str(i) for i, n in enumerate(names, start=1) if n == name)
            raise SourceError(f"{where}: column {name!r} stands {times} times (columns {places})")


def check_same_columns(
    names: Sequence[str], first: Sequence[str], *, where: str, first_where: str
) -> None:
    """Refuse a file with other columns than the span's first file.

    Their order may differ.

    Raises:
        SourceError: naming both files and the columns that only one has.
    """
    lacking = [n for n in first if n not in names]
    more = [n for n in names if n not in first]
    if lacking or more:
        differences = [f"lacks {', '.join(map(repr, lacking))}"] if lacking else []
        differences += [f"adds {', '.join(map(repr, more))}"] if more else []
        raise SourceError(
            f"{where} has other columns than {first_where}: it {' and '.join(differences)}; "
            "files of one span must agree"
        )


def one_line(error: BaseException) -> str:
    """The first line of a library's error message.

    Arrow's messages may quote whole rows after it.
    """
    return str(error).strip().split("\n")[0] or type(error).__name__
