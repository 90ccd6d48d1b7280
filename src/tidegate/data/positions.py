"""Tell rows without a key apart by their position: object and ordinal."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from tidegate.core.errors import SourceError

#: The columns that examples without a key have beside those of the data. The manifest has the
#: SHA-256 of each object by its name.
OBJECT: Final = "(object)"
ROW: Final = "(row)"
POSITION: Final = (OBJECT, ROW)


def numbered(batch: pa.RecordBatch, name: str, before: int) -> pa.RecordBatch:
    """Append the object's name and each row's ordinal in it, from 1.

    Args:
        batch: Rows of one object.
        name: The name of the object.
        before: The number of its rows before the batch.

    Raises:
        SourceError: the data has a column of such a name.
    """
    for column in POSITION:
        if column in batch.schema.names:
            raise SourceError(
                f"{name} has a column {column!r}, a name that stands for the place of a row where "
                "the contract has no key; rename it, or name a key"
            )
    names = pa.array([name] * batch.num_rows, pa.string())
    rows = pa.array(np.arange(before + 1, before + 1 + batch.num_rows))
    columns = dict(zip(batch.schema.names, batch.columns, strict=True))
    return _of({**columns, OBJECT: names, ROW: rows})


def parted(batch: pa.RecordBatch) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """The rows without their positions, and with them as the last columns."""
    columns = dict(zip(batch.schema.names, batch.columns, strict=True))
    places = {name: columns.pop(name) for name in POSITION if name in columns}
    return (_of(columns), _of({**columns, **places})) if places else (batch, batch)


def _of(columns: dict[str, pa.Array]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([*columns.values()], names=[*columns])
