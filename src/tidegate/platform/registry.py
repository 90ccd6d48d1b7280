"""State that outlives a run: schemas, statistics, models, run records.

    <uri>/<dataset>/schemas/       index.json   <version>/<digest>/{payload..., manifest.json}
    <uri>/<dataset>/statistics/    index.json   <version>/<digest>/{payload..., manifest.json}
    <uri>/<dataset>/models/        index.json   <version>/<digest>/{payload..., manifest.json}
    <uri>/<dataset>/runs/<run>/<step>.json
    <uri>/<dataset>/writable       empty, written when a run begins

A payload is immutable and written first, under a digest of its own content, so that two writers of
one version never mix their files. One conditional write of the small `index.json` is the commit: a
writer killed at any moment before it has changed nothing a reader can see, and of two writers that
race, the second finds the condition broken, reads again and decides anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, get_args

from tidegate.core.errors import (
    LineageError,
    NotRegisteredError,
    PreconditionError,
    RegistryError,
    StorageError,
)
from tidegate.core.spans import span_order
from tidegate.platform import documents
from tidegate.platform import lineage as lineages
from tidegate.platform.lineage import Lineage, Making, Node
from tidegate.platform.storage import Store, check_name, open_store
from tidegate.platform.storage.directory import atomic_directory

Kind = Literal["schema", "statistics", "model"]

_FOLDERS: Final[dict[str, str]] = {
    "schema": "schemas",
    "statistics": "statistics",
    "model": "models",
}
_FORMAT: Final = 1
_MANIFEST: Final = "manifest.json"
#: The most attempts of a commit against other writers, and the longest pause in seconds.
_ATTEMPTS: Final = 50
_PAUSE: Final = 0.2


@dataclass(frozen=True)
class File:
    """One file of a payload: name, size in bytes and SHA-256."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Entry:
    """One version of one kind.

    Attributes:
        kind: The kind.
        version: Its name, unique within its kind.
        span: The span of its data.
        created_at: When it was committed, in ISO 8601, UTC.
        lineage: The names and digests of its inputs.
        files: The payload, in the order of names.
        promoted: Whether it was ever made current; such statistics may be a baseline.
    """

    kind: Kind
    version: str
    span: str
    created_at: str
    lineage: Mapping[str, str]
    files: tuple[File, ...]
    promoted: bool

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, over the payload's names, sizes and contents."""
        lines = "".join(f"{f.sha256} {f.size} {f.name}\n" for f in self.files)
        return hashlib.sha256(lines.encode()).hexdigest()


@dataclass(frozen=True)
class _Index:
    """The pointer object with the store's token.

    The token is None if the object does not exist yet.
    """

    token: str | None = None
    current: str | None = None
    entries: dict[str, Entry] = field(default_factory=dict)


