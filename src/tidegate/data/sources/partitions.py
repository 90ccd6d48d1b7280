"""Read the columns that folders name: `year=2023/month=01/part-0.parquet`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc

from tidegate.contract import Contract
from tidegate.data.sources.objects import SourceObject
from tidegate.data.sources.types import DOUBLE, INT, NULL, STRING

_FOLDER: Final = re.compile(r"([^=/{}*?]+)=([^/]*)")
#: How Hive and Spark write a missing value.
_MISSING: Final = "__HIVE_DEFAULT_PARTITION__"
_WHOLE: Final = re.compile(r"-?(0|[1-9]\d{0,17})", re.ASCII)
#: Months, days and hours have two digits, so that folders sort; other leading zeros are of names.
_TWO_DIGITS: Final = re.compile(r"\d\d", re.ASCII)


@dataclass(frozen=True)
class Partitions:
    """The columns that the folders of some objects name, and their values by object.

    Attributes:
        fields: The columns with their types, in the order of the folders.
        values: The value of each column, by the object's name.
        spans: The columns that are left out because the span stands in them.
    """

    fields: tuple[pa.Field, ...]
    values: dict[str, tuple[str | None, ...]]
    spans: tuple[str, ...] = ()

    def add(self, batch: pa.RecordBatch, item: SourceObject) -> pa.RecordBatch:
        """Append the columns to rows of an object."""
        if not self.fields:
            return batch
        columns = [*batch.columns]
        for field, text in zip(self.fields, self.values[item.name], strict=True):
            if text is None or field.type == NULL:
                columns.append(pa.nulls(batch.num_rows, field.type))
            else:
                values = pa.repeat(pa.scalar(text), batch.num_rows)
                columns.append(pc.cast(values, field.type))
        return pa.RecordBatch.from_arrays(columns, schema=pa.schema([*batch.schema, *self.fields]))


def partitions(
    objects: Sequence[SourceObject], contract: Contract, columns: Sequence[str], *, under: str = ""
) -> Partitions:
    """Find the columns that folders name.

    A column that the objects themselves have is none. Folders that the source's pattern takes for
    the span are none either, unless the contract names such a column.

    Args:
        objects: The objects.
        contract: The contract with the source's pattern and the columns that it names.
        columns: The columns of the objects.
        under: The folders that all objects lie in.
    """
    found = {o.name: _folders(f"{under}/{o.name}") for o in objects}
    names = list(dict.fromkeys(name for folders in found.values() for name in folders))
    names = [name for name in names if name not in columns]
    of_span = _span_folders(contract.source.uri)
    spans = tuple(n for n in names if n in of_span and not contract.role(n))
    names = [name for name in names if name not in spans]
    values = {o: tuple(f.get(name) for name in names) for o, f in found.items()}
    fields = tuple(
        pa.field(name, _type(name, [row[i] for row in values.values()], contract))
        for i, name in enumerate(names)
    )
    return Partitions(fields, values, spans)


def _folders(name: str) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for folder in name.split("/")[:-1]:
        if match := _FOLDER.fullmatch(folder):
            value = unquote(match[2])
            found[unquote(match[1])] = None if value == _MISSING else value
    return found


def _span_folders(uri: str) -> frozenset[str]:
    matches = (_FOLDER.fullmatch(folder) for folder in uri.split("/")[:-1])
    return frozenset(match[1] for match in matches if match and "{" in match[2])


def _type(name: str, texts: Sequence[str | None], contract: Contract) -> pa.DataType:
    there = [text for text in texts if text is not None]
    if not there:
        return NULL
    if name in contract.features.categorical:
        return STRING
    whole = any(all(map(form.fullmatch, there)) for form in (_WHOLE, _TWO_DIGITS))
    if name in contract.features.numeric and whole:
        return DOUBLE
    return INT if whole else STRING
