"""A directory as an object store."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from tidegate.core.errors import PreconditionError, StorageError
from tidegate.platform.storage import ObjectInfo, check_name

#: Name prefix of the store's own files: its lock, and half-written objects.
_OWN = ".tidegate-"
_LOCK = _OWN + "lock"
_PART = _OWN + "part"


class LocalStore:
    """A directory as an object store: an object is a file.

    A write goes to a hidden file beside its target, is synced, renamed over it, and the directory
    is synced: a reader finds the old object or the new one, also after a power cut. Writers into
    one directory take turns by `flock`, which the kernel releases when its holder dies, so
    condition and write are one step. It works on any file system with POSIX locks and renames.
    """

    def __init__(self, root: Path) -> None:
        """Open the store at `root`, which need not exist yet."""
        self._root = Path(os.path.abspath(root))  # noqa: PTH100 (resolve() would follow links)
        self.uri = self._root.as_uri()

    def list(self, prefix: str = "") -> list[ObjectInfo]:
        """List the objects whose names begin with `prefix`, sorted by name.

        Links to files and directories are followed, as mounted ConfigMaps need it.
        """
        with _readable(self.uri):
            start = self._root / prefix[: prefix.rfind("/") + 1]
            if not start.is_dir():
                return []
            found = [
                ObjectInfo(
                    name,
                    stat.st_size,
                    _version(stat),
                    datetime.fromtimestamp(stat.st_mtime, UTC),
                )
                for file, stat in _walk(start, frozenset())
                if (name := file.relative_to(self._root).as_posix()).startswith(prefix)
            ]
        return sorted(found, key=lambda info: info.name)

    def open(self, name: str) -> BinaryIO:
        """Open the object as a seekable binary file."""
        with _readable(self._path(name)):
            return self._path(name).open("rb")

    def download(self, name: str, path: Path) -> None:
        """Copy the object to a local file, creating its directory."""
        with _readable(self._path(name)):
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self._path(name), path)

    def upload(self, path: Path, name: str) -> None:
        """Write a local file as the object, atomically, replacing any."""

        def copy(part: Path) -> None:
            shutil.copyfile(path, part)

        with self._locked(name) as target:
            _put(target, copy)

    def read(self, name: str) -> tuple[bytes, str]:
        """Read a small object, and the token for `replace`.

        The token is the content's SHA-256: an object that was changed and changed back counts as
        unchanged.
        """
        try:
            with _readable(self._path(name)):
                data = self._path(name).read_bytes()
        except StorageError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                raise error.__cause__ from None
            raise
        return data, _token(data)

    def create(self, name: str, data: bytes) -> str:
        """Write an object that must not exist, and return its token."""
        return self._write(name, data, None)

    def replace(self, name: str, data: bytes, *, version: str) -> str:
        """Replace the object of this `version`, and return its new token."""
        return self._write(name, data, version)

    def delete(self, name: str) -> None:
        """Remove an object; a missing one is no error."""
        if self._path(name).parent.is_dir():
            with self._locked(name) as target:
                target.unlink(missing_ok=True)
                _sync(target.parent)

    def _write(self, name: str, data: bytes, expected: str | None) -> str:
        with self._locked(name) as target:
            found = _token(target.read_bytes()) if target.exists() else None
            if found != expected:
                state = "exists already" if expected is None else "was changed by another writer"
                raise PreconditionError(f"{target} {state}; read it again before writing")
            _put(target, lambda part: part.write_bytes(data))
        return _token(data)

    def _path(self, name: str) -> Path:
        path = self._root / check_name(name)
        if any(part.startswith(_OWN) for part in name.split("/")):
            raise StorageError(f"{name!r}: names that begin with {_OWN!r} are the store's own")
        return path

    @contextmanager
    def _locked(self, name: str) -> Iterator[Path]:
        """Hold the lock of the object's directory; yield the object's path."""
        target = self._path(name)
        try:
            _make_directory(target.parent)
            file = target.parent / _LOCK
            lock = _lock(file)
            try:
                yield target
            finally:
                # The write remains valid, whether or not the lock's file can be removed.
                with contextlib.suppress(OSError):
                    file.unlink()
                os.close(lock)
        except OSError as error:
            raise StorageError(f"cannot write {target}: {_reason(error)}") from error


def _walk(
    directory: Path, above: frozenset[tuple[int, int]]
) -> Iterator[tuple[Path, os.stat_result]]:
    own = directory.stat()
    above |= {(own.st_dev, own.st_ino)}
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.name.startswith(_OWN):
                continue
            try:
                stat = entry.stat()
            except FileNotFoundError:  # a dangling link, or removed just now
                continue
            if entry.is_file():
                yield Path(entry.path), stat
            elif entry.is_dir() and (stat.st_dev, stat.st_ino) not in above:
                yield from _walk(Path(entry.path), above)


def _put(target: Path, write: Callable[[Path], object]) -> None:
    # One name for all half-written objects: the lock is held, so a file found there is a dead
    # writer's, and is overwritten instead of left behind.
    part = target.with_name(_PART)
    write(part)
    _sync(part)
    part.replace(target)
    _sync(target.parent)


def _lock(file: Path) -> int:
    """Create the file and lock it.

    Its holder removes it before the lock is released. A waiter whose file was removed meanwhile
    holds a lock on nothing, and starts again.

    Returns:
        The file's descriptor.
    """
    while True:
        lock = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(lock), file.stat()):
                    return lock
        except BaseException:
            os.close(lock)
            raise
        os.close(lock)


def _make_directory(directory: Path) -> None:
    missing = [d for d in (directory, *directory.parents) if not d.exists()]
    directory.mkdir(parents=True, exist_ok=True)
    for made in missing:
        _sync(made.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _token(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _version(stat: os.stat_result) -> str:
    return f"{stat.st_ino:x}-{stat.st_size:x}-{stat.st_mtime_ns:x}"


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


@contextmanager
def _readable(what: object) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(f"cannot read {what}: {_reason(error)}") from error
