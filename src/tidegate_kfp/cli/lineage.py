"""`tidegate lineage`: print a version's tree down to its source objects."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final, get_args

from tidegate.contract import Contract
from tidegate.core.errors import NotRegisteredError, RegistryError
from tidegate.platform.lineage import Lineage, Making, Node
from tidegate.platform.registry import Entry, Kind, Registry

#: The number of digits shown of a digest, and the most objects shown of one artifact.
_SHORT: Final = 12
_OBJECTS: Final = 6
#: The order of nodes below a node: nearest to the model first, then its verdicts, then data.
_ORDER: Final = (
    "model",
    "evaluation",
    "validation",
    "schema",
    "statistics",
    "examples",
    "registered",
    "contract",
    "object",
    "lookup",
)
_CURRENT: Final = ("current", "latest")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments to its parser."""
    parser.description = "Print what a published version was made from, down to the source objects."
    parser.add_argument(
        "version",
        nargs="?",
        default=_CURRENT[0],
        metavar="MODEL",
        help="a version, the beginning of one, or `current` (the default)",
    )
    parser.add_argument("--registry", required=True, help="a directory or URI")
    named = parser.add_mutually_exclusive_group(required=True)
    named.add_argument("--dataset", help="the contract's name for it")
    named.add_argument("--contract", help="the data contract, for its name: a file or URI")
    parser.add_argument("--kind", choices=get_args(Kind), default="model")
    parser.add_argument("--format", choices=["text", "json"], default="text")
    parser.add_argument("--all", action="store_true", help="fold nothing: every object, in full")
    parser.add_argument(
        "--follow", action="store_true", help="go on into the registered versions that were used"
    )


def run(options: argparse.Namespace) -> int:
    """Run the command, and return the exit code."""
    dataset = options.dataset or Contract.load(options.contract).dataset
    registry = Registry(options.registry, dataset)
    entry = _find(registry, dataset, options.kind, options.version)
    lineage = registry.lineage(entry)
    if lineage is None:
        raise RegistryError(
            f"{entry.kind} {entry.version} was committed before lineage was recorded; "
            "`registry show` says what is known of it"
        )
    if options.format == "json":
        print(json.dumps(lineage.to_json(), indent=1, ensure_ascii=False))
        return 0
    tree = _Tree(registry, whole=options.all, follow=options.follow)
    print("\n".join(tree.lines(entry, lineage)))
    return 0


def _find(registry: Registry, dataset: str, kind: Kind, text: str) -> Entry:
    if text in _CURRENT:
        if current := registry.current(kind):
            return current
        raise NotRegisteredError(f"no {kind} of {dataset} was promoted yet")
    versions = registry.versions(kind)
    found = [entry for entry in versions if entry.version.startswith(text)]
    exact = [entry for entry in found if entry.version == text]
    if len(exact or found) == 1:
        return (exact or found)[0]
    listed = ", ".join(entry.version for entry in found or versions) or "none yet"
    problem = "begins more than one version" if found else "is not in the registry"
    raise NotRegisteredError(f"{kind} {text!r} {problem} of {dataset}; there are: {listed}")


