"""Raw data in: which objects make up a span, and their rows as Arrow batches of one schema."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import pyarrow as pa

from tidegate.contract import Contract
from tidegate.errors import MissingSpanError, SourceError
from tidegate.sources import csv, parquet
from tidegate.sources.objects import SourceObject
from tidegate.sources.spans import SpanPattern, span_order
from tidegate.storage import Store, open_store

__all__ = ["Inputs", "SourceObject", "SpanPattern", "read", "resolve", "span_order", "spans"]

#: How many spans a message lists.
_LISTED: Final = 12


class _Format(Protocol):
    def schema(self, store: Store, objects: Sequence[SourceObject], contract: Contract) -> Any:
        """The schema of all rows of these objects."""

    def batches(
        self, store: Store, item: SourceObject, schema: pa.Schema, contract: Contract, /
    ) -> Iterator[Any]:
        """The rows of one object, in the given schema."""


_FORMATS: Final[dict[str, _Format]] = {"csv": csv, "parquet": parquet}


@dataclass(frozen=True)
class Inputs:
    """The objects that hold one span.

    Attributes:
        span: E.g. `2013-02`.
        objects: In the order of their names.
        root: The URI that the names are relative to.
    """

    span: str
    objects: tuple[SourceObject, ...]
    root: str

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, over names, sizes and contents.

        The same bytes under the same names give the same digest wherever they lie.
        """
        lines = "".join(f"{o.sha256} {o.size} {o.name}\n" for o in self.objects)
        return hashlib.sha256(lines.encode()).hexdigest()


def spans(contract: Contract) -> tuple[str, ...]:
    """The spans that the source holds, in the order of time."""
    return tuple(_by_span(contract)[1])


def resolve(contract: Contract, span: str) -> Inputs:
    """Find the objects of a span and read their digests.

    Args:
        contract: Says where the source is.
        span: As the source's pattern writes it, or `latest` for the last there is.

    Raises:
        MissingSpanError: there is no such span; lists those there are.
        ContractError: the pattern is not valid.
        StorageError: the source cannot be read.
    """
    pattern, found = _by_span(contract)
    if not found:
        raise MissingSpanError(
            f"no object matches source.uri {pattern.pattern!r}; check the path and its placeholders"
        )
    chosen = next(reversed(found)) if span == "latest" else span
    if chosen not in found:
        listed = list(found)
        shown = ", ".join(listed[-_LISTED:])
        if len(listed) > _LISTED:
            shown = f"{listed[0]}, ..., {shown} ({len(listed)} in all)"
        raise MissingSpanError(
            f"span {span!r} is not in {pattern.pattern!r}; there are: {shown}; "
            f"a span is written as {pattern.shape}, or 'latest'"
        )
    store = open_store(pattern.root)
    objects = []
    for info in found[chosen]:
        with store.open(info.name) as file:
            # typeshed wants readinto(), which every file a store opens has.
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
        objects.append(SourceObject(info.name, info.size, sha256, info.version))
    return Inputs(span=chosen, objects=tuple(objects), root=pattern.root)


def read(inputs: Inputs, contract: Contract) -> Iterator[pa.RecordBatch]:
    """The rows of a span, in the order of object names and of rows within each.

    All batches have one schema of the types int64, double, string, timestamp(us) and null, which
    depends on the data and the contract only, never on how the reader cuts it into blocks. Memory
    is bounded by the block size, not by the data. Nothing is yielded before all objects were found
    to agree on their columns.

    Raises:
        SourceError: one line naming the object and what is wrong with it.
    """
    store = open_store(inputs.root)
    source = _FORMATS[contract.source.format]
    schema = source.schema(store, inputs.objects, contract)
    rows = 0
    for item in inputs.objects:
        for batch in source.batches(store, item, schema, contract):
            if batch.num_rows:
                rows += batch.num_rows
                yield batch
    if not rows:
        raise SourceError(f"span {inputs.span} has no rows in {_names(inputs.objects)}")
    prefix = os.path.commonprefix([o.name for o in inputs.objects])  # noqa: RUF071 (by character)
    now = {info.name: info.version for info in store.list(prefix)}
    for item in inputs.objects:
        if now.get(item.name) != item.version:
            raise SourceError(f"{item.name} was changed while it was read; start the run again")


def _by_span(contract: Contract) -> tuple[SpanPattern, dict[str, list[Any]]]:
    pattern = SpanPattern(contract.source_uri)
    found: dict[str, list[Any]] = {}
    for info in open_store(pattern.root).list(pattern.prefix):
        if span := pattern.match(info.name):
            found.setdefault(span, []).append(info)
    return pattern, dict(sorted(found.items(), key=lambda item: span_order(item[0])))


def _names(objects: Sequence[SourceObject]) -> str:
    names = [o.name for o in objects]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
