"""What a function of Tidegate imports when it runs, read from its source, however deep."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

PACKAGE = "tidegate"
#: A module and what of it: a function, a class, a module; None stands for the module itself.
Place = tuple[str, str | None]


def imported_by(module: str, function: str) -> set[str]:
    """The modules outside Tidegate and the standard library that a function needs.

    From the function on, every function and class of Tidegate that is named is followed, so what
    is imported inside of them counts, and what a module only offers does not. A branch that a run
    does not take is followed too. Not followed are names that only a run makes (`getattr`), and
    what is imported where an ImportError is caught.

    Returns:
        Dotted names; the last part of one may be a name in the module before it.
    """
    found: set[str] = set()
    seen: set[Place] = set()
    waiting: list[Place] = [(module, function)]
    while waiting:
        place = waiting.pop()
        if place not in seen:
            seen.add(place)
            if _is_ours(place[0]):
                waiting += _leads_to(*place)
            elif place[0].partition(".")[0] not in sys.stdlib_module_names:
                found.add(".".join(part for part in place if part))
    return found


def _leads_to(module: str, what: str | None) -> Iterator[Place]:
    source = _module(module)
    if what is None:
        parent = module.rpartition(".")[0]
        if parent:
            yield parent, None
        yield from source.imported_at(source.toplevel)
        return
    yield module, None
    if _path(f"{module}.{what}"):
        yield f"{module}.{what}", None
    if what in source.names:
        yield source.names[what]
    if what in source.objects:
        inside = [source.objects[what]]
        yield from source.imported_at(inside)
        yield from source.named_at(inside)


class _Module:
    """A module's source: what runs when it is imported, and what its names stand for."""

    def __init__(self, name: str) -> None:
        path = _path(name)
        assert path is not None, name
        self.name = name
        self.package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        self.toplevel: list[ast.AST] = []
        self.objects: dict[str, ast.AST] = {}
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                # Importing runs the decorators; the body runs when it is called.
                self.objects[node.name] = node
                self.toplevel += node.decorator_list
            else:
                self.toplevel.append(node)
                self.objects.update(dict.fromkeys(_assigned(node), node))
        self.names = self._bound_at(self.toplevel)

    def imported_at(self, nodes: list[ast.AST]) -> Iterator[Place]:
        """What the import statements in `nodes` import."""
        for _, (module, what) in self._imports(nodes):
            if not _is_ours(module):
                yield module, what
                continue
            yield module, None
            if _path(f"{module}.{what}"):
                yield f"{module}.{what}", None

    def named_at(self, nodes: list[ast.AST]) -> Iterator[Place]:
        """What of Tidegate is named in `nodes`, plainly or as an attribute of a module."""
        names = {**self.names, **self._bound_at(nodes)}
        for node in _executed(nodes):
            if isinstance(node, ast.Name) and node.id in names:
                yield names[node.id]
            elif isinstance(node, ast.Name) and node.id in self.objects:
                yield self.name, node.id
            elif isinstance(node, ast.Attribute):
                first, *rest = ast.unparse(node).split(".")
                module, what = names.get(first, ("", None))
                if what is not None and _path(f"{module}.{what}"):
                    module = f"{module}.{what}"
                if _is_ours(module):
                    yield module, rest[0]

    def _bound_at(self, nodes: list[ast.AST]) -> dict[str, Place]:
        return {name: place for name, place in self._imports(nodes) if name}

    def _imports(self, nodes: list[ast.AST]) -> Iterator[tuple[str, Place]]:
        """The name that is bound, and what to."""
        for node in _executed(nodes):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    first = alias.name.partition(".")[0]
                    yield alias.asname or first, (alias.name if alias.asname else first, None)
                    yield "", (alias.name, None)
            elif isinstance(node, ast.ImportFrom):
                dots = "." * node.level
                module = importlib.util.resolve_name(dots + (node.module or ""), self.package)
                for alias in node.names:
                    yield alias.asname or alias.name, (module, alias.name)


_module = cache(_Module)


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == PACKAGE


@cache
def _path(module: str) -> Path | None:
    """Where a module's source is, if there is such a module."""
    try:
        spec = importlib.util.find_spec(module) if _is_ours(module) else None
    except ModuleNotFoundError:
        return None
    return Path(spec.origin) if spec and spec.origin else None


def _assigned(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            yield inner.id


def _executed(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes and what is in them, without what is for type checkers only or may be missing."""
    for node in nodes:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Try) and any(
            handler.type is not None and "ImportError" in ast.unparse(handler.type)
            for handler in node.handlers
        ):
            continue
        yield node
        yield from _executed(ast.iter_child_nodes(node))
