"""JSON Lines, TFRecord, CSV dialects: whole rows in, and what is bad set aside and counted."""

import csv as text_csv
import gzip
import io
import json
import logging
import math
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tidegate.contract import Contract
from tidegate.core.errors import ContractError, SourceError
from tidegate.data import sources
from tidegate.data.examples import ingest
from tidegate.data.sources import csv, tfrecord
from tidegate.data.sources.tfrecord import Example, masked_crc


def contract(directory, kind, *, features="{}", **source):
    options = json.dumps({"uri": f"{directory}/{{SPAN}}*", "format": kind, **source})
    return Contract.parse(
        f"dataset: d\nsource: {options}\nkey: [id]\nfeatures: {features}\n"
        "splits: {train: 1, eval: 1}\n"
    )


def read(content, kind="jsonl", *, name="1", **options):
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, name).write_bytes(content)
        made = contract(directory, kind, **options)
        bad = sources.BadRecords(made)
        batches = list(sources.read(sources.resolve(made, "1"), made, bad=bad))
        return pa.Table.from_batches(batches), bad.records


def lines(*records):
    return "".join(json.dumps(r) + "\n" for r in records).encode()


def framed(*payloads):
    made = b""
    for data in payloads:
        head = struct.pack("<Q", len(data))
        made += head + struct.pack("<I", masked_crc(head)) + data
        made += struct.pack("<I", masked_crc(data))
    return made


def example(**features):
    made = Example()
    for name, values in features.items():
        values = values if isinstance(values, list) else [values]
        feature = made.features.feature[name]
        if values and isinstance(values[0], str | bytes):
            feature.bytes_list.value.extend(v.encode() if isinstance(v, str) else v for v in values)
        elif values and isinstance(values[0], float):
            feature.float_list.value.extend(values)
        else:
            feature.int64_list.value.extend(values)
    return made.SerializeToString()


# JSON Lines


def test_jsonl_types():
    table, _ = read(
        lines(
            {"id": 1, "x": 1, "s": "a", "flag": True, "cat": 7, "rain": 1, "none": None},
            {"id": 2, "x": 1.5, "s": None, "cat": "8", "rain": 0, "big": 2**63},
        ),
        features="{categorical: [cat], numeric: [rain]}",
    )
    assert {f.name: str(f.type) for f in table.schema} == {
        "id": "int64",
        "x": "double",
        "s": "string",
        "flag": "int64",
        "cat": "string",
        "rain": "double",
        "none": "null",
        "big": "double",
    }
    assert table["cat"].to_pylist() == ["7", "8"]
    assert table["flag"].to_pylist() == [1, None]
    assert table["big"].to_pylist() == [None, float(2**63)]


cells = {
    "i": st.integers(-(2**63), 2**63 - 1),
    "x": st.floats(allow_nan=False, allow_infinity=False),
    "s": st.text(st.characters(exclude_categories=["Cs"])),
}


@settings(max_examples=100)
@given(
    st.lists(st.fixed_dictionaries({n: st.none() | c for n, c in cells.items()}), min_size=1),
    st.sampled_from([("1", bytes), ("1.gz", gzip.compress)]),
    st.booleans(),
)
def test_jsonl_round_trip(records, packed, ascii_):
    name, pack = packed
    records = [{"id": i, **r} for i, r in enumerate(records)]
    text = "\r\n".join(json.dumps(r, ensure_ascii=ascii_) for r in records)
    table, _ = read(pack(text.encode()), name=name)
    assert table.to_pylist() == records


BAD_LINES = {
    b"{": "not valid JSON: expecting property name enclosed in double quotes (column 2)",
    b"[1]": "not a JSON object; a line is {...}",
    b'{"id": NaN}': "not valid JSON: NaN is no JSON value; write null",
    b'{"id": 1, "id": 2}': "key 'id' is given twice",
    b'{"id": [1]}': "column 'id' holds a list; flatten it into columns, or drop it",
    b'{"id": {"a": 1}}': "column 'id' holds an object; flatten it into columns, or drop it",
    b'{"id": 1e999}': "column 'id' holds a number that no double can hold",
    b'{"id": "\\ud800"}': "column 'id' holds half a surrogate pair",
    b'{"id": "\xff"}': "byte 9 is not UTF-8",
    b'{"id": ' + b"9" * 5000 + b"}": "a number has too many digits",
    b"[" * 100_000: "not valid JSON: nested too deeply",
}


@pytest.mark.parametrize("line", BAD_LINES, ids=range(len(BAD_LINES)))
def test_a_bad_line_is_an_error_or_is_set_aside(line):
    content = b'{"id": 1}\n\n' + line + b'\n{"id": 2}\n'
    with pytest.raises(SourceError) as caught:
        read(content)
    assert str(caught.value) == f"1:3: {BAD_LINES[line]}"
    table, bad = read(content, bad_records="quarantine", max_bad_records=1)
    assert table["id"].to_pylist() == [1, 2]
    assert [(b.file, b.line, b.reason, b.raw) for b in bad] == [("1", 3, BAD_LINES[line], line)]


