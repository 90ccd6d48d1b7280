"""An object of a remote store as a file."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

#: The most bytes of one request.
PIECE: Final = 8 << 20


class RangedFile(io.RawIOBase):
    """An object as a raw file, read by range requests.

    Each read is a request for at most `PIECE` bytes.
    """

    def __init__(self, fetch: Callable[[int, int], bytes], size: int) -> None:
        """Create the file without a request.

        Args:
            fetch: Returns the bytes from the first number up to, and without, the second; all of
                them, or it raises.
            size: The size of the object, in bytes.
        """
        self._fetch = fetch
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """The number of bytes before the position."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position, maybe behind the end, and return it."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError(f"seek to {start + offset}, before the object's beginning")
        self._position = start + offset
        return self._position

    def readall(self) -> bytes:
        """Read the rest; the inherited method would request 8 KiB each."""
        return b"".join(iter(lambda: self._next(PIECE), b""))

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill the buffer or its beginning, and return the number of bytes."""
        view = memoryview(buffer).cast("B")
        data = self._next(len(view))
        view[: len(data)] = data
        return len(data)

    def _next(self, wanted: int) -> bytes:
        start = self._position
        end = min(start + min(wanted, PIECE), self._size)
        if end <= start:
            return b""
        data = self._fetch(start, end)
        self._position = end
        return data