class Registry:
    """The registry of one dataset, in the object store under one URI."""

    def __init__(self, uri: str, dataset: str) -> None:
        """Open a registry, which need not exist yet.

        Args:
            uri: A store's URI; several datasets may share it.
            dataset: The contract's name for it.

        Raises:
            StorageError: the URI is not one this version can reach.
        """
        self._store: Store = open_store(uri)
        self._dataset = _segment(dataset, "dataset")

    def commit(
        self,
        kind: Kind,
        version: str,
        payload: Path,
        *,
        span: str,
        lineage: Mapping[str, str],
        parents: Iterable[Lineage] = (),
        promote: bool = True,
    ) -> Entry:
        """Store a payload as a version, and make it current.

        Safe to repeat, also after a kill at any moment: a version that exists with the same content
        stays as it is. An old version committed again does not become current again; only one that
        never was is promoted. Models are not byte-reproducible, so the first content of a model
        version stays, even if the second differs.

        Args:
            kind: The kind.
            version: Its name.
            payload: A directory of at least one file, none of them `manifest.json`. A
                `lineage.json` is left out: it goes into the manifest by `parents`.
            span: The span of its data.
            lineage: The names and digests of its inputs.
            parents: The lineages of its inputs, down to the source objects.
            promote: Whether it becomes `current`.

        Returns:
            The entry as the registry now has it.

        Raises:
            RegistryError: the payload is empty, the version exists with other content, or other
                writers won again and again.
            StorageError: the store cannot be written.
        """
        _folder(kind)
        _segment(version, "version")
        span_order(span)
        mine = Entry(
            kind=kind,
            version=version,
            span=span,
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            lineage=dict(lineage),
            files=_files_of(Path(payload)),
            promoted=promote,
        )
        node = Node(
            "version",
            f"{kind} {version}",
            mine.digest,
            {"dataset": self._dataset, "kind": kind, "span": span},
            made=Making.now(),
        )
        parents = tuple(parents)
        whole = Lineage.of(node, parents) if parents else None
        uploaded = False

        def change(index: _Index) -> tuple[_Index | None, Entry]:
            nonlocal uploaded
            there = index.entries.get(version)
            if there is not None:
                _same(there, mine)
                if there.promoted or not promote:
                    return None, there
            elif not uploaded:
                self._upload(mine, Path(payload), whole)
                uploaded = True
            entry = mine if there is None else replace(there, promoted=True)
            changed = _Index(
                current=version if promote else index.current,
                entries={**index.entries, version: entry},
            )
            return changed, entry

        done = self._update(kind, f"{kind} {version!r} could not be committed", change)
        if uploaded and whole is not None:
            lineages.announce(whole)
        return done

    def promote(self, kind: Kind, version: str) -> Entry:
        """Make a committed version current, for example for a rollback.

        One conditional write of the index; nothing is copied. Promoting the current version changes
        nothing. Runs that were compared with another champion refuse to publish after it.

        Returns:
            The entry as the registry now has it.

        Raises:
            NotRegisteredError: it is not there; lists those that are.
            RegistryError: its payload is not complete, or other writers won again and again.
            StorageError: the store cannot be written.
        """

        def change(index: _Index) -> tuple[_Index | None, Entry]:
            entry = self._entry(index, kind, version)
            if index.current == version:
                return None, entry
            self._require_whole(entry)
            return _promoted(index, entry)

        return self._update(kind, f"{kind} {version!r} could not be promoted", change)

    def decide(
        self,
        kind: Kind,
        version: str,
        note: Mapping[str, str],
        *,
        promote: bool,
        check: Callable[[Entry, str | None], bool],
    ) -> Entry:
        """Record a decision on a version, and optionally make it current.

        One conditional write of the index, so that of two people who decide at the same time the
        second decides on the result of the first.

        Args:
            kind: The kind.
            version: Its name.
            note: Names and texts added to its lineage, such as who decided and why.
            promote: Whether it becomes `current`.
            check: Called with the entry and the name of the current version, before every attempt;
                returns whether there is anything left to decide, and raises if the decision is not
                allowed.

        Returns:
            The entry as the registry now has it.

        Raises:
            NotRegisteredError: it is not there; lists those that are.
            RegistryError: its payload is not complete, or other writers won again and again.
            StorageError: the store cannot be written.
        """

        def change(index: _Index) -> tuple[_Index | None, Entry]:
            entry = self._entry(index, kind, version)
            if not check(entry, index.current):
                return None, entry
            decided = replace(entry, lineage={**entry.lineage, **note})
            if promote:
                self._require_whole(entry)
                return _promoted(index, decided)
            return replace(index, entries={**index.entries, version: decided}), decided

        return self._update(
            kind, f"what was decided on {kind} {version!r} could not be kept", change
        )

    def current(self, kind: Kind) -> Entry | None:
        """The version promoted last, or None before the first."""
        index = self._index(kind)
        return None if index.current is None else index.entries[index.current]

    def versions(self, kind: Kind) -> list[Entry]:
        """All versions, in the order of commit."""
        return list(self._index(kind).entries.values())

    def get(self, kind: Kind, version: str) -> Entry:
        """One version.

        Raises:
            NotRegisteredError: it is not there; lists those that are.
        """
        return self._entry(self._index(kind), kind, version)

    def fetch(self, entry: Entry, into: Path) -> Path:
        """Copy a payload to a local directory.

        The directory is complete or does not appear.

        Raises:
            RegistryError: a file is missing or differs from the committed one.
        """
        folder = self.folder(entry)
        with atomic_directory(Path(into)) as directory:
            for file in entry.files:
                target = directory / check_name(file.name)
                try:
                    self._store.download(f"{folder}/{file.name}", target)
                except StorageError as error:
                    raise RegistryError(
                        f"{entry.kind} {entry.version!r} in the registry of {self._dataset} is "
                        f"damaged: {error}"
                    ) from None
                if _file(target, file.name) != file:
                    raise RegistryError(
                        f"{entry.kind} {entry.version!r} in the registry of {self._dataset} is "
                        f"damaged: {file.name} is not what was committed"
                    )
        return Path(into)

    def lineage(self, entry: Entry) -> Lineage | None:
        """The recorded lineage of a version, or None.

        It reaches down to the source objects.

        Raises:
            RegistryError: its manifest is missing or was changed.
        """
        name = f"{self.folder(entry)}/{_MANIFEST}"
        try:
            manifest = _parse(self._store.read(name)[0], name)
        except FileNotFoundError:
            raise RegistryError(f"{name} is missing; restore it from a copy") from None
        if "nodes" not in manifest:
            return None
        try:
            found = Lineage.from_json(manifest["nodes"], where=name)
            root = found.root
        except LineageError as error:
            raise RegistryError(f"{error}; restore it from a copy") from None
        if (root.name, root.digest) != (f"{entry.kind} {entry.version}", entry.digest):
            raise RegistryError(f"{name} is the manifest of another version; restore it")
        return found

    def folder(self, entry: Entry) -> str:
        """The folder of the payload, relative to the registry's URI."""
        version = _segment(entry.version, "version")
        return f"{self._dataset}/{_folder(entry.kind)}/{version}/{entry.digest[:16]}"

    def kind_folder(self, kind: Kind) -> str:
        """The folder of a kind, relative to the registry's URI.

        It ends with `/`.
        """
        return f"{self._dataset}/{_folder(kind)}/"

    def statistics_before(self, span: str) -> Entry | None:
        """The newest promoted statistics of the last span before `span`.

        Statistics committed with `promote=False` (a span that was held) are never a baseline.
        """
        before = [
            e
            for e in self._index("statistics").entries.values()
            if e.promoted and span_order(e.span) < span_order(span)
        ]
        return max(reversed(before), key=lambda e: span_order(e.span), default=None)

    def require_writable(self) -> None:
        """Check that the registry can be written, before work is done that ends in it.

        Raises:
            RegistryError: it cannot be.
        """
        try:
            with contextlib.suppress(PreconditionError):
                self._store.create(f"{self._dataset}/writable", b"")
        except StorageError as error:
            raise RegistryError(
                f"the registry {self._store.uri} is not writable: {error}"
            ) from None

    def record(self, run_id: str, step: str, facts: Mapping[str, Any]) -> None:
        """Record the facts of a run's step; a repeated step overwrites them.

        Args:
            run_id: The run's name.
            step: The step's name.
            facts: Plain values. A non-finite number, which JSON cannot hold, becomes null.
        """
        name = f"{self._run(run_id)}/{_segment(step, 'step')}.json"
        text = json.dumps(documents.finite(facts), indent=1, sort_keys=True, allow_nan=False) + "\n"
        with tempfile.TemporaryDirectory() as directory:
            file = Path(directory, "facts.json")
            file.write_text(text, encoding="utf-8")
            self._store.upload(file, name)

    def run(self, run_id: str) -> dict[str, dict[str, Any]]:
        """The recorded facts of a run, by step; empty without any."""
        folder = self._run(run_id) + "/"
        return {
            info.name.removeprefix(folder).removesuffix(".json"): _parse(
                self._store.read(info.name)[0], info.name
            )
            for info in self._store.list(folder)
        }

    def _require_whole(self, entry: Entry) -> None:
        folder = self.folder(entry) + "/"
        sizes = {i.name.removeprefix(folder): i.size for i in self._store.list(folder)}
        for file in entry.files:
            if sizes.get(file.name) != file.size:
                raise RegistryError(
                    f"{entry.kind} {entry.version!r} in the registry of {self._dataset} is "
                    f"damaged: {file.name} is not what was committed; promote another"
                )

    def _entry(self, index: _Index, kind: Kind, version: str) -> Entry:
        if version not in index.entries:
            there = ", ".join(index.entries) or "none yet"
            raise NotRegisteredError(
                f"{kind} {version!r} is not in the registry of {self._dataset}; there are: {there}"
            )
        return index.entries[version]

    def _update(
        self, kind: Kind, what: str, change: Callable[[_Index], tuple[_Index | None, Entry]]
    ) -> Entry:
        """Write the index changed by `change`, and retry if another writer won."""
        for attempt in range(_ATTEMPTS):
            index = self._index(kind)
            changed, entry = change(index)
            if changed is None:
                return entry
            try:
                self._write_index(kind, changed, index.token)
            except PreconditionError:
                time.sleep(random.uniform(0, min(_PAUSE, 0.01 * (attempt + 1))))  # noqa: S311
                continue
            return entry
        raise RegistryError(f"{what}: other writers won {_ATTEMPTS} times in a row; try again")

    def _run(self, run_id: str) -> str:
        return f"{self._dataset}/runs/{_segment(run_id, 'run')}"

    def _index_name(self, kind: Kind) -> str:
        return f"{self._dataset}/{_folder(kind)}/index.json"

    def _upload(self, entry: Entry, payload: Path, whole: Lineage | None) -> None:
        folder = self.folder(entry)
        for file in entry.files:
            self._store.upload(payload / file.name, f"{folder}/{file.name}")
        manifest = {"span": entry.span, "lineage": entry.lineage, "files": _plain(entry.files)}
        if whole is not None:
            manifest["nodes"] = whole.to_json()
        with tempfile.TemporaryDirectory() as directory:
            written = Path(directory, _MANIFEST)
            written.write_bytes(_dump(manifest))
            self._store.upload(written, f"{folder}/{_MANIFEST}")

    def _index(self, kind: Kind) -> _Index:
        name = self._index_name(kind)
        try:
            data, token = self._store.read(name)
        except FileNotFoundError:
            return _Index()
        found = _parse(data, name)
        try:
            if found["format"] != _FORMAT:
                raise RegistryError(f"{name} is of format {found['format']}, not {_FORMAT}")
            entries = {
                e["version"]: Entry(
                    **{**e, "kind": kind, "files": tuple(File(**f) for f in e["files"])}
                )
                for e in found["entries"]
            }
            current = found["current"]
            if current is not None and current not in entries:
                raise RegistryError(f"{name} is damaged: its current {current!r} is not an entry")
        except (KeyError, TypeError, AttributeError) as error:
            raise RegistryError(f"{name} is damaged: {error!r}; restore it from a copy") from None
        return _Index(token=token, current=current, entries=entries)

    def _write_index(self, kind: Kind, index: _Index, token: str | None) -> None:
        entries = [
            {k: v for k, v in asdict(e).items() if k != "kind"} for e in index.entries.values()
        ]
        data = _dump({"format": _FORMAT, "current": index.current, "entries": entries})
        if token is None:
            self._store.create(self._index_name(kind), data)
        else:
            self._store.replace(self._index_name(kind), data, version=token)


