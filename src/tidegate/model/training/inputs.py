"""Convert Arrow columns to a model's input arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tidegate.core.errors import TrainingError
from tidegate.model.training.features import Feature


def require(features: Sequence[Feature], columns: pa.Schema) -> None:
    """Check that columns fit a model's features.

    Raises:
        TrainingError: naming the columns that are absent or hold something else.
    """
    wrong = []
    for feature in features:
        if feature.name not in columns.names:
            wrong.append(f"{feature.name!r} is absent")
        elif not _readable(feature, columns.field(feature.name).type):
            wrong.append(
                f"{feature.name!r} is {columns.field(feature.name).type}, not {feature.kind}"
            )
    if wrong:
        raise TrainingError(f"the model needs columns the examples lack: {', '.join(wrong)}")


def _readable(feature: Feature, type_: pa.DataType) -> bool:
    if pa.types.is_null(type_) or pa.types.is_integer(type_):
        return True
    return bool(
        pa.types.is_floating(type_) if feature.kind == "numeric" else pa.types.is_string(type_)
    )


def arrays(batch: pa.RecordBatch, features: Sequence[Feature]) -> dict[str, NDArray[Any]]:
    """Input arrays by tensor name.

    They are float32 with NaN, or str objects with '', for a missing value.
    """
    return {
        f.tensor: _numeric(batch.column(batch.schema.get_field_index(f.name)))
        if f.kind == "numeric"
        else _text(batch.column(batch.schema.get_field_index(f.name)))
        for f in features
    }


def _numeric(column: pa.Array) -> NDArray[Any]:
    cast = column.cast(pa.float32(), safe=False)
    return np.ascontiguousarray(cast.to_numpy(zero_copy_only=False), dtype=np.float32)


def _text(column: pa.Array) -> NDArray[Any]:
    # One Python string for each distinct value, not for each row.
    encoded = pc.fill_null(column.cast(pa.string()), "").dictionary_encode()
    words = np.array([*encoded.dictionary.to_pylist(), ""], dtype=object)
    taken: NDArray[Any] = words[encoded.indices.to_numpy(zero_copy_only=False)]
    return taken
