"""CSV: what it says, and what is refused in one line."""

import bz2
import csv as text_csv
import gzip
import math
import os
import re
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.rows import over, parquet, table
from tidegate.core.errors import SourceError
from tidegate.data import sources
from tidegate.data.sources import csv


# CSV: what it says
def test_csv_types(contract_on):
    contract = contract_on(
        {
            "1": "id,n,x,s,none,cat,when,hex,spaced,flag\n"
            "1,7,1,a,,007,2013-01-01,0x1A, 1,true\n"
            "2,-5,2.5,,,8,2013-01-02,0x1B,2 ,false\n"
        },
        extra="features: {categorical: [cat]}\n",
    )
    read = table(contract)
    assert {f.name: str(f.type) for f in read.schema} == {
        "id": "int64",
        "n": "int64",
        "x": "double",
        "s": "string",
        "none": "null",
        "cat": "string",
        "when": "string",
        "hex": "string",
        "spaced": "int64",
        "flag": "string",
    }
    assert read["n"].to_pylist() == [7, -5]
    assert read["s"].to_pylist() == ["a", None]
    assert read["cat"].to_pylist() == ["007", "8"]
    assert read["spaced"].to_pylist() == [1, 2]


def test_csv_types_are_those_of_the_whole_span(contract_on):
    contract = contract_on({"1-a": "id,x,y\n1,1,1\n", "1-b": "y,id,x\nb,2,1.5\n"})
    read = table(contract)
    assert [str(t) for t in read.schema.types] == ["int64", "double", "string"]
    assert read.to_pydict() == {"id": [1, 2], "x": [1.0, 1.5], "y": ["1", "b"]}


def test_csv_nulls_are_what_the_contract_says(contract_on):
    text = "id,s,n\n1,NA,3\n2,,4\n3,null,-\n"
    read = table(contract_on({"1": text}, null_values=["NA", "-"]))
    assert read["s"].to_pylist() == [None, "", "null"]
    assert read["n"].to_pylist() == [3, 4, None]
    read = table(contract_on({"1": text}))
    assert read["s"].to_pylist() == ["NA", None, "null"]
    assert read["n"].to_pylist() == ["3", "4", "-"]


def test_csv_dialect(contract_on):
    text = '\ufeffid;s\r\n1;"a;""b""\n\nc"\r\n\r\n2;ü'
    read = table(contract_on({"1": text}, delimiter=";"))
    assert read.to_pydict() == {"id": [1, 2], "s": ['a;"b"\n\nc', "ü"]}


@pytest.mark.parametrize(("name", "pack"), [("1.csv.gz", gzip.compress), ("1.bz2", bz2.compress)])
def test_csv_compressed(contract_on, name, pack):
    assert table(contract_on({name: pack(b"id\n1\n2\n")}))["id"].to_pylist() == [1, 2]


def test_csv_whole_numbers_too_large_for_int64_are_text(contract_on):
    read = table(contract_on({"1": f"id,n\n1,{2**63 - 1}\n", "2": f"id,n\n1,{2**63}\n"}), "1")
    assert read["n"].to_pylist() == [2**63 - 1]
    read = table(contract_on({}), "2")
    assert read["n"].to_pylist() == [str(2**63)]
    for rows in (f"1,{2**63}\n2,0.5\n", f"1,0.5\n2,{2**63}\n"):
        read = table(contract_on({"3": f"id,n\n{rows}"}), "3")
        assert sorted(read["n"].to_pylist()) == [0.5, float(2**63)]


def test_csv_real_data(flights, flights_csv):
    with flights_csv.open(newline="") as file:
        rows = [r for r in text_csv.DictReader(file) if r["month"] == "2"]
    read = table(flights, "2013-02")
    assert read.schema.field("arr_delay").type == pa.int64()
    assert read["tailnum"].to_pylist() == [
        None if r["tailnum"] == "NA" else r["tailnum"] for r in rows
    ]
    assert read["arr_delay"].to_pylist() == [
        None if r["arr_delay"] == "NA" else int(r["arr_delay"]) for r in rows
    ]


values = st.one_of(
    st.integers(-(10**6), 10**6).map(str),
    st.floats(allow_nan=False).map(repr),
    st.sampled_from(
        [
            "",
            "0x1F",
            "nan",
            " 7",
            "1e3",
            "+5",
            " +1.5",
            "1e+3",
            "text",
            "ü",
            'quo"te',
            "two\nlines",
            "a,b",
        ]
    ),
)


def _expected(column):
    given_ = [v for v in column if v != ""]
    if not given_:
        return "null"
    if all(re.fullmatch(r"-?\d+", v.strip(" ")) for v in given_):
        return "int64"
    try:
        [float(v) for v in given_]
    except ValueError:
        return "string"
    return "string" if any(v.strip().startswith("+") for v in given_) else "double"


