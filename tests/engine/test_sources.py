"""Rows come in with one schema that depends on the data alone, or one line says why not."""

import bz2
import csv as text_csv
import datetime as dt
import decimal
import gzip
import io
import math
import os
import re
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.contract import Contract
from tidegate.core.errors import ContractError, MissingSpanError, SourceError
from tidegate.data import sources
from tidegate.data.sources import csv


def table(contract, span="latest"):
    batches = list(sources.read(sources.resolve(contract, span), contract))
    assert len({str(b.schema) for b in batches}) == 1
    return pa.Table.from_batches(batches)


def over(directory, kind):
    # Hypothesis runs many examples in one test, so tmp_path would be shared between them.
    return Contract.parse(
        f"dataset: d\nsource: {{uri: '{directory}/{{SPAN}}*', format: {kind}}}\nkey: [id]\n"
    )


def parquet(**columns):
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, version="2.6")
    return sink.getvalue()


# Finding the objects of a span


def test_resolve_names_the_objects_of_a_span_in_order(contract_on):
    contract = contract_on({"1-b": "id\n1\n", "1-a": "id\n2\n", "2-a": "id\n3\n", "x": "?"})
    inputs = sources.resolve(contract, "1")
    assert [o.name for o in inputs.objects] == ["1-a", "1-b"]
    assert inputs.objects[0].size == 5
    assert sources.spans(contract) == ("1", "2")
    assert table(contract, "1")["id"].to_pylist() == [2, 1]


def test_latest_is_the_last_in_time_not_in_text(contract_on):
    contract = contract_on({f"{n}": f"id\n{n}\n" for n in (1, 9, 10)})
    assert sources.resolve(contract, "latest").span == "10"


def test_digest_follows_names_and_contents_and_nothing_else(contract_on, tmp_path):
    contract = contract_on({"1-a": "id\n1\n", "1-b": "id\n2\n"})
    digest = sources.resolve(contract, "1").digest
    os.utime(tmp_path / "source" / "1-a", (1, 1))
    assert sources.resolve(contract, "1").digest == digest
    contract_on({"1-a": "id\n3\n"})
    changed = sources.resolve(contract, "1").digest
    (tmp_path / "source" / "1-a").rename(tmp_path / "source" / "1-c")
    assert len({digest, changed, sources.resolve(contract, "1").digest}) == 3


def test_a_missing_span_lists_those_there_are(flights):
    with pytest.raises(MissingSpanError) as caught:
        sources.resolve(flights, "2014-01")
    message = str(caught.value)
    assert "'2014-01'" in message
    assert "2013-01, 2013-02" in message
    assert "written as {YYYY}-{MM}" in message
    assert "\n" not in message


def test_a_missing_span_among_many_shows_the_ends(contract_on):
    contract = contract_on({f"{n}": "id\n1\n" for n in range(100)})
    with pytest.raises(MissingSpanError, match=r"there are: 0, \.\.\., 88, .*99 \(100 in all\)"):
        sources.resolve(contract, "100")


def test_no_object_at_all(contract_on, tmp_path):
    contract = contract_on({"readme": "x"})
    with pytest.raises(MissingSpanError, match=r"no object matches source.uri '.*SPAN"):
        sources.resolve(contract, "latest")
    (tmp_path / "source" / "readme").unlink()
    (tmp_path / "source").rmdir()
    with pytest.raises(MissingSpanError, match="no object matches"):
        sources.resolve(contract, "latest")


def test_an_object_that_changes_while_it_is_read(contract_on, tmp_path):
    contract = contract_on({"1-a": "id\n1\n", "1-b": "id\n2\n"})
    rows = sources.read(sources.resolve(contract, "1"), contract)
    next(rows)
    contract_on({"1-a": "id\n9\n"})
    with pytest.raises(SourceError, match="1-a was changed while it was read"):
        list(rows)


# CSV: what it says


def test_csv_types(contract_on):
    contract = contract_on(
        {
            "1": "id,n,x,s,none,cat,when,hex,spaced,flag\n"
            "1,007,1,a,,007,2013-01-01,0x1A, 1,true\n"
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


def test_csv_numbers_too_large_for_int64_are_double(contract_on):
    read = table(contract_on({"1": f"id,n\n1,{2**63 - 1}\n", "2": f"id,n\n1,{2**63}\n"}), "1")
    assert read["n"].to_pylist() == [2**63 - 1]
    read = table(contract_on({}), "2")
    assert read["n"].to_pylist() == [float(2**63)]


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


@settings(max_examples=200)
@given(st.binary(max_size=80))
def test_any_bytes_are_rows_or_one_line(content):
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "1").write_bytes(content)
        for format_ in ("csv", "parquet"):
            contract = over(directory, format_)
            try:
                table(contract)
            except SourceError as error:
                assert "\n" not in str(error)


# Parquet


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


# Numbers the contract says may have decimals


def test_a_numeric_column_is_float_though_a_span_has_no_decimals(contract_on):
    extra = "features: {numeric: [rain]}\n"
    contract = contract_on({"1": "id,rain\n1,0\n2,\n3,7\n"}, extra=extra)
    assert table(contract)["rain"].type == pa.float64()
    assert table(contract)["rain"].to_pylist() == [0.0, None, 7.0]
    whole = parquet(id=["a"], rain=pa.array([3], pa.int32()))
    assert table(contract_on({"1": whole}, kind="parquet", extra=extra))["rain"][0].as_py() == 3.0


def test_a_numeric_column_that_holds_text_is_an_error(contract_on):
    extra = "features: {numeric: [rain]}\n"
    with pytest.raises(SourceError, match=r"^1-b: column 'rain' has 'wet', and the contract"):
        table(contract_on({"1-a": "id,rain\n1,\n", "1-b": "id,rain\n1,0\n2,wet\n"}, extra=extra))
    wet = parquet(id=["a"], rain=["wet"])
    with pytest.raises(SourceError, match=r"'rain' is string"):
        table(contract_on({"1-a": wet, "1-b": wet}, kind="parquet", extra=extra))
