"""Give equal times and booleans of serving data the type and spelling of training data.

Parquet has types for them and CSV has texts. One instant, day or boolean is the same value however
a format spells it, to the schema, to pairs of rows and to distributions alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tidegate.core._arrow import PARQUET
from tidegate.data.sources.types import INT, STRING, TIMESTAMP

Convert = Callable[[pa.Array], pa.Array]

#: Spellings of times in CSV, as Arrow writes a timestamp in them: the separator of day and time,
#: and the end. None is a day alone.
_SPELLINGS: Final = ((None, ""), (" ", ""), ("T", ""), (" ", "Z"), ("T", "Z"), ("T", "+00:00"))
#: By how many different training values a spelling is recognized.
_TRIED: Final = 1000
_BOOLEANS: Final = ("false", "true")


def conversions(
    training: tuple[pa.Schema, Sequence[Path]], serving: tuple[pa.Schema, Sequence[Path]]
) -> dict[str, Convert]:
    """What makes columns of serving alike, where every value of them can be converted.

    Args:
        training: The columns of the training data, and its files.
        serving: The same of the serving data, with the training data's names.
    """
    found = {}
    for field in serving[0]:
        index = training[0].get_field_index(field.name)
        if index < 0:
            continue
        types = (training[0].field(index).type, field.type)
        if types not in _KINDS:
            continue
        convert = _KINDS[types](_values(training, field.name, _TRIED))
        if convert is not None and all(
            _converts(convert, v) for v in _columns(serving, field.name)
        ):
            found[field.name] = convert
    return found


def converted(
    files: Sequence[Path], schema: pa.Schema, changes: Mapping[str, Convert]
) -> Iterator[pa.RecordBatch]:
    """The rows of files with their converted columns."""
    for file in files:
        with pq.ParquetFile(file, **PARQUET) as parquet:
            for batch in parquet.iter_batches(columns=schema.names):
                columns = [
                    changes[name](batch.column(name)) if name in changes else batch.column(name)
                    for name in schema.names
                ]
                yield pa.RecordBatch.from_arrays(columns, names=schema.names)


def _values(side: tuple[pa.Schema, Sequence[Path]], name: str, most: int) -> pa.Array:
    """Different values of a column."""
    found: Any = None
    for column in _columns(side, name):
        different = pc.unique(column).drop_null()
        found = different if found is None else pc.unique(pa.concat_arrays([found, different]))
        if len(found) > most:
            break
    return pa.array([], STRING) if found is None else found


def _columns(side: tuple[pa.Schema, Sequence[Path]], name: str) -> Iterator[pa.Array]:
    for file in side[1]:
        with pq.ParquetFile(file, **PARQUET) as parquet:
            for batch in parquet.iter_batches(columns=[name]):
                yield batch.column(0)


def _converts(convert: Convert, values: pa.Array) -> bool:
    try:
        convert(values)
    except pa.ArrowInvalid:
        return False
    return True


def _as_times(values: pa.Array) -> pa.Array:
    if values.type == TIMESTAMP:
        return values
    try:
        return pc.cast(values, TIMESTAMP)
    except pa.ArrowInvalid:
        return pc.cast(pc.cast(values, pa.timestamp("us", "UTC")), TIMESTAMP)


def _to_times(_: pa.Array) -> Convert | None:
    return _as_times


def _to_spelled_times(training: pa.Array) -> Convert | None:
    """As training spells its times; None if it has other texts too."""
    if not len(training) or not _converts(_as_times, training):
        return None
    for between, end in _SPELLINGS:

        def spelled(values: pa.Array, between: str | None = between, end: str = end) -> pa.Array:
            return _spell(_as_times(values), between, end)

        if _converts(spelled, training) and spelled(training).equals(training):
            return spelled
    return None


def _spell(times: pa.Array, between: str | None, end: str) -> pa.Array:
    texts = pc.replace_substring_regex(pc.cast(times, STRING), r"\.0+$", "")
    if between is None:
        if not pc.all(pc.ends_with(texts, " 00:00:00")).as_py() and len(texts.drop_null()):
            raise pa.ArrowInvalid("a time of day, where there are days")
        return pc.replace_substring_regex(texts, " .*", "")
    return pc.binary_join_element_wise(
        pc.replace_substring(texts, " ", between), pa.scalar(end), pa.scalar("")
    )


def _to_numbers(training: pa.Array) -> Convert | None:
    """Booleans as 0 and 1; None if training has other numbers."""
    if not set(training.to_pylist()) <= {0, 1}:
        return None
    return _truth


def _truth(values: pa.Array) -> pa.Array:
    found = pc.index_in(pc.utf8_lower(values), value_set=pa.array(_BOOLEANS))
    if found.null_count != values.null_count:
        raise pa.ArrowInvalid("neither true nor false")
    return pc.cast(found, INT)


def _to_words(training: pa.Array) -> Convert | None:
    """0 and 1 as training spells its booleans; None if it has other texts too."""
    words = {w.lower(): w for w in training.to_pylist()}
    if not words.keys() <= set(_BOOLEANS) or len(words) != len(training) or not words:
        return None
    style: Callable[[str], str] = next(
        f
        for f in (str.lower, str.title, str.upper, str)
        if all(f(w) == w for w in training.to_pylist())
    )
    spelled = pa.array([style(word) for word in _BOOLEANS])

    def convert(values: pa.Array) -> pa.Array:
        there = values.drop_null()
        if len(there) and not pc.all(pc.is_in(there, value_set=pa.array([0, 1]))).as_py():
            raise pa.ArrowInvalid("neither 0 nor 1")
        return spelled.take(values)

    return convert


_KINDS: Final[dict[tuple[pa.DataType, pa.DataType], Callable[[pa.Array], Convert | None]]] = {
    (TIMESTAMP, STRING): _to_times,
    (STRING, TIMESTAMP): _to_spelled_times,
    (STRING, STRING): _to_spelled_times,
    (INT, STRING): _to_numbers,
    (STRING, INT): _to_words,
}
