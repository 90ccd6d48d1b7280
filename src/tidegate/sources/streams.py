"""The bytes of an object as its format wants them: unpacked, and as UTF-8."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Final

import pyarrow as pa

from tidegate.errors import SourceError
from tidegate.sources.objects import SourceObject, one_line
from tidegate.storage import Store

_COMPRESSION: Final = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}

#: What reading a damaged or mislabelled archive can raise.
READ_ERRORS: Final = (
    OSError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
)


def open_stream(store: Store, item: SourceObject, encoding: str = "utf-8") -> Any:
    """An object's content as an Arrow stream: unpacked by its name's end, transcoded to UTF-8.

    Nothing is held in memory but a block. A `.zip` must hold one file.

    Raises:
        SourceError: a `.zip` holds none or several.
    """
    suffix = item.name[item.name.rfind(".") :].lower()
    opened = store.open(item.name)
    if suffix == ".zip":
        stream = pa.input_stream(_member(opened, item))
    else:
        stream = pa.input_stream(_native(opened), compression=_COMPRESSION.get(suffix))
    return stream if encoding == "utf-8" else pa.transcoding_input_stream(stream, encoding, "utf-8")


@contextmanager
def readable(item: SourceObject) -> Iterator[None]:
    """Turn an archive's error into one line that names the object."""
    try:
        yield
    except (*READ_ERRORS, pa.ArrowException) as error:
        raise SourceError(f"{item.name} cannot be read: {one_line(error)}") from None


def _native(file: BinaryIO) -> Any:
    # A local file is read by Arrow itself: its threads then never wait for Python's lock, which a
    # reader that is given up half way may hold.
    if isinstance(file, io.BufferedReader) and isinstance(file.raw, io.FileIO):
        with file:
            return pa.OSFile(str(file.name))
    return file


def _member(file: BinaryIO, item: SourceObject) -> Any:
    archive = zipfile.ZipFile(file)
    members = [m for m in archive.infolist() if not m.is_dir()]
    if len(members) != 1:
        listed = ", ".join(m.filename for m in members[:3]) or "nothing"
        raise SourceError(
            f"{item.name} holds {len(members)} files ({listed}); a .zip must hold one: "
            "give each file its own"
        )
    return archive.open(members[0])