def test_numbers_and_text_in_one_column_are_an_error():
    with pytest.raises(SourceError, match=r"'id' is text in 1:2 and a number in 1:1; write it"):
        read(lines({"id": 1}, {"id": "a"}))


# TFRecord


def test_tfrecord_types():
    content = framed(
        example(id=1, x=0.5, s="ü", none=[], mixed=1),
        example(id=2, s="", mixed=0.25),
    )
    for packed in (content, gzip.compress(content)):
        table, _ = read(packed, "tfrecord")
        assert table.to_pydict() == {
            "id": [1, 2],
            "mixed": [1.0, 0.25],
            "none": [None, None],
            "s": ["ü", ""],
            "x": [0.5, None],
        }


def test_tfrecord_as_tensorflow_writes_it(tmp_path):
    code = (
        "import sys, tidegate.core._quiet, tensorflow as tf\n"
        "from tidegate.data.sources.tfrecord import Example\n"
        "F = tf.train.Feature\n"
        "e = tf.train.Example(features=tf.train.Features(feature={\n"
        "  'id': F(int64_list=tf.train.Int64List(value=[-7])),\n"
        "  'x': F(float_list=tf.train.FloatList(value=[0.1])),\n"
        "  's': F(bytes_list=tf.train.BytesList(value=['ü'.encode()]))}))\n"
        "for kind, name in (('', '1'), ('GZIP', '2')):\n"
        "  with tf.io.TFRecordWriter(f'{sys.argv[1]}/{name}', kind) as w:\n"
        "    w.write(e.SerializeToString())\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    for span in "12":
        content = (tmp_path / span).read_bytes()
        (row,) = read(content, "tfrecord")[0].to_pylist()
        assert row == {"id": -7, "s": "ü", "x": pytest.approx(0.1)}


@settings(max_examples=100)
@given(st.lists(st.binary(max_size=300), max_size=8), st.booleans())
def test_tfrecord_framing_round_trip(payloads, packed):
    content = framed(*payloads)
    assert frames(gzip.compress(content) if packed else content) == [(p, True) for p in payloads]


def frames(content):
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "1").write_bytes(content)
        store = sources.open_store(directory)
        item = sources.SourceObject("1", len(content), "")
        return [(data, fault is None) for _, data, fault in tfrecord._frames(store, item)]


