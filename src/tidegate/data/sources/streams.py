"""Open objects as streams, decompressed and converted to UTF-8."""

from __future__ import annotations

import io
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.csv as arrow_csv

from tidegate.core.errors import SourceError
from tidegate.data.sources.objects import SourceObject, one_line
from tidegate.platform.storage import Store

_COMPRESSION: Final = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}

#: Exceptions from reading a damaged or mislabelled archive.
READ_ERRORS: Final = (
    OSError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
)


def open_stream(store: Store, item: SourceObject, encoding: str = "utf-8") -> Any:
    """Open an object as an Arrow stream in UTF-8.

    Its name's suffix selects the decompression. Only one block is held in memory. A `.zip` must
    hold one file.

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
def rest_of_csv(text: bytes, file: Any, **options: Any) -> Iterator[Any]:
    """Open a streaming reader for `text` and the rest of `file`.

    Arrow's threads must not need Python after the reader is abandoned: an abandoned reader waits
    for its reading threads, and they wait for Python's lock, which it holds; and a thread that
    finds an invalid row while Python ends brings the process down. So every object except a plain
    local file, and every input with a handler of invalid rows, is copied to a temporary file, which
    takes as much disk space as the remaining text; the file is truncated when the reader is
    abandoned.

    Args:
        text: The text read from `file` last.
        file: The stream, from `open_stream`.
        options: Options for `pyarrow.csv.open_csv`.
    """
    called_back = options["parse_options"].invalid_row_handler is not None
    if isinstance(file, pa.OSFile) and not called_back and not text.startswith(b"\n"):
        file.seek(file.tell() - len(text))
        with closing(arrow_csv.open_csv(file, **options)) as reader:
            yield reader
        return
    with tempfile.NamedTemporaryFile() as spool:
        spool.write(text)
        shutil.copyfileobj(file, spool, 1 << 20)
        spool.flush()
        with (
            pa.OSFile(spool.name) as local,
            closing(arrow_csv.open_csv(local, **options)) as reader,
        ):
            try:
                yield reader
            finally:
                spool.truncate(0)
                with suppress(pa.ArrowException):
                    for _ in reader:
                        pass


@contextmanager
def readable(item: SourceObject) -> Iterator[None]:
    """Turn an archive's error into one line that names the object."""
    try:
        yield
    except (*READ_ERRORS, pa.ArrowException) as error:
        raise SourceError(f"{item.label} cannot be read: {one_line(error)}") from None


def _native(file: BinaryIO) -> Any:
    # For `rest_of_csv`.
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
            f"{item.label} holds {len(members)} files ({listed}); a .zip must hold one: "
            "give each file its own"
        )
    return archive.open(members[0])
