"""Read YAML into a model, with precise error messages.

Messages name the file, the line, the key and the remedy.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TypeVar, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from tidegate.core.errors import ContractError
from tidegate.core.text import nearest

#: Sections of the design that this version cannot enforce. They are refused, never ignored.
_PLANNED = {"fairness", "privacy"}


class _Loader(yaml.SafeLoader):
    """A YAML 1.2 loader.

    Only true and false are truth values, and 2013-09-01 is a text.
    """


_Loader.yaml_implicit_resolvers = {
    first: [
        (t, r)
        for t, r in rules
        if t != "tag:yaml.org,2002:timestamp" and (t != "tag:yaml.org,2002:bool" or first in "tTfF")
    ]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


Model = TypeVar("Model", bound=BaseModel)


def parse(model: type[Model], text: str, *, name: str) -> Model:
    """Parse YAML into `model`.

    Args:
        model: A strict and frozen model, whose sections are models too.
        text: YAML; only `true` and `false` are truth values, and aliases are not read.
        name: The file's name in messages.

    Raises:
        ContractError: one line for each mistake, with file, line, key and remedy.
    """
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error)
        raise ContractError(f"{name}{line}: not valid YAML: {problem}") from None
    if not isinstance(root, yaml.MappingNode):
        first = next(iter(model.model_fields))
        raise ContractError(
            f"{name}: a {model.__name__.lower()} is a mapping that begins with '{first}:'"
        )
    _check_nodes(root, name)
    try:
        return model.model_validate(_tuples(yaml.load(text, Loader=_Loader)))  # noqa: S506 (a SafeLoader)
    except ValidationError as error:
        lines = [_explain(e, model, root, name) for e in error.errors()]
        raise ContractError("\n".join(dict.fromkeys(lines))) from None
    except yaml.YAMLError as error:
        raise ContractError(f"{name}: not valid YAML: {error}") from None


def _tuples(value: Any) -> Any:
    # YAML has lists only; strict models want the tuples that frozen ones can hold.
    if isinstance(value, dict):
        return {k: _tuples(v) for k, v in value.items()}
    return tuple(_tuples(v) for v in value) if isinstance(value, list) else value


def _check_nodes(node: yaml.Node, name: str, seen: set[int] | None = None) -> None:
    """Refuse aliases, odd keys and duplicate keys, which YAML allows."""
    seen = set() if seen is None else seen
    line = node.start_mark.line + 1
    if id(node) in seen:
        raise ContractError(f"{name}:{line}: aliases (&, *) are not read; write the value out")
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        keys: set[str] = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise ContractError(f"{name}:{line}: a key must be a name, not a list or mapping")
            if key.value in keys:
                raise ContractError(f"{name}:{line}: key {key.value!r} is given twice")
            keys.add(key.value)
            _check_nodes(value, name, seen)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _check_nodes(value, name, seen)


def _locate(root: yaml.Node, path: Sequence[str | int]) -> tuple[int, list[str]]:
    """The 1-based line of the deepest existing node on `path`.

    It also returns the keys passed.
    """
    node, line, passed = root, root.start_mark.line + 1, []
    for step in path:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == step:
                    node, line = value, key.start_mark.line + 1
                    passed.append(str(step))
                    break
            # A step of pydantic's own (a union's branch) has no node: stay and go on.
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
            line = node.start_mark.line + 1
            passed[-1] += f"[{step}]"
    return line, passed


def _keys_at(model: Any, path: Sequence[str | int]) -> list[str]:
    for step in path:
        if isinstance(model, type) and issubclass(model, BaseModel) and step in model.model_fields:
            model = model.model_fields[str(step)].annotation
        elif isinstance(step, int):
            model = next(iter(get_args(model)), None)
        elif get_origin(model) is dict:
            model = get_args(model)[1]
        if type(None) in get_args(model):
            model = get_args(model)[0]
    if isinstance(model, type) and issubclass(model, BaseModel):
        return list(model.model_fields)
    return []


def _explain(error: Any, model: type[BaseModel], root: yaml.Node, name: str) -> str:
    path = error["loc"]
    line, passed = _locate(root, path)
    key = ".".join(passed)
    where = f"{name}:{line}: "
    match error["type"]:
        case "extra_forbidden":
            if path[-1] in _PLANNED:
                return (
                    f"{where}{key!r} is not enforced by this version of Tidegate, "
                    "so it is refused rather than ignored; remove it"
                )
            return f"{where}unknown key {key!r}" + nearest(
                str(path[-1]), _keys_at(model, path[:-1])
            )
        case "missing":
            full = ".".join([*passed, str(path[-1])])
            return f"{where}key {full!r} is missing; add it"
        case _:
            message = re.sub(r"^(Value error|Input) ?,? ?", "", error["msg"])
            given = error.get("input")
            shown = f" (found {given!r})" if isinstance(given, str | int | float) else ""
            if error["type"] == "string_type" and not isinstance(given, dict | tuple | None):
                # YAML reads 2 and 2013.5 as numbers, as names of columns and spans too.
                shown += f'; write it in quotes: "{given}"'
            return f"{where}{key or model.__name__.lower()}: {message}{shown}"
