"""The five internal column types: int64, double, string, timestamp, null."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

INT: Final = pa.int64()
DOUBLE: Final = pa.float64()
STRING: Final = pa.string()
TIMESTAMP: Final = pa.timestamp("us")
NULL: Final = pa.null()

#: The types by their name in manifests.
NAMED: Final = {str(t): t for t in (INT, DOUBLE, STRING, TIMESTAMP, NULL)}


def normal_type(found: pa.DataType) -> pa.DataType | None:
    """The internal type for a column of type `found`, or None.

    Booleans and integers become int64, decimals and floats double, dates and timestamps
    timestamp(us) in UTC without a zone, binary (taken as UTF-8), times of day and dictionaries of
    strings string. Nested values, durations and raw fixed-size bytes have no internal type.
    """
    is_ = pa.types
    if is_.is_dictionary(found):
        return normal_type(found.value_type)
    for type_, tests in {
        NULL: (is_.is_null,),
        INT: (is_.is_boolean, is_.is_integer),
        DOUBLE: (is_.is_floating, is_.is_decimal),
        TIMESTAMP: (is_.is_date, is_.is_timestamp),
        STRING: (
            is_.is_string,
            is_.is_large_string,
            is_.is_binary,
            is_.is_large_binary,
            is_.is_time,
        ),
    }.items():
        if any(test(found) for test in tests):
            return type_
    return None


def wider(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """The narrowest type that holds both types.

    None if a conversion would change the meaning of values.
    """
    if one == other or other == NULL:
        return one
    if one == NULL:
        return other
    return DOUBLE if {one, other} == {INT, DOUBLE} else None


def convert(values: pa.Array, type_: pa.DataType) -> pa.Array:
    """Convert values to `type_`.

    Fractions of a microsecond are cut off; nothing else is lost silently.

    Raises:
        pyarrow.ArrowInvalid: a value does not fit.
        pyarrow.ArrowNotImplementedError: there is no such conversion.
    """
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if values.type == type_:
        return values
    if type_ == NULL or values.type == NULL:
        return pa.nulls(len(values), type_)
    if type_ == TIMESTAMP and not pa.types.is_date(values.type):
        return pc.cast(values, TIMESTAMP, safe=False)
    if type_ == STRING and pa.types.is_boolean(values.type):
        values = pc.cast(values, INT)
    if type_ == DOUBLE and values.type == pa.float16():
        values = pa.array(
            values.to_numpy(zero_copy_only=False).astype("float64"), from_pandas=False
        )
    return pc.cast(values, type_)
