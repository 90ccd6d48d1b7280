"""Find look-up sources: small tables that are joined to rows.

They have no spans.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tidegate.contract import Contract, Join
from tidegate.core.errors import ContractError, SourceError
from tidegate.data.sources.objects import SourceObject, hashed
from tidegate.platform.storage import open_store


@dataclass(frozen=True)
class Lookup:
    """The objects of one look-up source.

    Attributes:
        root: The URI that the names are relative to.
        objects: The objects, in the order of their names.
    """

    root: str
    objects: tuple[SourceObject, ...]


def find(contract: Contract) -> tuple[Lookup, ...]:
    """Find the objects of all look-ups, with their digests.

    They are in the contract's order.

    Raises:
        ContractError: a URI has placeholders.
        SourceError: no object has such a name.
        StorageError: the source cannot be read.
    """
    return tuple(_find(contract, join) for join in contract.joins)


def root(contract: Contract, join: Join) -> str:
    """The URI that a look-up's object names are relative to."""
    return _located(contract, join)[0]


def _located(contract: Contract, join: Join) -> tuple[str, str]:
    if "{" in join.uri:
        raise ContractError(f"joins.uri {join.uri!r}: a look-up has no spans; name its objects")
    uri = contract.absolute(join.uri, where="joins.uri")
    cut = re.split("[*?]", uri, maxsplit=1)[0].rfind("/") + 1
    return uri[:cut].rstrip("/") or "/", uri[cut:]


def _find(contract: Contract, join: Join) -> Lookup:
    root, name = _located(contract, join)
    wild = {"*": "[^/]*", "?": "[^/]"}
    regex = re.compile("".join(wild.get(c) or re.escape(c) for c in name), re.DOTALL)
    store = open_store(root)
    listed = store.list(re.split("[*?]", name, maxsplit=1)[0])
    objects = tuple(hashed(store, info) for info in listed if regex.fullmatch(info.name))
    if not objects:
        raise SourceError(f"no object matches joins.uri {join.uri!r}; check the path")
    return Lookup(root, objects)
