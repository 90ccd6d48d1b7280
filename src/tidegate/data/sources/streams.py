"""The bytes of an object as its format wants them: unpacked, and as UTF-8."""

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
def rest_of_csv(text: bytes, file: Any, **options: Any) -> Iterator[Any]:
    """A streaming reader of what `file` still holds, `text` before it.

    Arrow's threads must not need Python for what nobody waits for any more: a reader that is given
    up waits for those that read, and they for Python's lock, which it holds; and one that finds an
    invalid row while Python ends brings the process down. So what is not a plain local file, and
    all that invalid rows are told of, is copied to a temporary file, which takes as much disk
    space as the text that is left is long; and is cut short when the reader is given up.

    Args:
        text: What was read of `file` last.
        file: From `open_stream`.
        options: For `pyarrow.csv.open_csv`.
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
        raise SourceError(f"{item.name} cannot be read: {one_line(error)}") from None


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
            f"{item.name} holds {len(members)} files ({listed}); a .zip must hold one: "
            "give each file its own"
        )
    return archive.open(members[0])