def _promoted(index: _Index, entry: Entry) -> tuple[_Index, Entry]:
    entry = replace(entry, promoted=True)
    return _Index(current=entry.version, entries={**index.entries, entry.version: entry}), entry


def _same(there: Entry, mine: Entry) -> None:
    if there.kind != "model" and there.files != mine.files:
        raise RegistryError(
            f"{mine.kind} {mine.version!r} is in the registry with other content; a version never "
            "changes: commit this under another name"
        )


def _files_of(payload: Path) -> tuple[File, ...]:
    if not payload.is_dir():
        raise RegistryError(f"{payload} is not a directory; a payload is one")
    names = sorted(p.relative_to(payload).as_posix() for p in payload.rglob("*") if p.is_file())
    names = [name for name in names if name != lineages.FILE]
    if not names:
        raise RegistryError(f"{payload} holds no files; there is nothing to commit")
    if _MANIFEST in names:
        raise RegistryError(f"{payload} holds a {_MANIFEST}, which the registry writes itself")
    return tuple(_file(payload / name, name) for name in names)


def _file(path: Path, name: str) -> File:
    with path.open("rb") as opened:
        sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
    return File(name=name, size=path.stat().st_size, sha256=sha256)


def _folder(kind: str) -> str:
    if kind not in _FOLDERS:
        raise RegistryError(f"{kind!r} is not a kind; there are: {', '.join(get_args(Kind))}")
    return _FOLDERS[kind]


def _segment(text: str, what: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", text):
        raise RegistryError(
            f"{what} {text!r} cannot be a name in the registry: use letters, digits, '.', '_', '-'"
        )
    return text


def _plain(files: tuple[File, ...]) -> list[dict[str, Any]]:
    return [vars(f) for f in files]


def _dump(document: Mapping[str, Any]) -> bytes:
    return (json.dumps(document, indent=1) + "\n").encode()


def _parse(data: bytes, name: str) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError as error:
        raise RegistryError(f"{name} is damaged: {error}; restore it from a copy") from None
    if not isinstance(found, dict):
        raise RegistryError(f"{name} is damaged: not a JSON object; restore it from a copy")
    return found
