"""Parquet: what it says, and what is refused in one line."""

import datetime as dt
import decimal
import io
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
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


def not_text(*values):
    binary = pa.array(values, pa.binary())
    return pa.StringArray.from_buffers(len(binary), *binary.buffers()[1:])


WHOLE = parquet(id=list(range(1000)), s=[f"text {i}" for i in range(1000)])

BAD_PARQUET = {
    "empty": ({"1": b""}, "1 is not a whole Parquet file: "),
    "text": ({"1": b"id,b\n1,2\n"}, "1 is not a whole Parquet file: "),
    "truncated": ({"1": WHOLE[:-100]}, "1 is not a whole Parquet file: "),
    "truncated in front": ({"1": WHOLE[100:]}, "1 "),
    "no rows": ({"1": parquet(id=pa.array([], pa.int64()))}, "span 1 has no rows in 1"),
    "nested": ({"1": parquet(id=[[1, 2]])}, "1: column 'id' is list<"),
    "duration": ({"1": parquet(id=[dt.timedelta(1)])}, "1: column 'id' is duration[us]"),
    "bytes": (
        {"1": parquet(id=[b"\xff"])},
        "1: column 'id' is binary, and not UTF-8 text, and the contract names it in key; ",
    ),
    "text that is none": (
        {"1": parquet(id=[1], s=not_text(b"\xff"))},
        "1: column 's' (string) cannot be read as string: ",
    ),
    "nothing that can be judged": (
        {"1": parquet(x=[[1]], y=[dt.timedelta(1)])},
        "1 has 1 rows and no column that can be judged: 'x' is list<",
    ),
    "a key with more digits than a double": (
        {"1": parquet(id=[decimal.Decimal("12345678901234.56")])},
        "1: column 'id' is decimal128(16, 2) and the key, and no double holds more than 15 digits",
    ),
    "beyond the year 9999": (
        {"1": parquet(id=[1], at=pa.array([2**60], pa.int64()).cast(pa.timestamp("us")))},
        "1: column 'at' (timestamp[us]) cannot be read as timestamp[us]: an instant is outside",
    ),
    "beyond microseconds": (
        {"1": parquet(id=[1], at=pa.array([2**60], pa.int64()).cast(pa.timestamp("ms")))},
        "1: column 'at' (timestamp[ms]) cannot be read as timestamp[us]: ",
    ),
    "a name that is no text": (
        {"1": parquet(id=[1], abcd=[1]).replace(b"abcd", b"ab\xffd")},
        "1 is not a whole Parquet file: the name of a column is not UTF-8",
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


def test_columns_that_hold_no_plain_values_are_left_out_and_named(contract_on):
    content = parquet(id=[1, 2], x=[[1], []], raw=[b"\xff", b"a"], span=[dt.timedelta(1)] * 2)
    contract = contract_on({"1": content}, kind="parquet")
    bad = sources.BadRecords(contract)
    (batch,) = sources.read(sources.resolve(contract, "1"), contract, bad=bad)
    assert batch.to_pydict() == {"id": [1, 2]}
    assert list(bad.left_out) == ["x", "span", "raw"]
    assert bad.left_out["span"] == "duration[us], which is no plain value"
    assert bad.left_out["raw"] == "binary, and not UTF-8 text"


@pytest.mark.parametrize("role", ["label: x", "time: x", "features: {categorical: [x]}"])
def test_a_column_with_a_role_is_not_left_out(contract_on, role):
    contract = contract_on({"1": parquet(id=[1], x=[[1]])}, kind="parquet", extra=f"{role}\n")
    key = role.partition(":")[0].replace("features", "features.categorical")
    with pytest.raises(SourceError, match=f"'x' is list<.*, and the contract names it in {key}; "):
        table(contract)


whole_numbers = {
    "uint64": lambda values: pa.array(values, pa.uint64()),
    "decimal": lambda values: pa.array([decimal.Decimal(v) for v in values], pa.decimal128(38, 0)),
}


@pytest.mark.parametrize("written", whole_numbers)
def test_whole_numbers_are_exact_whatever_they_are_written_as(contract_on, written):
    small = parquet(id=whole_numbers[written]([5, 2**53 + 1]))
    read = table(contract_on({"1": small}, kind="parquet"))
    assert read["id"].type == pa.int64()
    assert read["id"].to_pylist() == [5, 2**53 + 1]
    beyond = parquet(id=whole_numbers[written]([2**63, 7]))
    for files in ({"1": beyond}, {"1-a": small, "1-b": beyond}, {"1-a": beyond, "1-b": small}):
        ids = table(contract_on(files, kind="parquet"))["id"].to_pylist()
        assert {str(2**63), "7"} <= set(ids)
        assert all(isinstance(i, str) for i in ids)


def test_instants_are_what_int96_says_beyond_2262_too(contract_on):
    moments = [dt.datetime(2300, 1, 1, 5, 30, 1, 123456), dt.datetime(9999, 12, 31), None]
    sink = io.BytesIO()
    columns = pa.table({"id": [1, 2, 3], "at": pa.array(moments, pa.timestamp("us"))})
    pq.write_table(columns, sink, use_deprecated_int96_timestamps=True)
    read = table(contract_on({"1": sink.getvalue()}, kind="parquet"))
    assert read["at"].to_pylist() == moments


def test_a_part_without_rows_is_counted_and_has_no_types(contract_on):
    contract = contract_on(
        {"1-a": parquet(id=pa.array([], pa.string())), "1-b": parquet(id=pa.array([7]))},
        kind="parquet",
    )
    bad = sources.BadRecords(contract)
    batches = list(sources.read(sources.resolve(contract, "1"), contract, bad=bad))
    assert pa.Table.from_batches(batches).to_pydict() == {"id": [7]}
    assert bad.empty == ["1-a"]


def test_rows_are_those_of_the_row_groups(contract_on):
    content = parquet(id=[1, 2])
    for place in range(4, len(content) - 8):
        patched = content[:place] + b"\0" + content[place + 1 :]
        try:
            about = pq.ParquetFile(io.BytesIO(patched)).metadata
        except (OSError, pa.ArrowException):
            continue
        if about.num_rows == 0 and about.row_group(0).num_rows == 2:
            break
    else:
        pytest.fail("no byte of the footer is the number of rows")
    contract = contract_on({"1": patched}, kind="parquet")
    bad = sources.BadRecords(contract)
    (batch,) = sources.read(sources.resolve(contract, "1"), contract, bad=bad)
    assert (batch.to_pydict(), bad.good, bad.empty) == ({"id": [1, 2]}, 2, [])
