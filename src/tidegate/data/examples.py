"""Write and read examples: Parquet parts by split, and a manifest.

    manifest.json                 span, digests, columns, and every part's rows, size and SHA-256
    train/part-00000.parquet      zstd; row groups of ROW_GROUP_ROWS, the last of a split shorter
    eval/part-00000.parquet
    quarantine.jsonl              bad records, where the contract sets them aside

Rows keep the order of the source within a split.
"""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from tidegate.contract import Contract
from tidegate.core._arrow import PARQUET
from tidegate.core.errors import ExamplesError, SourceError
from tidegate.data import sources
from tidegate.data.facts import Facts, Gatherer
from tidegate.data.joins import Joins
from tidegate.data.positions import parted
from tidegate.data.sources.objects import one_line
from tidegate.data.sources.types import NAMED
from tidegate.data.splits import DROPPED, SPLITS, Leakage, LeakageCheck, Rows, splitter
from tidegate.platform.storage.directory import atomic_directory

ROW_GROUP_ROWS: Final = 65_536
ROW_GROUPS_PER_PART: Final = 16

_MANIFEST: Final = "manifest.json"
_AGAIN: Final = "ingest the span again, with caching off"
_QUARANTINE: Final = "quarantine.jsonl"
_FORMAT: Final = 3

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RowGroup:
    """One row group of a part: the unit of statistics computation."""

    file: Path
    index: int
    rows: int