@settings(max_examples=150)
@given(
    st.lists(st.tuples(values, values), min_size=1, max_size=60),
    st.integers(1, 4),
    st.sampled_from([64, 100, 333, 1 << 22]),
)
def test_csv_types_do_not_depend_on_where_blocks_and_files_end(rows, files, block_size):
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv, "BLOCK_SIZE", block_size)
        size = -(-len(rows) // files)
        for number, start in enumerate(range(0, len(rows), size)):
            with Path(directory, f"1-{number}").open("w", newline="") as file:
                writer = text_csv.writer(file)
                writer.writerow(["id", "x", "y"])
                writer.writerows([i, *r] for i, r in enumerate(rows[start : start + size], start))
        contract = over(directory, "csv")
        read = table(contract)
    assert [str(t) for t in read.schema.types][1:] == [
        _expected(column) for column in zip(*rows, strict=True)
    ]
    assert read["id"].to_pylist() == list(range(len(rows)))
    for index, name in enumerate("xy"):
        convert = {"int64": int, "double": float, "string": str, "null": str}[
            str(read.schema.field(name).type)
        ]
        expected = [None if r[index] == "" else convert(r[index]) for r in rows]
        for found, wanted in zip(read[name].to_pylist(), expected, strict=True):
            assert found == wanted or (math.isnan(found) and math.isnan(wanted))


def test_a_part_without_rows_is_skipped_and_counted(contract_on):
    contract = contract_on({"1-a": "id,x\n", "1-b": "id,x\n1,2\n", "1-c": "x,id"})
    bad = sources.BadRecords(contract)
    batches = list(sources.read(sources.resolve(contract, "1"), contract, bad=bad))
    assert pa.Table.from_batches(batches).to_pydict() == {"id": [1], "x": [2]}
    assert bad.empty == ["1-a", "1-c"]
    assert list(bad.notes()) == ["skipped, as there are column names and no rows: 1-a and 1 more"]
    with pytest.raises(SourceError, match="each of 2 objects has a header and no rows"):
        table(contract_on({"2-a": "id\n", "2-b": "id\n"}), "2")


def test_csv_newlines_within_quotes_at_the_end_of_blocks(contract_on, monkeypatch):
    monkeypatch.setattr(csv, "BLOCK_SIZE", 100)
    texts = ["\n" * (i % 31) + "x" * (i % 17) + "." for i in range(200)]
    read = table(contract_on({"1": "id,s\n" + "".join(f'1,"{t}"\n' for t in texts)}))
    assert read["s"].to_pylist() == texts


# CSV: what is refused, in one line

LONG = "1,2,3\n" * 2_000

BAD_CSV = {
    "empty": ({"1": ""}, "1 is empty; a CSV file begins with its column names"),
    "blank": ({"1": "\n\n"}, "1 is empty; a CSV file begins with its column names"),
    "header only": ({"1": "id,b,c\n"}, "1 has a header and no rows; remove it or fill it"),
    "header only, no end": ({"1": "id,b,c"}, "1 has a header and no rows; remove it or fill it"),
    "one file empty": ({"1-a": "id\n1\n", "1-b": ""}, "1-b is empty"),
    "ragged": ({"1": f"id,b,c\n{LONG}4,5\n{LONG}"}, "1:2002: expected 3 columns, found 2"),
    "ragged after a long field": (
        {"1": 'id,b,c\n1,"2\n2\n",3\n4,5\n'},
        "1:5: expected 3 columns, found 2",
    ),
    "too many": ({"1": "id,b\n1,2\n1,2,3\n"}, "1:3: expected 2 columns, found 3"),
    "latin-1": (
        {"1": f"id,b,c\n{LONG}".encode() + "4,Zürich,5\n".encode("latin-1")},
        "1:2002: byte 4 (0xfc) is not UTF-8; save the file as UTF-8",
    ),
    "latin-1 names": (
        {"1": "id,Größe\n1,2\n".encode("latin-1")},
        "1:1: byte 6 (0xf6) is not UTF-8; save the file as UTF-8",
    ),
    "utf-16": ({"1": "id,b\n1,2\n".encode("utf-16")}, "1 is UTF-16; save it as UTF-8"),
    "duplicate": ({"1": "id,b,id\n1,2,3\n"}, "1: column 'id' stands 2 times (columns 1, 3)"),
    "no name": ({"1": "id,,c\n1,2,3\n"}, "1: column 2 has no name; name it, or drop it"),
    "other columns": (
        {"1-a": "id,b,c\n1,2,3\n", "1-b": "id,b,d\n1,2,3\n"},
        "1-b has other columns than 1-a: it lacks 'c' and adds 'd'; files of one span must agree",
    ),
    "a column less": (
        {"1-a": "id,b,c\n1,2,3\n", "1-b": "id,b\n1,2\n"},
        "1-b has other columns than 1-a: it lacks 'c'; files of one span must agree",
    ),
    "open quote": (
        {"1": f'id,b,c\n1,"2,3\n{LONG}'},
        "1:2: expected 3 columns, found 2; its quotation marks span 2001 lines: is one unclosed?",
    ),
    "not gzip": ({"1.gz": "id\n1\n"}, "1.gz cannot be read: "),
    "half a gzip": ({"1.gz": gzip.compress(os.urandom(999).hex().encode())[:500]}, "1.gz "),
    "parquet by mistake": ({"1": parquet(id=[1, 2])}, "1:1: byte "),
}


@pytest.mark.parametrize("case", BAD_CSV)
def test_bad_csv_is_one_line_that_names_the_place(contract_on, case):
    files, message = BAD_CSV[case]
    with pytest.raises(SourceError) as caught:
        table(contract_on(files))
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_a_row_longer_than_a_block_is_refused(contract_on, monkeypatch):
    monkeypatch.setattr(csv, "BLOCK_SIZE", 1000)
    with pytest.raises(SourceError, match=r"^1:3: a row of 3,001 characters is too long"):
        table(contract_on({"1": f'id,b\n1,2\n2,"{"x" * 3000}"\n3,4\n'}))
