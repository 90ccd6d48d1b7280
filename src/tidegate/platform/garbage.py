"""Find and remove registry payloads that no index names.

Writers that were killed or lost a race leave them behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, get_args

from tidegate.core.errors import RegistryError
from tidegate.platform.registry import Kind, Registry
from tidegate.platform.storage import ObjectInfo, Store, open_store

#: The least age of garbage. A publish that takes longer loses its files to `remove`.
OLDER_THAN: Final = timedelta(days=1)


@dataclass(frozen=True)
class Garbage:
    """One payload that no index names.

    Attributes:
        kind: The kind it was written for.
        folder: Its folder, relative to the registry's URI.
        objects: The number of its objects.
        size: Their total size in bytes.
        modified: When the newest of them was written.
    """

    kind: Kind
    folder: str
    objects: int
    size: int
    modified: datetime


def find(uri: str, dataset: str, *, older_than: timedelta = OLDER_THAN) -> list[Garbage]:
    """Find unindexed payloads that were not written to for `older_than`.

    A writer at work has payloads that no index names yet; only their age distinguishes them.
    Records of runs are not examined.

    Raises:
        RegistryError: an index is damaged.
        StorageError: the store cannot be read.
    """
    registry, store = Registry(uri, dataset), open_store(uri)
    return [g for kind in get_args(Kind) for g in _found(registry, store, kind, "", older_than)]


def remove(uri: str, dataset: str, found: Garbage, *, older_than: timedelta = OLDER_THAN) -> bool:
    """Delete one payload if it still is as `find` reported it.

    It is checked again right before, because a writer may have come back to it.

    Returns:
        Whether it was deleted.

    Raises:
        RegistryError: its kind has no index at all, so that garbage cannot be distinguished from
            payloads.
        StorageError: the store cannot be written.
    """
    registry, store = Registry(uri, dataset), open_store(uri)
    if not registry.versions(found.kind):
        raise RegistryError(
            f"the registry of {dataset} names no {found.kind} at all, so {found.folder} may be all "
            "there is; if its index.json was lost, restore it; else remove the folder by hand"
        )
    again = list(_found(registry, store, found.kind, found.folder, older_than))
    if again != [found]:
        return False
    for info in store.list(found.folder + "/"):
        store.delete(info.name)
    return True


def _found(
    registry: Registry, store: Store, kind: Kind, folder: str, older_than: timedelta
) -> Iterator[Garbage]:
    # The index is read after the listing: what was committed in between is in it.
    prefix = registry.kind_folder(kind)
    payloads: dict[str, list[ObjectInfo]] = {}
    for info in store.list(folder or prefix):
        version, _, rest = info.name.removeprefix(prefix).partition("/")
        digest, mark, _ = rest.partition("/")
        if mark:
            payloads.setdefault(f"{prefix}{version}/{digest}", []).append(info)
    named = {registry.folder(entry) for entry in registry.versions(kind)}
    limit = datetime.now(UTC) - older_than
    for path, objects in payloads.items():
        newest = max(info.modified for info in objects)
        if path not in named and newest < limit and folder in ("", path):
            yield Garbage(kind, path, len(objects), sum(i.size for i in objects), newest)