class _Tree:
    """A drawing of a lineage; repeated nodes are drawn once, first."""

    def __init__(self, registry: Registry, *, whole: bool, follow: bool) -> None:
        self._registry = registry
        self._whole = whole
        self._follow = follow
        self._drawn: set[str] = set()
        self._by: Making | None = None

    def lines(self, entry: Entry, lineage: Lineage) -> Iterator[str]:
        current = self._registry.current(entry.kind)
        is_current = current is not None and current.version == entry.version
        self._by = lineage.root.made
        yield f"{entry.kind} {entry.version} ({'current' if is_current else 'not current'})"
        yield f"  span {entry.span}, committed {entry.created_at}, payload {entry.digest[:_SHORT]}"
        if made := lineage.root.made:
            yield f"  run   {made.run or 'none'}"
            yield f"  code  tidegate {made.version}, sources {made.code[:_SHORT]}"
            yield f"  image {made.image or 'none: a process on a machine'}"
        yield from self._below(lineage, lineage.root, "")

    def _below(self, lineage: Lineage, node: Node, indent: str) -> Iterator[str]:
        parents = sorted(lineage.parents(node), key=lambda n: (_ORDER.index(n.kind), n.name))
        shown = [n for n in parents if self._wanted(n, parents)]
        folded = [n for n in parents if n not in shown]
        rest = _folded(folded)
        for number, parent in enumerate(shown):
            last = number == len(shown) - 1 and not rest
            yield from self._branch(lineage, parent, indent, last)
        for number, line in enumerate(rest):
            yield f"{indent}{'└── ' if number == len(rest) - 1 else '├── '}{line}"

    def _wanted(self, node: Node, siblings: list[Node]) -> bool:
        if self._whole or node.kind not in ("object", "lookup"):
            return True
        alike = [n for n in siblings if n.kind == node.kind]
        return len(alike) <= _OBJECTS or node in alike[: _OBJECTS - 1]

    def _branch(self, lineage: Lineage, node: Node, indent: str, last: bool) -> Iterator[str]:
        stem, below = ("└── ", "    ") if last else ("├── ", "│   ")
        line = f"{indent}{stem}{_facts(node, whole=self._whole)}"
        seen = node.id in self._drawn
        self._drawn.add(node.id)
        if seen and node.parents:
            yield f"{line} (as above)"
            return
        if node.made and self._by and node.made.run != self._by.run:
            line += f"; made by run {node.made.run or 'none'} at {node.made.at}"
        yield line
        if node.kind == "registered" and self._follow and not seen:
            yield from self._followed(node, indent + below)
        yield from self._below(lineage, node, indent + below)

    def _followed(self, node: Node, indent: str) -> Iterator[str]:
        kind, _, version = node.name.partition(" ")
        try:
            entry = self._registry.get(kind, version)  # type: ignore[arg-type]
        except NotRegisteredError:
            yield f"{indent}└── (no longer in the registry)"
            return
        found = self._registry.lineage(entry)
        if found is None:
            yield f"{indent}└── (committed before lineage was recorded)"
            return
        yield from self._below(found, found.root, indent)


def _folded(nodes: list[Node]) -> list[str]:
    found = []
    for kind, count in Counter(n.kind for n in nodes).items():
        size = sum(int(n.facts["size"]) for n in nodes if n.kind == kind)
        found.append(f"... and {count:,} more {kind}s, {size:,} bytes (--all lists them)")
    return found


def _facts(node: Node, *, whole: bool) -> str:
    facts = node.facts
    digest = node.digest if whole else node.digest[:_SHORT]
    if node.kind in ("object", "lookup"):
        return f"{node.kind} {_shown(node.name)}  {facts['size']:,} bytes  {digest}"
    if node.kind == "contract":
        return f"contract {_shown(node.name)}  {digest}"
    by_kind = {
        "model": lambda: f"a {facts['task']} model of {facts['label']!r}",
        "evaluation": lambda: _judged(node),
        "validation": lambda: f"{facts['verdict']}, {facts['reasons']} reasons to hold",
        "examples": lambda: _rows(node),
        "statistics": lambda: f"{facts['rows']:,} rows",
        "schema": lambda: f"{facts['columns']} columns",
        "registered": lambda: f"of span {facts['span']}, from the registry",
    }
    if facts.get("recorded") is False:
        return f"{node.kind} {node.name}  {digest}: what it came from was not recorded"
    return f"{node.kind} {node.name}  {digest}  {by_kind[node.kind]()}"


def _rows(node: Node) -> str:
    return ", ".join(f"{split} {rows:,}" for split, rows in node.facts["rows"].items()) + " rows"


def _judged(node: Node) -> str:
    facts = node.facts
    value = facts.get("value")
    outcome = f"{facts['verdict']}, {facts['metric']} "
    outcome += "undefined" if value is None else f"{value:.4f}"
    if (champion := facts.get("champion")) is not None:
        outcome += f" (champion {champion:.4f})"
    return f"{outcome} on {facts['rows']:,} rows of {facts['split']}"


def _shown(name: str) -> str:
    return name.removeprefix(f"file://{Path.cwd()}/").removeprefix("file://")
