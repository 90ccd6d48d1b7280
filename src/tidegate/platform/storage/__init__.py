"""Object stores behind one small protocol, one module per store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from tidegate.core.errors import StorageError

__all__ = ["ObjectInfo", "Store", "check_name", "open_store"]


@dataclass(frozen=True)
class ObjectInfo:
    """One object of a store.

    Attributes:
        name: `/`-separated, relative to the store's root.
        size: Its size in bytes.
        version: Changes when the object's content does, and may when it is written again. Opaque:
            comparable only with another listing's, not with the token from `Store.read`.
        modified: When it was written, by the store's clock, in UTC.
    """

    name: str
    size: int
    version: str
    modified: datetime


class Store(Protocol):
    """A flat space of named objects under one root URI.

    Names are `/`-separated and relative to the root. Every method raises `StorageError` if the
    store cannot be reached or the object cannot be read. No reader ever sees half an object.
    """

    uri: str

    def list(self, prefix: str = "") -> list[ObjectInfo]:
        """The objects whose names begin with `prefix`, sorted by name."""

    def open(self, name: str) -> BinaryIO:
        """The object as a seekable binary file."""

    def download(self, name: str, path: Path) -> None:
        """Copy the object to a local file."""

    def upload(self, path: Path, name: str) -> None:
        """Write a local file as the object, atomically, replacing any."""

    def read(self, name: str) -> tuple[bytes, str]:
        """Read a small object, and the token for `replace`.

        Raises:
            FileNotFoundError: there is no such object.
        """

    def create(self, name: str, data: bytes) -> str:
        """Write an object that must not exist yet.

        Returns:
            Its token.

        Raises:
            PreconditionError: it exists.
        """

    def replace(self, name: str, data: bytes, *, version: str) -> str:
        """Replace the object of a known `version`.

        The version comes from `read` or an earlier write.

        Returns:
            Its new token.

        Raises:
            PreconditionError: the object was changed meanwhile, or is gone.
        """

    def delete(self, name: str) -> None:
        """Remove an object; a missing one is no error."""


def open_store(uri: str) -> Store:
    """Open the store for a URI.

    The URI is a local path, `file:///...`, `s3://bucket/prefix` or `gs://bucket/prefix`. The root
    need not exist: it is made by the first write, and lists as empty until then.

    Raises:
        StorageError: the scheme is not one this version can reach.
    """
    from tidegate.platform.storage.local import LocalStore

    scheme, mark, rest = uri.partition("://")
    if not mark:
        return LocalStore(Path(uri))
    if scheme == "file":
        if not rest.startswith("/"):
            raise StorageError(f"{uri}: a file URI names an absolute path: file:///path")
        return LocalStore(Path(rest))
    if scheme == "s3":
        from tidegate.platform.storage.s3 import S3Store

        return S3Store(uri)
    if scheme == "gs":
        from tidegate.platform.storage.gcs import GcsStore

        return GcsStore(uri)
    raise StorageError(
        f"{uri}: {scheme}:// is not a store this version can reach; give a local path, "
        "file:///path, s3://bucket or gs://bucket"
    )


def check_name(name: str) -> str:
    """Refuse a name that is empty or could leave its store.

    Raises:
        StorageError: naming it.
    """
    if any(part in ("", ".", "..") for part in name.split("/")) or "\0" in name:
        raise StorageError(f"{name!r} is not an object name: '/'-separated, no empty, '.' or '..'")
    return name
