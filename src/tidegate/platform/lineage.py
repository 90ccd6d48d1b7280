"""Record the lineage of every artifact, down to the source objects.

Each step writes `lineage.json` into the directory of its output: the artifact as a node, and all
its ancestors. A node's name is the SHA-256 of its whole content, its parents' names included (a
Merkle graph): equal facts are one node, two lineages merge by union, no cycle can be written, and
an edited file cannot be read back.

`lineage.json` is no part of an artifact's content: times and run ids differ between two runs that
make the same bytes.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import tidegate
from tidegate import __version__
from tidegate.core.errors import LineageError

FILE: Final = "lineage.json"
_FORMAT: Final = 1

#: The image a task runs in, as its pipeline was compiled: `name:tag` or `name@sha256:...`.
IMAGE_VARIABLE: Final = "TIDEGATE_IMAGE"
#: The pipeline run. Not a parameter, because a run's id in a cache key would prevent caching.
RUN_VARIABLE: Final = "TIDEGATE_RUN_ID"
#: Set if components run as processes on this machine, for any image they were compiled for.
LOCAL_VARIABLE: Final = "TIDEGATE_LOCAL"


@dataclass(frozen=True)
class Making:
    """The time, run and code that made something.

    Attributes:
        at: The time, ISO 8601, UTC.
        run: The pipeline run; empty outside of one.
        version: Tidegate's version.
        code: SHA-256 over the sources of the package: distinguishes a changed tree from its
            release.
        image: The container image; empty outside of one.
    """

    at: str
    run: str
    version: str
    code: str
    image: str

    @classmethod
    def now(cls) -> Making:
        """The making by this process, now."""
        local = bool(os.environ.get(LOCAL_VARIABLE))
        return cls(
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            run=os.environ.get(RUN_VARIABLE, ""),
            version=__version__,
            code=code_digest(),
            image="" if local else os.environ.get(IMAGE_VARIABLE, ""),
        )


@dataclass(frozen=True)
class Node:
    """An input or an output in a lineage.

    Attributes:
        kind: `object` and `lookup` (an object that is joined), `contract`, `registered` (a version
            fetched from the registry, which knows its lineage), `version` (one committed to it), or
            the kind of artifact: `examples`, `statistics`, `schema`, `validation`, `model`,
            `evaluation`, `signal`, `shift`, `skew`.
        name: The URI of an object or contract; else a name that is unique within its kind.
        digest: SHA-256 of its content, in hexadecimal.
        facts: Notable JSON values: `size` in bytes of an object, `rows` by split, a verdict.
        parents: The ids of its inputs, sorted.
        made: How it was made; None if Tidegate did not make it.
    """

    kind: str
    name: str
    digest: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    parents: tuple[str, ...] = ()
    made: Making | None = None

    @functools.cached_property
    def id(self) -> str:
        """SHA-256, in hexadecimal, over the whole node."""
        return hashlib.sha256(_dump(asdict(self)).encode()).hexdigest()


@dataclass(frozen=True)
class Lineage:
    """Nodes with all their ancestors, by id."""

    nodes: Mapping[str, Node] = field(default_factory=dict)

    @classmethod
    def of(cls, node: Node, parents: Iterable[Lineage] = ()) -> Lineage:
        """Make a node from the roots of other lineages.

        They set its own `parents`.

        Raises:
            LineageError: a parent lineage has no single root.
        """
        merged: dict[str, Node] = {}
        ids = set()
        for parent in parents:
            merged.update(parent.nodes)
            ids.add(parent.root.id)
        child = replace(node, parents=tuple(sorted(ids)))
        return cls({**merged, child.id: child})

    def __or__(self, other: Lineage) -> Lineage:
        """Merge the nodes of both.

        Two nodes of one id are equal, so this cannot conflict.
        """
        return Lineage({**self.nodes, **other.nodes})

    @property
    def root(self) -> Node:
        """The only node that is no other node's parent.

        Raises:
            LineageError: there is none, or there are several.
        """
        used = {parent for node in self.nodes.values() for parent in node.parents}
        roots = [node for node in self.nodes.values() if node.id not in used]
        if len(roots) != 1:
            raise LineageError(f"this is the lineage of {len(roots)} things, not of one")
        return roots[0]

    def parents(self, node: Node) -> list[Node]:
        """The direct inputs of a node."""
        return [self.nodes[parent] for parent in node.parents]

    def above(self, node: Node) -> Lineage:
        """The lineage of one node: the node and its ancestors."""
        found, waiting = {}, [node]
        while waiting:
            next_ = waiting.pop()
            if next_.id not in found:
                found[next_.id] = next_
                waiting.extend(self.parents(next_))
        return Lineage(found)

    def of_kind(self, *kinds: str) -> list[Node]:
        """The nodes of these kinds, by name."""
        found = [node for node in self.nodes.values() if node.kind in kinds]
        return sorted(found, key=lambda node: (node.name, node.id))

    def to_json(self) -> dict[str, Any]:
        """Convert to plain values."""
        nodes = {i: _plain(node) for i, node in sorted(self.nodes.items())}
        return {"format": _FORMAT, "nodes": nodes}

    @classmethod
    def from_json(cls, found: Any, *, where: str) -> Lineage:
        """Restore a lineage from `to_json`.

        Args:
            found: Plain values.
            where: The source's name in errors.

        Raises:
            LineageError: it is no lineage, a node was changed or a parent is missing.
        """
        try:
            if found["format"] != _FORMAT:
                raise LineageError(f"{where} is of format {found['format']!r}, not {_FORMAT}")
            nodes = {i: _node(plain) for i, plain in found["nodes"].items()}
        except (KeyError, TypeError, AttributeError) as error:
            raise LineageError(f"{where} is not a lineage: {error!r}") from None
        for name, node in nodes.items():
            if node.id != name:
                raise LineageError(f"{where} was changed: {node.kind} {node.name!r} is another")
            for parent in node.parents:
                if parent not in nodes:
                    raise LineageError(
                        f"{where} lacks what {node.kind} {node.name!r} was made from"
                    )
        return cls(nodes)


#: The lineages of the running step's outputs so far.
_made: ContextVar[list[Lineage] | None] = ContextVar("made", default=None)


@contextmanager
def collecting() -> Iterator[list[Lineage]]:
    """Collect the lineages announced within the block."""
    found: list[Lineage] = []
    token = _made.set(found)
    try:
        yield found
    finally:
        _made.reset(token)


def announce(lineage: Lineage) -> Lineage:
    """Add a lineage to the current collection, and return it."""
    if (collected := _made.get()) is not None:
        collected.append(lineage)
    return lineage


def record(
    out: Path,
    kind: str,
    *,
    name: str,
    parents: Iterable[Lineage],
    facts: Mapping[str, Any] | None = None,
) -> Lineage:
    """Write `lineage.json` into the directory of a new artifact.

    Args:
        out: The directory, with everything else in it.
        kind: As `Node.kind`.
        name: As `Node.name`.
        parents: The lineages of its inputs.
        facts: As `Node.facts`.

    Returns:
        Its lineage.
    """
    node = Node(kind, name, artifact_digest(out, kind), facts or {}, made=Making.now())
    found = Lineage.of(node, parents)
    text = json.dumps(found.to_json(), indent=1, ensure_ascii=False, allow_nan=False)
    (out / FILE).write_text(text + "\n", encoding="utf-8")
    return announce(found)


def read(path: Path, kind: str) -> Lineage:
    """Read the lineage of an artifact.

    An artifact made elsewhere has none: it is one node without parents, with `recorded: false`
    among its facts, so that a component can be used alone. `publish_model` refuses it.

    Raises:
        LineageError: the file is not a lineage, or not of this artifact.
    """
    file = path / FILE
    digest = artifact_digest(path, kind)
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Lineage.of(Node(kind, path.name, digest, {"recorded": False}))
    except OSError as error:
        raise LineageError(f"cannot read {file}: {error.strerror}; make it again") from None
    try:
        found = json.loads(text)
    except ValueError as error:
        raise LineageError(f"{file} is not a lineage: {error}; make it again") from None
    lineage = Lineage.from_json(found, where=str(file))
    root = lineage.root
    if (root.kind, root.digest) != (kind, digest):
        raise LineageError(
            f"{file} is the lineage of another {kind} than lies there; make it again"
        )
    return lineage


def artifact_digest(path: Path, kind: str) -> str:
    """The digest that identifies an artifact's content.

    Examples may be large, and their manifest holds the SHA-256 of every part: the manifest's digest
    is used for them.

    Raises:
        LineageError: there are no examples.
    """
    if kind != "examples":
        return directory_digest(path)
    try:
        return hashlib.sha256((path / "manifest.json").read_bytes()).hexdigest()
    except OSError as error:
        raise LineageError(f"{path} holds no examples: {error.strerror}") from None


def directory_digest(path: Path) -> str:
    """SHA-256, in hexadecimal, over all files below `path`.

    It covers their relative names and contents, except `lineage.json`: an artifact's origin is no
    part of its content.
    """
    return _digest(path, (p for p in path.rglob("*") if p != path / FILE))


@functools.cache
def code_digest() -> str:
    """SHA-256 over the package's source files, in hexadecimal."""
    root = Path(tidegate.__file__).parent
    return _digest(root, (p for p in root.rglob("*") if "__pycache__" not in p.parts))


def _digest(root: Path, paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in sorted(p for p in paths if p.is_file()):
        content = hashlib.sha256(file.read_bytes()).digest()
        digest.update(file.relative_to(root).as_posix().encode() + b"\0" + content)
    return digest.hexdigest()


def uri(root: str, name: str = "") -> str:
    """The URI of an object in a store; paths become `file:///...`."""
    base = root if "://" in root else f"file://{Path(root).resolve()}"
    return f"{base.rstrip('/')}/{name}" if name else base


def _plain(node: Node) -> dict[str, Any]:
    found = asdict(node)
    return {k: v for k, v in found.items() if k in ("kind", "name", "digest") or v}


def _node(plain: Mapping[str, Any]) -> Node:
    made = plain.get("made")
    return Node(
        **{
            **plain,
            "parents": tuple(plain.get("parents", ())),
            "made": None if made is None else Making(**made),
        }
    )


def _dump(document: Mapping[str, Any]) -> str:
    return json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
