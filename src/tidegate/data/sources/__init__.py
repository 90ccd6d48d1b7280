"""Read raw data: the objects of a span, and their rows.

Rows come as Arrow batches of one schema.
"""

from __future__ import annotations

import hashlib
import itertools
import logging
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

import pyarrow as pa

from tidegate.contract import Contract
from tidegate.core.errors import SourceError
from tidegate.core.spans import range_name, span_order
from tidegate.data.positions import numbered
from tidegate.data.sources import csv, jsonl, lookups, parquet, tfrecord
from tidegate.data.sources.lookups import Lookup
from tidegate.data.sources.objects import SourceObject, hashed
from tidegate.data.sources.partitions import Partitions, partitions
from tidegate.data.sources.quarantine import BadRecord, BadRecords
from tidegate.data.sources.selection import select
from tidegate.data.sources.span_pattern import SpanPattern
from tidegate.data.sources.types import inexact_key, is_exact
from tidegate.platform.storage import Store, open_store

__all__ = [
    "BadRecord",
    "BadRecords",
    "Inputs",
    "SourceObject",
    "SpanPattern",
    "period",
    "read",
    "resolve",
    "span_order",
    "spans",
]

_log = logging.getLogger(__name__)


class _Format(Protocol):
    def schema(
        self, store: Store, objects: Sequence[SourceObject], contract: Contract, bad: BadRecords
    ) -> Any:
        """The schema of all good rows; other rows are added to `bad`."""

    def batches(
        self, store: Store, item: SourceObject, schema: pa.Schema, contract: Contract, /
    ) -> Iterator[Any]:
        """The rows of one object, in the given schema."""


_FORMATS: Final[dict[str, _Format]] = {
    "csv": csv,
    "jsonl": jsonl.FORMAT,
    "parquet": parquet,
    "tfrecord": tfrecord.FORMAT,
}


