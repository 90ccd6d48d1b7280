"""Read and write the schema as TFMD text.

People can read and edit the file; TFDV and TFX read it too.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from tidegate.core.errors import SchemaError

TRAINING: Final = "TRAINING"
SERVING: Final = "SERVING"
FILE: Final = "schema.pbtxt"


def text(schema: Any) -> str:
    """Format the schema as TFMD text."""
    return str(text_format.MessageToString(schema, as_utf8=True))


def parse(written: str) -> Any:
    """Parse a schema from TFMD text.

    Raises:
        SchemaError: the text is no schema, names no feature, or one twice.
    """
    try:
        schema = text_format.Parse(written, schema_pb2.Schema())
    except text_format.ParseError as error:
        raise SchemaError(f"not a schema: {' '.join(str(error).split())}") from None
    if not schema.feature:
        raise SchemaError("it names no feature")
    for what, named in (("column", schema.feature), ("string_domain", schema.string_domain)):
        names = [item.name for item in named]
        for name in names:
            if names.count(name) > 1:
                raise SchemaError(f"it names the {what} {name!r} twice")
    return schema


def write(schema: Any, directory: Path) -> None:
    """Write `schema.pbtxt` into a directory."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / FILE).write_text(text(schema), encoding="utf-8")


def read(directory: Path) -> Any:
    """Read `schema.pbtxt` from a directory; see `read_file`."""
    return read_file(directory / FILE, remedy="restore it, or infer it again with caching off")


def read_file(path: Path, *, remedy: str = "correct it") -> Any:
    """Read a schema.

    Raises:
        SchemaError: it is missing, not a schema, names no feature, or one twice.
    """
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, SchemaError) as error:
        raise SchemaError(f"cannot read {path}: {error}; {remedy}") from None


def digest(schema: Any) -> str:
    """The SHA-256 of the schema's content, in hexadecimal.

    Comments and layout do not count.
    """
    return hashlib.sha256(schema.SerializeToString(deterministic=True)).hexdigest()
