"""The five internal column types: int64, double, string, timestamp, null.

One rule for whole numbers in every format: a column of them is int64 if all fit, else text, which
keeps every digit. Among numbers with decimals they are doubles, exact up to 2**53.
"""

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

#: The years 1 to 9999, which Arrow's and Python's texts know, in microseconds.
_FIRST: Final = -62_135_596_800_000_000
_END: Final = 253_402_300_800_000_000

#: Largest magnitude up to which every whole number is exactly one double.
EXACT: Final = 2**53
#: Digits of a decimal that always fit int64, and of one that a double always holds exactly.
_INT_DIGITS: Final = 18
EXACT_DIGITS: Final = 15


def normal_type(found: pa.DataType) -> pa.DataType | None:
    """The internal type for a column of type `found`, or None.

    Booleans, integers and decimals without a fraction become int64 (see `may_not_fit`), other
    decimals and floats double, dates and timestamps timestamp(us) in UTC without a zone, binary
    (taken as UTF-8), times of day and dictionaries of strings string. Nested values, durations and
    raw fixed-size bytes have no internal type.
    """
    is_ = pa.types
    if is_.is_dictionary(found):
        return normal_type(found.value_type)
    if is_.is_decimal(found) and found.scale == 0:
        return INT
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


def may_not_fit(found: pa.DataType) -> bool:
    """Whether values of type `found` may not fit their internal type.

    Whole numbers that do not fit int64 make their column text; bytes may be no text at all.
    """
    is_ = pa.types
    if is_.is_dictionary(found):
        return may_not_fit(found.value_type)
    if is_.is_decimal(found):
        return bool(found.scale == 0 and found.precision > _INT_DIGITS)
    return bool(found == pa.uint64() or is_.is_binary(found) or is_.is_large_binary(found))


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
    if type_ == NULL or values.type == NULL:
        return pa.nulls(len(values), type_)
    if type_ == TIMESTAMP and pa.types.is_timestamp(values.type):
        # Only the way down from nanoseconds cuts something off; the way up may overflow.
        values = pc.cast(values, TIMESTAMP, safe=values.type.unit != "ns")
    if values.type == TIMESTAMP:
        ends = pc.min_max(values)
        for end in (ends["min"], ends["max"]):
            if end.is_valid and not _FIRST <= end.value < _END:
                raise pa.ArrowInvalid("an instant is outside the years 1 to 9999")
    if type_ == STRING:
        return _texts(values)
    if type_ == DOUBLE and values.type == pa.float16():
        values = pa.array(
            values.to_numpy(zero_copy_only=False).astype("float64"), from_pandas=False
        )
    return values if values.type == type_ else pc.cast(values, type_)


def _texts(values: pa.Array) -> pa.Array:
    if pa.types.is_decimal(values.type):
        # pyarrow before 13 casts no decimal to text.
        return pa.array([None if v is None else f"{v:f}" for v in values.to_pylist()], STRING)
    if pa.types.is_boolean(values.type):
        values = pc.cast(values, INT)
    texts = values if values.type == STRING else pc.cast(values, STRING)
    # Parquet says that a column is text, and no reader checks it.
    texts.validate(full=True)
    return texts


def inexact_key(name: str, where: str) -> str:
    """What to say of a key that is not `is_exact`."""
    return (
        f"{where}: the key {name!r} has numbers of {EXACT:,} or more and numbers with decimals, "
        "and no double tells such numbers apart; write all as whole numbers, or as text"
    )


def is_exact(values: pa.Array) -> bool:
    """Whether each value can be told from every other by its type."""
    if values.type != DOUBLE:
        return True
    ends = pc.min_max(pc.abs(values.filter(pc.is_finite(values))))
    return not ends["max"].is_valid or ends["max"].as_py() < EXACT
