"""Parquet: what it says, and what is refused in one line."""

import datetime as dt
import decimal
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.rows import over, parquet, table
from tidegate.core.errors import ContractError, SourceError
from tidegate.data import sources


def test_parquet_types(contract_on):
    moment = dt.datetime(2013, 2, 7, 5, 30, 1, 123456)
    day = dt.date(2013, 2, 7)
    utc = dt.timezone.utc  # noqa: UP017 (pyarrow 10 does not know datetime.UTC's name)
    columns = {
        "id": (pa.array([1, 2], pa.uint8()), "int64", [1, 2]),
        "flag": (pa.array([True, None]), "int64", [1, None]),
        "f32": (pa.array([0.5, None], pa.float32()), "double", [0.5, None]),
        "dec": (pa.array([decimal.Decimal("1.25")] * 2), "double", [1.25, 1.25]),
        "s": (pa.array(["a", None], pa.large_string()), "string", ["a", None]),
        "dict": (pa.array(["a", "b"]).dictionary_encode(), "string", ["a", "b"]),
        "bin": (pa.array([b"a", "ü".encode()]), "string", ["a", "ü"]),
        "date": (pa.array([day, None]), "timestamp[us]", [dt.datetime(2013, 2, 7), None]),
        "ms": (pa.array([moment, None], pa.timestamp("ns")), "timestamp[us]", [moment, None]),
        "ns": (
            pa.array([0, -1], pa.int64()).cast(pa.timestamp("ns")),
            "timestamp[us]",
            [dt.datetime(1970, 1, 1), dt.datetime(1970, 1, 1)],
        ),
        "zone": (
            pa.array([moment.replace(tzinfo=utc)] * 2, pa.timestamp("us", "Europe/Zurich")),
            "timestamp[us]",
            [moment, moment],
        ),
        "time": (pa.array([dt.time(5, 30), None]), "string", ["05:30:00.000000", None]),
        "none": (pa.nulls(2), "null", [None, None]),
        "cat": (pa.array([7, None]), "string", ["7", None]),
    }
    content = parquet(**{name: values for name, (values, _, _) in columns.items()})
    read = table(
        contract_on({"1": content}, kind="parquet", extra="features: {categorical: [cat]}\n")
    )
    assert {f.name: str(f.type) for f in read.schema} == {n: t for n, (_, t, _) in columns.items()}
    assert read.to_pydict() == {name: expected for name, (_, _, expected) in columns.items()}


def test_parquet_files_of_a_span_widen_together(contract_on):
    contract = contract_on(
        {
            "1-a": parquet(id=[1], x=[1], y=pa.nulls(1)),
            "1-b": parquet(y=["b"], x=[1.5], id=[2]),
            "1-c": parquet(id=pa.array([], pa.int64()), x=pa.array([], pa.int8()), y=pa.nulls(0)),
        },
        kind="parquet",
    )
    assert table(contract).to_pydict() == {"id": [1, 2], "x": [1.0, 1.5], "y": [None, "b"]}


WHOLE = parquet(id=list(range(1000)), s=[f"text {i}" for i in range(1000)])

BAD_PARQUET = {
    "empty": ({"1": b""}, "1 is not a whole Parquet file: "),
    "text": ({"1": b"id,b\n1,2\n"}, "1 is not a whole Parquet file: "),
    "truncated": ({"1": WHOLE[:-100]}, "1 is not a whole Parquet file: "),
    "truncated in front": ({"1": WHOLE[100:]}, "1 "),
    "no rows": ({"1": parquet(id=pa.array([], pa.int64()))}, "span 1 has no rows in 1"),
    "nested": (
        {"1": parquet(id=[1], x=[[1, 2]])},
        "1: column 'x' is list<",
    ),
    "duration": ({"1": parquet(id=[1], x=[dt.timedelta(1)])}, "1: column 'x' is duration[us]"),
    "too large": (
        {"1": parquet(id=pa.array([2**64 - 1], pa.uint64()))},
        "1: column 'id' (uint64) cannot be read as int64: ",
    ),
    "not text": (
        {"1": parquet(id=[b"\xff"])},
        "1: column 'id' (binary) cannot be read as string: ",
    ),
    "types disagree": (
        {"1-a": parquet(id=[1]), "1-b": parquet(id=["x"])},
        "1-b: column 'id' is string here and int64 in the files before; write it as one type",
    ),
    "other columns": (
        {"1-a": parquet(id=[1]), "1-b": parquet(id=[1], x=[2])},
        "1-b has other columns than 1-a: it adds 'x'; files of one span must agree",
    ),
}


@pytest.mark.parametrize("case", BAD_PARQUET)
def test_bad_parquet_is_one_line_that_names_the_file(contract_on, case):
    files, message = BAD_PARQUET[case]
    with pytest.raises(SourceError) as caught:
        table(contract_on(files, kind="parquet"))
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@settings(max_examples=100)
@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_damaged_parquet_never_ends_in_a_traceback(place, flip):
    damaged = bytearray(WHOLE)
    damaged[place] ^= flip
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "1").write_bytes(damaged)
        contract = over(directory, "parquet")
        try:
            table(contract)
        except (SourceError, ContractError) as error:
            assert "\n" not in str(error)


def test_a_part_without_rows_is_counted_and_has_no_types(contract_on):
    contract = contract_on(
        {"1-a": parquet(id=pa.array([], pa.string())), "1-b": parquet(id=pa.array([7]))},
        kind="parquet",
    )
    bad = sources.BadRecords(contract)
    batches = list(sources.read(sources.resolve(contract, "1"), contract, bad=bad))
    assert pa.Table.from_batches(batches).to_pydict() == {"id": [7]}
    assert bad.empty == ["1-a"]