@settings(max_examples=300)
@given(st.lists(st.binary(max_size=60), min_size=1, max_size=4), st.data())
def test_any_flipped_bit_is_found(payloads, data):
    content = bytearray(framed(*payloads))
    bit = data.draw(st.integers(0, len(content) * 8 - 1))
    content[bit // 8] ^= 1 << bit % 8
    try:
        found = frames(bytes(content))
    except SourceError as error:
        assert "\n" not in str(error)
    else:
        assert [whole for _, whole in found].count(False) == 1
        assert len(found) == len(payloads)


def test_records_that_are_no_plain_rows():
    sequence = example(id=1) + b"\x12\x02\x0a\x00"
    for raw, reason in (
        (example(id=[1, 2]), "feature 'id' has 2 values; write one feature for each, or drop it"),
        (example(id=b"\xff"), "feature 'id' is not UTF-8 text; drop it"),
        (b"\xff\xff", "not a tf.Example"),
        (sequence, "not a tf.Example: it has other fields; is it a SequenceExample?"),
    ):
        content = framed(example(id=1), raw)
        with pytest.raises(SourceError) as caught:
            read(content, "tfrecord")
        assert str(caught.value) == f"1:2: {reason}"
        table, bad = read(content, "tfrecord", bad_records="quarantine", max_bad_records=0.5)
        assert table["id"].to_pylist() == [1]
        assert [b.raw for b in bad] == [raw]


def test_a_damaged_length_and_a_cut_file_are_errors_always():
    content = framed(example(id=1), example(id=2))
    damaged = b"\x01" + content[1:]
    options = {"bad_records": "quarantine", "max_bad_records": 9}
    for given_, message in (
        (damaged, "1:1: the length of the record is damaged, or this is no TFRecord file"),
        (content[:-3], "1:2: the file ends within a record; write it again"),
        (content + b"12345", "1:3: the file ends within a record; write it again"),
    ):
        with pytest.raises(SourceError) as caught:
            read(given_, "tfrecord", **options)
        assert str(caught.value) == message


def test_reading_needs_no_tensorflow():
    code = "import sys, tidegate.data.sources; sys.exit('tensorflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


# CSV dialects


@settings(max_examples=150)
@given(
    st.lists(st.lists(st.text("aü7,;\"\\'\n x"), min_size=2, max_size=2), min_size=1, max_size=9),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(['"', "'"]),
    st.sampled_from(["utf-8", "utf-16", "utf-16-le", "latin-1", "cp1252", "gb18030"]),
)
def test_csv_dialect_round_trip(rows, delimiter, quote, encoding):
    made = io.StringIO()
    writer = text_csv.writer(made, delimiter=delimiter, quotechar=quote, quoting=text_csv.QUOTE_ALL)
    writer.writerow(["id", "x", "y"])
    writer.writerows([i, *row] for i, row in enumerate(rows))
    table, _ = read(
        made.getvalue().encode(encoding),
        "csv",
        delimiter=delimiter,
        quote=quote,
        encoding=encoding,
        features="{categorical: [x, y]}",
        null_values=["NULL"],
    )
    assert [[r["x"], r["y"]] for r in table.to_pylist()] == rows


def test_csv_escape_and_no_quote():
    table, _ = read(b'id,s\n1,a\\,b\n2,\\"x\n', "csv", escape="\\")
    assert table["s"].to_pylist() == ["a,b", '"x']
    table, _ = read(b'id,s\n1,"a\n2,b"\n', "csv", quote=None)
    assert table["s"].to_pylist() == ['"a', 'b"']


def zipped(**members):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return made.getvalue()


def test_zip_with_one_member():
    assert read(zipped(a="id\n1\n"), "csv", name="1.zip")[0]["id"].to_pylist() == [1]
    for content, message in (
        (zipped(a="id\n1\n", b="id\n"), r"1.zip holds 2 files \(a, b\); a .zip must hold one"),
        (b"id\n1\n", "1.zip cannot be read: File is not a zip file"),
        (zipped(a="id\n" + "1\n" * 9)[:-30], "1.zip cannot be read"),
    ):
        with pytest.raises(SourceError, match=message):
            read(content, "csv", name="1.zip")


def test_text_that_is_not_of_the_encoding():
    with pytest.raises(SourceError, match=r"^1, about line 2, is not cp1252 text: .*0x81"):
        read(b"id,s\n1,\x81\n", "csv", encoding="cp1252")
    with pytest.raises(SourceError, match="truncated data"):
        read("id\n1\n".encode("utf-16")[:-1], "csv", encoding="utf-16")


# Bad records


good_rows = st.tuples(
    st.sampled_from(["1", "2.5", "", " 7"]), st.sampled_from(["a", 'x"y', "two\nlines", "", "1,2"])
)
bad_rows = st.one_of(
    st.lists(st.sampled_from(["a", "1", "b\nc"]), min_size=1, max_size=6).filter(
        lambda r: len(r) != 3
    ),
    st.tuples(st.just("9"), st.sampled_from(["wet", "+1", "1,5"]), st.just("a\nb")),
)


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.booleans(), good_rows, bad_rows), min_size=1, max_size=40),
    st.sampled_from([100, 1 << 22]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_csv_good_rows_in_are_good_rows_out(mixed, block_size, end):
    header = "id,n,s" + end
    kept = [[str(i), *good] for i, (is_good, good, _) in enumerate(mixed) if is_good]
    assume(kept)
    wrong, line, content = [], 2, header
    for i, (is_good, good, bad_row) in enumerate(mixed):
        made = io.StringIO()
        text_csv.writer(made, lineterminator=end).writerow([i, *good] if is_good else bad_row)
        if not is_good:
            wrong.append((line, made.getvalue().encode()))
        content += made.getvalue()
        line += made.getvalue().count("\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv, "BLOCK_SIZE", block_size)
        options = {"features": "{numeric: [n]}", "null_values": ["NULL", ""]}
        alone, _ = read(csv_text(header, kept, end), "csv", **options)
        table, bad = read(
            content.encode(), "csv", bad_records="quarantine", max_bad_records=99, **options
        )
    assert table.combine_chunks().equals(alone.combine_chunks())
    assert [(b.line, b.raw) for b in bad] == wrong


def csv_text(header, rows, end):
    made = io.StringIO()
    text_csv.writer(made, lineterminator=end).writerows(rows)
    return (header + made.getvalue()).encode()


@settings(max_examples=100)
@given(st.lists(st.booleans(), min_size=1, max_size=60).filter(any), st.booleans())
def test_records_good_in_are_good_out(mixed, as_json):
    wanted = [i for i, good in enumerate(mixed) if good]
    if as_json:
        content = b"".join(lines({"id": i}) if g else b"{oops\n" for i, g in enumerate(mixed))
    else:
        content = b"".join(
            framed(example(id=i)) if g else framed(b"bad!")[:-1] + b"!" for i, g in enumerate(mixed)
        )
    table, bad = read(
        content,
        "jsonl" if as_json else "tfrecord",
        bad_records="quarantine",
        max_bad_records=0.999,
    )
    assert table["id"].to_pylist() == wanted
    assert [b.line for b in bad] == [i for i, good in enumerate(mixed, start=1) if not good]


@pytest.mark.parametrize(("limit", "fits"), [(2, True), (1, False), (0.5, True), (0.4, False)])
def test_the_limit_is_a_number_or_a_share(limit, fits):
    options = {"bad_records": "quarantine", "max_bad_records": limit}
    content = b"id,n\n1,1\n2\n3,3,3\n4,4\n"
    if fits:
        assert len(read(content, "csv", **options)[1]) == 2
        return
    with pytest.raises(SourceError) as caught:
        read(content, "csv", **options)
    assert str(caught.value) == (
        f"2 bad records, more than source.max_bad_records ({limit}) allows; the first: "
        "1:3: expected 2 columns, found 1; 1:4: expected 2 columns, found 3"
    )


def test_no_bad_record_is_allowed_by_default():
    with pytest.raises(SourceError, match=r"^1 bad records, more than .* \(0\) allows"):
        read(b"id,n\n1,1\n2\n", "csv", bad_records="quarantine")


def test_only_bad_rows_are_no_rows():
    options = {"bad_records": "quarantine", "max_bad_records": 9}
    for kind, content in (("csv", b"id,n\n1\n"), ("jsonl", b"{\n")):
        with pytest.raises(SourceError, match="span 1 has no rows"):
            read(content, kind, **options)


def test_ingest_writes_and_counts_what_it_set_aside(tmp_path, caplog):
    (tmp_path / "1").write_bytes(b"id,n\n1,1\n2\n3,3\n4,wet\n")
    made = contract(
        tmp_path, "csv", bad_records="quarantine", max_bad_records=2, features="{numeric: [n]}"
    )
    with caplog.at_level(logging.INFO):
        examples = ingest(made, span="1", out=tmp_path / "out")
    assert examples.num_rows() == 2
    assert examples.facts.bad_records == 2
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["facts"]["bad_records"] == 2
    kept = [json.loads(t) for t in (tmp_path / "out" / "quarantine.jsonl").read_text().splitlines()]
    assert [(k["file"], k["line"], k["raw"]) for k in kept] == [
        ("1", 3, "2\n"),
        ("1", 5, "4,wet\n"),
    ]
    assert kept[1]["reason"].startswith("column 'n' has 'wet'")
    assert "2 of 4 records are bad and lie in quarantine.jsonl; the first: 1:3: " in caplog.text


def test_raw_bytes_that_are_no_text_are_kept_whole():
    _, (bad,) = read(b'{"id": 1}\n{"id": "\xff"}\n', bad_records="quarantine", max_bad_records=1)
    assert "raw" not in json.loads(bad.as_json)
    assert json.loads(bad.as_json)["raw_base64"] == "eyJpZCI6ICL/In0="


@pytest.mark.parametrize(
    ("kind", "source", "message"),
    [
        ("parquet", {"bad_records": "quarantine"}, "quarantine is not for parquet"),
        ("csv", {"max_bad_records": 1}, "max_bad_records needs bad_records: quarantine"),
        ("csv", {"bad_records": "quarantine", "max_bad_records": 1.0}, "max_bad_records"),
        ("csv", {"bad_records": "quarantine", "max_bad_records": -1}, "max_bad_records"),
        ("csv", {"quote": ","}, "delimiter, quote and escape must differ"),
        ("csv", {"delimiter": "§"}, "are ASCII characters"),
        ("csv", {"encoding": "utf-7"}, "source.encoding"),
        ("jsonl", {"encoding": "latin-1"}, "'encoding' is for csv only; format is jsonl"),
    ],
)
def test_options_that_mean_nothing_are_refused(kind, source, message):
    with pytest.raises(ContractError, match=message):
        contract(".", kind, **source)


@settings(max_examples=200)
@given(st.binary(max_size=80), st.sampled_from(["jsonl", "tfrecord", "csv"]), st.booleans())
def test_any_bytes_are_rows_or_one_line(content, kind, lenient):
    options = {"bad_records": "quarantine", "max_bad_records": 0.9} if lenient else {}
    for name in ("1", "1.gz", "1.zip"):
        try:
            read(content, kind, name=name, **options)
        except SourceError as error:
            assert "\n" not in str(error)


def test_numbers_are_those_python_reads():
    table, _ = read(b'{"id": 1, "x": 0.1}\n{"id": 2, "x": 1e-320}\n')
    assert table["x"].to_pylist() == [0.1, 1e-320]
    assert not any(math.isinf(x) for x in table["x"].to_pylist())