@dataclass(frozen=True)
class Part:
    """One Parquet file of a split.

    `file` is relative to the examples' directory.
    """

    file: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Examples:
    """The examples of one span, divided into splits.

    Attributes:
        path: Their directory.
        span: The span, e.g. `2013-02`.
        content_digest: The digest of the source objects they were made from.
        contract_digest: The digest of the contract they were made by.
        schema: Columns in the source's order, of int64, double, string, timestamp(us) or null.
        parts: The files of each split, in order; a split may be empty.
        dropped: The number of rows in no split: the rows in the gap of a split by time.
        leakage: Values that occur in more than one split: of the key if there is one, then of the
            hash columns if they differ from the key.
        facts: The facts recorded at ingest; its `bad_records` lie in `quarantine.jsonl`.
        slices: The column combinations by which statistics are sliced.
        sample_rows: The number of rows kept with the statistics.
        sample_columns: The columns kept of these rows: features and label.
        positions: Whether the files have each row's position too, beside the columns of `schema`.
    """

    path: Path
    span: str
    content_digest: str
    contract_digest: str
    schema: pa.Schema
    parts: dict[str, tuple[Part, ...]]
    dropped: int = 0
    leakage: tuple[Leakage, ...] = ()
    facts: Facts = field(default_factory=Facts)
    slices: tuple[tuple[str, ...], ...] = ()
    sample_rows: int = 0
    sample_columns: tuple[str, ...] = ()
    positions: bool = False

    @classmethod
    def open(cls, path: Path, *, verify: bool = False) -> Examples:
        """Open the examples that `ingest` wrote.

        Args:
            path: The directory.
            verify: Read every part again and compare its SHA-256; otherwise only sizes are
                compared.

        Raises:
            ExamplesError: the manifest or a part is missing, or was changed.
        """
        path = Path(path)
        examples = cls._from_manifest(path)
        for part in (p for parts in examples.parts.values() for p in parts):
            file = path / part.file
            if not file.is_file():
                raise ExamplesError(f"{file} is missing; {_AGAIN}")
            if file.stat().st_size != part.bytes or (verify and _sha256(file) != part.sha256):
                raise ExamplesError(f"{file} is not what the manifest says; {_AGAIN}")
        return examples

    @classmethod
    def _from_manifest(cls, path: Path) -> Examples:
        file = path / _MANIFEST
        try:
            found = json.loads(file.read_bytes())
            if found["format"] != _FORMAT:
                raise ExamplesError(f"{file} is of format {found['format']}, not {_FORMAT}")
            return cls(
                path=path,
                span=found["span"],
                content_digest=found["content_digest"],
                contract_digest=found["contract_digest"],
                schema=pa.schema([(c["name"], NAMED[c["type"]]) for c in found["columns"]]),
                parts={s: tuple(Part(**p) for p in ps) for s, ps in found["splits"].items()},
                dropped=found["split"]["dropped"],
                leakage=tuple(Leakage.of(fact) for fact in found["leakage"]),
                facts=Facts.of(found["facts"]),
                slices=tuple(tuple(columns) for columns in found.get("slices", ())),
                sample_rows=found["sample"]["rows"] if "sample" in found else 0,
                sample_columns=tuple(found["sample"]["columns"]) if "sample" in found else (),
                positions=found.get("positions", False),
            )
        except FileNotFoundError:
            raise ExamplesError(
                f"{path} holds no examples: {_MANIFEST} is missing; {_AGAIN}"
            ) from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ExamplesError(f"{file} cannot be read as a manifest: {error!r}") from None

    @property
    def splits(self) -> tuple[str, ...]:
        """The names of the splits."""
        return tuple(self.parts)

    def num_rows(self, split: str | None = None) -> int:
        """The number of examples in one split, or in all."""
        chosen = self.splits if split is None else (split,)
        return sum(part.rows for s in chosen for part in self._parts(s))

    def files(self, split: str) -> list[Path]:
        """The Parquet files of a split, in order."""
        return [self.path / part.file for part in self._parts(split)]

    def row_groups(self, split: str) -> list[RowGroup]:
        """The row groups of a split, in order.

        All but the last hold `ROW_GROUP_ROWS` rows.
        """
        return [
            RowGroup(
                file=self.path / part.file,
                index=index,
                rows=min(ROW_GROUP_ROWS, part.rows - index * ROW_GROUP_ROWS),
            )
            for part in self._parts(split)
            for index in range(-(-part.rows // ROW_GROUP_ROWS))
        ]

    def batches(
        self, split: str, *, columns: Sequence[str] | None = None, batch_size: int = ROW_GROUP_ROWS
    ) -> Iterator[pa.RecordBatch]:
        """Read the rows of a split, in order.

        Args:
            split: One of `splits`.
            columns: The columns, in this order; all by default.
            batch_size: The most rows a batch has; the last of a file or row group may have fewer.

        Raises:
            ExamplesError: there is no such split or column, or a file cannot be read.
        """
        names = list(self.schema.names if columns is None else columns)
        for name in names:
            if name not in self.schema.names:
                close = difflib.get_close_matches(name, self.schema.names, n=1)
                hint = f"did you mean {close[0]!r}?" if close else "; ".join(self.schema.names)
                raise ExamplesError(f"the examples have no column {name!r}; {hint}")
        for file in self.files(split):
            yield from _read(file, names, batch_size)

    def _parts(self, split: str) -> tuple[Part, ...]:
        if split not in self.parts:
            raise ExamplesError(
                f"the examples have no split {split!r}; there are: {', '.join(self.parts)}"
            )
        return self.parts[split]


def ingest(
    contract: Contract,
    *,
    span: str,
    out: Path,
    content_digest: str | None = None,
    on_progress: Callable[[str], None] | None = None,
) -> Examples:
    """Read one span, divide it into splits and write it.

    The split of an example depends only on its values in `contract.split_columns` (see
    `tidegate.data.hashing`): not on its place, its file or, except in a split by time, on the other
    rows of the span. Rows with equal keys all stay.

    `out` is replaced as a whole, or stays unchanged.

    Args:
        contract: The contract with the source and the splits.
        span: A span of the source, or `latest`.
        out: The directory to write.
        content_digest: If given, the digest the span's objects must have.
        on_progress: Called now and then with a line on the progress.

    Raises:
        SourceError: the source cannot be read, has no rows, or is not of this digest.
        ContractError: a column to split by is not in the data.
        ExamplesError: `out` cannot be written.
    """
    inputs = sources.resolve(contract, span)
    if content_digest is not None and inputs.digest != content_digest:
        raise SourceError(
            f"the objects of span {inputs.span} changed since the run resolved them; "
            "start the run again"
        )
    try:
        with atomic_directory(Path(out)) as directory:
            splits, schema, facts = _write_splits(inputs, contract, directory, on_progress)
            manifest = {
                "format": _FORMAT,
                "span": inputs.span,
                "content_digest": inputs.digest,
                "contract_digest": contract.digest,
                "columns": [{"name": f.name, "type": str(f.type)} for f in schema],
                "splits": {name: [vars(p) for p in parts] for name, parts in splits.items()},
                **facts,
                "positions": not contract.key,
                "slices": contract.slices,
                "sample": {
                    "rows": contract.gates.shift.rows,
                    "columns": [c for c in schema.names if contract.is_sampled(c)],
                },
                "objects": [_object(o) for o in inputs.objects],
                "lookups": [[_object(o) for o in found.objects] for found in inputs.lookups],
            }
            (directory / _MANIFEST).write_text(
                json.dumps(manifest, indent=1) + "\n", encoding="utf-8"
            )
    except OSError as error:
        raise ExamplesError(f"cannot write examples to {out}: {one_line(error)}") from error
    return Examples.open(Path(out))


def _write_splits(
    inputs: sources.Inputs,
    contract: Contract,
    directory: Path,
    on_progress: Callable[[str], None] | None,
) -> tuple[dict[str, list[Part]], pa.Schema, dict[str, Any]]:
    joins = Joins(inputs, contract) if contract.joins else None
    bad = sources.BadRecords(contract)
    gatherer = Gatherer(contract.time, sources.period(contract, inputs))

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal bad
        bad = sources.BadRecords(contract)
        read = sources.read(inputs, contract, bad=bad, positions=not contract.key)
        return joins.apply(read) if joins else read

    writers: dict[str, _Writer] = {}
    rows = dropped = 0
    divided = splitter(contract, batches, directory)
    with contextlib.ExitStack() as closing:
        for read in batches():
            batch, placed = parted(read)
            gatherer.add(batch)
            if not writers:
                schema = batch.schema
                writers = {name: _Writer(directory, name, placed.schema) for name in SPLITS}
                for writer in writers.values():
                    closing.callback(writer.abandon)
                check = LeakageCheck(contract, schema.names, directory)
                closing.callback(check.close)
            hashed = Rows(batch)
            chosen = divided.assign(hashed)
            check.add(hashed, chosen)
            for index, writer in enumerate(writers.values()):
                writer.add(placed.filter(pa.array(chosen == index)))
            rows += batch.num_rows
            dropped += int((chosen == DROPPED).sum())
            if on_progress:
                on_progress(f"{rows:,} rows read")
        leakage = check.result()
        facts = {
            "split": {"by": _by(contract), **divided.facts, "dropped": dropped},
            "leakage": [asdict(fact) for fact in leakage],
            "facts": replace(
                gatherer.result(joins, bad), distinct_rows=check.distinct_rows()
            ).to_json(),
        }
        if bad.kept:
            _quarantine(bad, directory)
        for line in bad.notes():
            _log.info("%s", line)
        for joined in joins.results if joins else ():
            _log.info(
                "join %s: %.2f%% of %s rows matched, %s dropped",
                joined.uri,
                100 * joined.rate,
                f"{joined.rows:,}",
                f"{joined.dropped:,}",
            )
        for fact in leakage:
            if fact.shared:
                _log.warning(
                    "warning: %s of %s values of %s stand in more than one split (by %s)",
                    f"{fact.shared:,}",
                    f"{fact.values:,}",
                    ", ".join(fact.columns),
                    _by(contract),
                )
        if dropped:
            _log.info("%s rows lie in the gap and are in no split", f"{dropped:,}")
        return {name: writer.close() for name, writer in writers.items()}, schema, facts


def _quarantine(bad: sources.BadRecords, directory: Path) -> None:
    # Written even without bad records: a missing file would not show that there are none.
    with (directory / _QUARANTINE).open("w", encoding="utf-8", newline="") as file:
        file.writelines(bad.lines())
    if bad.records:
        first = bad.records[0]
        _log.warning(
            "warning: %s of %s records are bad and lie in %s; the first: %s:%d: %s",
            f"{len(bad.records):,}",
            f"{len(bad.records) + bad.good:,}",
            _QUARANTINE,
            first.file,
            first.line,
            first.reason,
        )


def _object(item: sources.SourceObject) -> dict[str, Any]:
    return {"name": item.name, "size": item.size, "sha256": item.sha256}


def _by(contract: Contract) -> str:
    return contract.splits.by or f"hash({', '.join(contract.key) or 'all columns'})"


class _Writer:
    """A writer of one split's rows in whole row groups."""

    def __init__(self, directory: Path, split: str, schema: pa.Schema) -> None:
        self._directory = directory
        self._split = split
        self._schema = schema
        self._waiting: list[Any] = []
        self._waiting_rows = 0
        self._open: Any = None
        self._groups = 0
        self._rows = 0
        self._parts: list[Part] = []

    def add(self, batch: pa.RecordBatch) -> None:
        self._waiting.append(batch)
        self._waiting_rows += batch.num_rows
        if self._waiting_rows >= ROW_GROUP_ROWS:
            table = pa.Table.from_batches(self._waiting)
            whole = table.num_rows - table.num_rows % ROW_GROUP_ROWS
            for start in range(0, whole, ROW_GROUP_ROWS):
                self._write(table.slice(start, ROW_GROUP_ROWS))
            self._waiting = table.slice(whole).to_batches()
            self._waiting_rows = table.num_rows - whole

    def close(self) -> list[Part]:
        if self._waiting_rows:
            self._write(pa.Table.from_batches(self._waiting))
        self._finish()
        return self._parts

    def abandon(self) -> None:
        if self._open is not None:
            self._open.close()

    @property
    def _name(self) -> str:
        return f"{self._split}/part-{len(self._parts):05}.parquet"

    def _write(self, group: pa.Table) -> None:
        if self._open is None:
            file = self._directory / self._name
            file.parent.mkdir(exist_ok=True)
            self._open = pq.ParquetWriter(file, self._schema, compression="zstd")
        self._open.write_table(group.combine_chunks(), row_group_size=ROW_GROUP_ROWS)
        self._groups += 1
        self._rows += group.num_rows
        if self._groups == ROW_GROUPS_PER_PART:
            self._finish()

    def _finish(self) -> None:
        if self._open is None:
            return
        self._open.close()
        self._open = None
        file = self._directory / self._name
        self._parts.append(
            Part(file=self._name, rows=self._rows, bytes=file.stat().st_size, sha256=_sha256(file))
        )
        self._groups = self._rows = 0


def _read(file: Path, names: list[str], batch_size: int) -> Iterator[pa.RecordBatch]:
    try:
        with pq.ParquetFile(file, **PARQUET) as parquet:
            for batch in parquet.iter_batches(batch_size=batch_size, columns=names):
                found = batch.schema.names
                yield pa.RecordBatch.from_arrays(
                    [batch.column(found.index(n)) for n in names], names=names
                )
    except (pa.ArrowException, OSError) as error:
        raise ExamplesError(f"{file} cannot be read: {one_line(error)}; {_AGAIN}") from None


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
