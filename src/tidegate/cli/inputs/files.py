"""Find the files of a command line, and their format.

They are paths, directories, or objects of a store.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

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
#: What TFX and others append to the name of each of several files.
_SHARD: Final = re.compile(r"-\d+-of-\d+(?=\.|$)")
#: Statistics of TFDV and TFX: FeatureStats.pb, stats.pbtxt, stats_tfrecord.
_STATISTICS: Final = re.compile(r"(stats|statistics)[^/]*(\.pb|\.pbtxt|[._]tfrecords?)$")
#: The format of files that hold statistics in place of rows.
STATISTICS: Final = "statistics"
_PACKED: Final = (".gz", ".bz2", ".zst", ".zip")
FORMATS: Final = tuple(dict.fromkeys(_FORMATS.values()))


_F = TypeVar("_F")


@dataclass(frozen=True)
class Files:
    """Files that are read as one.

    Attributes:
        name: The name as typed.
        root: The URI that the objects' names are relative to.
        objects: The objects in the order given, within a directory by name.
        format: The format of all of them; `STATISTICS` if they have no rows.
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
    """The format from a name, or None; `STATISTICS` for statistics of TFDV."""
    plain = _unpacked(name)
    if _STATISTICS.search(plain):
        return STATISTICS
    # As TFX names records: data_tfrecord-00000-of-00012.gz.
    return "tfrecord" if plain.endswith("_tfrecord") else _FORMATS.get(_suffix(name))


def _unpacked(name: str) -> str:
    """A name without the marks of a part of several and of compression."""
    plain = _SHARD.sub("", name.lower())
    base, end = os.path.splitext(plain)  # noqa: PTH122 (names of objects are no paths)
    return base if end in _PACKED else plain


def _suffix(name: str) -> str:
    return os.path.splitext(_unpacked(name))[1]  # noqa: PTH122


def _local(arguments: Sequence[str], read_as: str | None) -> Iterator[Path]:
    for argument in arguments:
        path = Path(argument)
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.is_file())
            data = [p for p in inside if _is_data(p.relative_to(path).as_posix(), read_as)]
            if not data:
                raise SourceError(f"{argument} holds no data files; there are: {_ends()}")
            yield from _rows_first(data, key=lambda path: path.name)
        elif path.is_file():
            yield path
        else:
            raise SourceError(f"{argument} is not there; check the path")


def _rows_first(files: Sequence[_F], key: Callable[[_F], str]) -> Sequence[_F]:
    """Those with rows, where there are any; statistics may lie beside them."""
    return [f for f in files if format_of(key(f)) != STATISTICS] or files


def _is_data(name: str, read_as: str | None) -> bool:
    hidden = any(part.startswith((".", "_")) for part in name.split("/"))
    return not hidden and (read_as is not None or format_of(name) is not None)


def _as_name(path: Path) -> str:
    name = os.path.normpath(path)
    if name.startswith(".."):
        name = os.path.abspath(path)  # noqa: PTH100 (resolve() would follow links)
    return name


def _remote(arguments: Sequence[str], read_as: str | None) -> tuple[str, list[ObjectInfo]]:
    roots: set[str] = set()
    listed: list[ObjectInfo] = []
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
        listed += _rows_first(here, key=lambda info: info.name)
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
