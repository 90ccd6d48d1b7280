"""Find the files of a command line, and their format.

They are paths, directories, or objects of a store.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tidegate.core.errors import SourceError
from tidegate.data.sources.objects import SourceObject, hashed
from tidegate.platform.storage import ObjectInfo, open_store

_FORMATS: Final = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".tfrecord": "tfrecord",
    ".tfrecords": "tfrecord",
}
_PACKED: Final = (".gz", ".bz2", ".zst", ".zip")
FORMATS: Final = tuple(dict.fromkeys(_FORMATS.values()))


@dataclass(frozen=True)
class Files:
    """Files that are read as one.

    Attributes:
        name: The name as typed.
        root: The URI that the objects' names are relative to.
        objects: The objects in the order given, within a directory by name.
        format: The format of all of them.
        tabs: Whether their names indicate tabs between fields.
    """

    name: str
    root: str
    objects: tuple[SourceObject, ...]
    format: str
    tabs: bool


@contextmanager
def found(arguments: Sequence[str], *, read_as: str | None = None) -> Iterator[Files]:
    """Find the files of some arguments, for use within a context.

    Args:
        arguments: Files, directories (all data files in them, at any depth, except hidden ones), or
            URIs of objects or of name prefixes before a `/`.
        read_as: The format, if the names do not show it.

    Raises:
        SourceError: there is no such file, or the format is unknown or differs.
        StorageError: a store cannot be read.
    """
    name = arguments[0] + (f" and {len(arguments) - 1} more" if len(arguments) > 1 else "")
    if any("://" in a for a in arguments):
        root, listed = _remote(arguments, read_as)
        shown = {i.name: f"/{i.name}" for i in listed if root == "file:///"}
        yield _files(name, root, listed, read_as, shown)
        return
    with tempfile.TemporaryDirectory() as directory:
        # Links, so that a store holds only the named files: names in messages are as they were
        # typed, and no file beside them is read.
        shown = {}
        for path in _local(arguments, read_as):
            typed = _as_name(path)
            shown[typed.lstrip("/")] = typed
            link = Path(directory, typed.lstrip("/"))
            if link.exists():
                raise SourceError(f"{path} is given twice")
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path.absolute())
        yield _files(name, directory, open_store(directory).list(), read_as, shown)


def format_of(name: str) -> str | None:
    """The format from a name's suffix, or None."""
    return _FORMATS.get(_suffix(name))


def _suffix(name: str) -> str:
    base, end = os.path.splitext(name.lower())  # noqa: PTH122 (names of objects are no paths)
    return os.path.splitext(base)[1] if end in _PACKED else end  # noqa: PTH122


def _local(arguments: Sequence[str], read_as: str | None) -> Iterator[Path]:
    for argument in arguments:
        path = Path(argument)
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.is_file())
            data = [p for p in inside if _is_data(p.relative_to(path).as_posix(), read_as)]
            if not data:
                raise SourceError(f"{argument} holds no data files; there are: {_ends()}")
            yield from data
        elif path.is_file():
            yield path
        else:
            raise SourceError(f"{argument} is not there; check the path")


def _is_data(name: str, read_as: str | None) -> bool:
    hidden = any(part.startswith((".", "_")) for part in name.split("/"))
    return not hidden and (read_as is not None or format_of(name) is not None)


def _as_name(path: Path) -> str:
    name = os.path.normpath(path)
    if name.startswith(".."):
        name = os.path.abspath(path)  # noqa: PTH100 (resolve() would follow links)
    return name


def _remote(arguments: Sequence[str], read_as: str | None) -> tuple[str, list[ObjectInfo]]:
    roots, listed = set(), []
    for argument in arguments:
        scheme, _, rest = argument.partition("://")
        bucket, _, name = rest.partition("/")
        root = f"{scheme}://{bucket}" if scheme != "file" else "file:///"
        roots.add(root)
        below = name.rstrip("/") + "/"
        here = [
            i
            for i in open_store(root).list(name.rstrip("/"))
            if i.name == name or (i.name.startswith(below) and _is_data(i.name, read_as))
        ]
        if not here:
            raise SourceError(f"{argument} is not there, or holds no data files ({_ends()})")
        listed += here
    if len(roots) > 1:
        raise SourceError("files of several buckets cannot be read as one; copy them into one")
    return roots.pop(), listed


def _files(
    name: str,
    root: str,
    listed: Sequence[ObjectInfo],
    read_as: str | None,
    shown: Mapping[str, str],
) -> Files:
    formats = {read_as or format_of(info.name) for info in listed}
    if None in formats:
        odd = next(info.name for info in listed if format_of(info.name) is None)
        raise SourceError(
            f"{shown.get(odd, odd)}: its name does not tell its format; say --read-as FORMAT"
        )
    if len(formats) > 1:
        names = ", ".join(sorted(str(f) for f in formats))
        raise SourceError(f"{name} is of several formats ({names}); name files of one")
    store = open_store(root)
    return Files(
        name=name,
        root=root,
        objects=tuple(
            replace(hashed(store, info), shown=shown.get(info.name, "")) for info in listed
        ),
        format=str(formats.pop()),
        tabs=all(_suffix(info.name) == ".tsv" for info in listed),
    )


def _ends() -> str:
    return " ".join(_FORMATS)