@dataclass(frozen=True)
class Inputs:
    """The objects a run reads: one span, or several.

    Attributes:
        span: E.g. `2013-02`; for several spans the first and the last: `2013-01..2013-03`.
        objects: The objects, span by span, and in the order of their names within one.
        root: The URI that the names are relative to.
        spans: All spans, in the order of time, without those the contract excludes.
        lookups: The look-up sources that are joined, in the contract's order.
    """

    span: str
    objects: tuple[SourceObject, ...]
    root: str
    spans: tuple[str, ...]
    lookups: tuple[Lookup, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, over names, sizes and contents.

        It covers the look-ups too. The same bytes under the same names give the same digest in any
        place.
        """
        lines = "".join(f"{o.sha256} {o.size} {o.name}\n" for o in self.objects)
        for lookup in self.lookups:
            lines += "\n" + "".join(f"{o.sha256} {o.size} {o.name}\n" for o in lookup.objects)
        return hashlib.sha256(lines.encode()).hexdigest()


def spans(contract: Contract) -> tuple[str, ...]:
    """The source's spans, in order of time, including excluded ones."""
    return tuple(_by_span(contract)[1])


def resolve(contract: Contract, span: str) -> Inputs:
    """Find the objects of one span or several, and read their digests.

    If a span was delivered in several versions, only the objects of the highest are taken; the log
    reports that.

    Args:
        contract: The contract with the source and the excluded spans.
        span: A span in the form of the source's pattern, `latest`, or another selection that
            `selection.select` accepts. The `span` of the result is one too, and gives the same
            objects again.

    Raises:
        MissingSpanError: a span that should be there is not; names it and lists those there are.
        ContractError: the pattern or the selection is not valid.
        StorageError: the source cannot be read.
    """
    pattern, found = _by_span(contract)
    chosen = select(span, pattern, tuple(found), contract.source.exclude_spans)
    store = open_store(pattern.root)
    objects = tuple(hashed(store, info) for s in chosen for info in _newest(s, found[s]))
    return Inputs(range_name(chosen), objects, pattern.root, chosen, lookups.find(contract))


def period(contract: Contract, inputs: Inputs) -> tuple[datetime, datetime] | None:
    """Beginning and end (exclusive) of the inputs' spans, in UTC.

    None if spans are no times.
    """
    return SpanPattern(contract.source_uri).period(inputs.spans[0], inputs.spans[-1])


def read(
    inputs: Inputs,
    contract: Contract,
    *,
    bad: BadRecords | None = None,
    positions: bool = False,
) -> Iterator[pa.RecordBatch]:
    """Read the rows of a span, ordered by object name and row.

    All batches have one schema of the types int64, double, string, timestamp(us) and null, which
    depends on the data and the contract only, never on how the reader divides it into blocks.
    Memory is bounded by the block size, not by the data. No batch is yielded before all objects
    were found to agree on their columns, and the bad records not to exceed the contract's limit.

    Args:
        inputs: The inputs, from `resolve`.
        contract: The contract, which describes how the objects are written.
        bad: The collector of bad records, if the contract sets them aside; complete before the
            first batch.
        positions: Whether each row's object and ordinal are appended; see `positions.numbered`.

    Raises:
        SourceError: one line naming the object and the fault.
    """
    store = open_store(inputs.root)
    source = _FORMATS[contract.source.format]
    bad = BadRecords(contract) if bad is None else bad
    schema = source.schema(store, inputs.objects, contract, bad)
    bad.check()
    uri = re.split(r"[{}*?]", contract.source.uri, maxsplit=1)[0]
    named = _named(inputs.objects, contract, schema, bad, under=uri.rpartition("/")[0])
    total = 0
    pattern = SpanPattern(contract.source_uri)
    by_span = itertools.groupby(inputs.objects, key=lambda item: pattern.match(item.name))
    for span, items in by_span:
        rows = 0
        of_span = tuple(items)
        for item in of_span:
            before = 0
            for batch in source.batches(store, item, schema, contract):
                _require_exact_keys(batch, contract, item.label)
                if batch.num_rows:
                    whole = named.add(batch, item)
                    yield numbered(whole, item.name, before) if positions else whole
                    before += batch.num_rows
            rows += before
        if not rows:
            raise SourceError(f"span {span} has no rows in {_names(of_span)}")
        total += rows
    _unchanged(store, inputs.objects)
    if total != bad.good:
        raise SourceError(
            f"span {inputs.span}: {total:,} rows were read and {bad.good:,} counted before; "
            "this is a defect of Tidegate, and no row may be lost: report it"
        )


def read_objects(
    root: str,
    objects: Sequence[SourceObject],
    contract: Contract,
    *,
    bad: BadRecords | None = None,
) -> Iterator[pa.RecordBatch]:
    """Read the rows of objects without a span, such as a look-up's.

    Otherwise it works like `read`.

    Raises:
        SourceError: one line naming the object and the fault.
    """
    store = open_store(root)
    source = _FORMATS[contract.source.format]
    bad = BadRecords(contract) if bad is None else bad
    schema = source.schema(store, objects, contract, bad)
    bad.check()
    named = _named(objects, contract, schema, bad)
    for item in objects:
        for batch in source.batches(store, item, schema, contract):
            _require_exact_keys(batch, contract, item.label)
            yield named.add(batch, item)
    _unchanged(store, objects)


def _named(
    objects: Sequence[SourceObject],
    contract: Contract,
    schema: pa.Schema,
    bad: BadRecords,
    *,
    under: str = "",
) -> Partitions:
    """The columns that folders name, noted in `bad`."""
    found = partitions(objects, contract, schema.names, under=under)
    bad.partitions = tuple(field.name for field in found.fields)
    bad.spans = found.spans
    return found


def _require_exact_keys(batch: pa.RecordBatch, contract: Contract, where: str) -> None:
    for name in set(contract.key) & set(batch.schema.names):
        if not is_exact(batch.column(batch.schema.get_field_index(name))):
            raise SourceError(inexact_key(name, where))


def _unchanged(store: Store, objects: Sequence[SourceObject]) -> None:
    prefix = os.path.commonprefix([o.name for o in objects])  # noqa: RUF071 (by character)
    now = {info.name: info.version for info in store.list(prefix)}
    for item in objects:
        if now.get(item.name) != item.version:
            raise SourceError(f"{item.label} was changed while it was read; start the run again")


def _by_span(contract: Contract) -> tuple[SpanPattern, dict[str, dict[int, list[Any]]]]:
    pattern = SpanPattern(contract.source_uri)
    found: dict[str, dict[int, list[Any]]] = {}
    for info in open_store(pattern.root).list(pattern.prefix):
        if located := pattern.locate(info.name):
            found.setdefault(located.span, {}).setdefault(located.version, []).append(info)
    return pattern, dict(sorted(found.items(), key=lambda item: span_order(item[0])))


def _newest(span: str, versions: dict[int, list[Any]]) -> list[Any]:
    highest, *older = sorted(versions, reverse=True)
    if older:
        listed = ", ".join(map(str, older))
        _log.info("span %s: version %d is taken, not %s", span, highest, listed)
    return versions[highest]


def _names(objects: Sequence[SourceObject]) -> str:
    names = [o.label for o in objects]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
