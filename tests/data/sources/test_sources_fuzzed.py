"""Damaged files of every format end in one line that names the file, or are read."""

import datetime as dt
import decimal
import io
import json
import re
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.records import contract, example, framed, lines
from tidegate.core.errors import TidegateError
from tidegate.data import sources
from tidegate.report.data.text import as_json
from tidegate.statistics import compute_table

COLUMNS = pa.table(
    {
        "id": [1, 2, 3, None, 5],
        "f": [0.5, None, 2.0, float("nan"), 1e300],
        "s": ["a", "ü", None, "", "long " * 9],
        "raw": [b"a", b"b", b"c", b"d", b"e"],
        "at": [dt.datetime(2024, 1, day) for day in range(1, 6)],
        "sum": pa.array([decimal.Decimal(10**30 + i) for i in range(5)], pa.decimal128(38, 0)),
        "big": pa.array([2**63, 1, 2, 3, 4], pa.uint64()),
        "tags": [[1], [], None, [2, 3], [4]],
        "flag": [True, False, None, True, True],
    }
)


def written(**options):
    sink = io.BytesIO()
    pq.write_table(COLUMNS, sink, **options)
    return sink.getvalue()


RECORDS = [
    {"id": 1, "x": 0.5, "s": "a", "tags": [1, {"b": None}]},
    {"id": 2**70, "x": 1, "s": "\ud83d\ude00", "ok": True},
    {},
    {"id": None, "x": -1e-320, "s": "\\u0000", "tags": None},
]
WHOLE = {
    "plain": ("parquet", written(compression="none", use_dictionary=False, version="1.0")),
    "dictionary": ("parquet", written(compression="snappy")),
    "gzip": ("parquet", written(compression="gzip", data_page_version="2.0", version="2.6")),
    "int96": ("parquet", written(use_deprecated_int96_timestamps=True)),
    "checksums": ("parquet", Path("tests/files/checksums.parquet").read_bytes()),
    "jsonl": ("jsonl", lines(*RECORDS)),
    "tfrecord": (
        "tfrecord",
        framed(*(example(id=i, x=[0.5][: i % 2], s="ü" * i) for i in range(4))),
    ),
}
#: Names and texts in these files; most bytes of a small file are something else.
SPOTS = re.compile(rb"(?<=.)(id|raw|tags|flag|sum|big|at|long|ok|text [0-6])(?=.)", re.DOTALL)
#: Bytes that mean something to the format: to JSON, or to UTF-8, Thrift and protobuf.
TOKENS = {
    "jsonl": [rb"\udc00", b"{", b"[", b'"', b"\n", b"1", b"\xff"],
    "parquet": [b"\xff", b"\x80", b"\0", b"\x7f", b"\x1c"],
    "tfrecord": [b"\xff", b"\x80", b"\0", b"\x7f", b"\x0a"],
}


QUARANTINE = {"bad_records": "quarantine", "max_bad_records": 3}


def changes(kind):
    """Up to three changes: a place, whether in a name or text, what to do, and the bytes."""
    what = st.sampled_from(["put", "insert", "cut", "flip", "end"])
    tokens = st.sampled_from(TOKENS[kind])
    one = st.tuples(st.integers(0, 9999), st.booleans(), what, tokens)
    return st.lists(one, min_size=1, max_size=3)


def changed(content, made):
    """The content with each change at its place: any, or one in a name or a text."""
    for place, in_text, what, new in made:
        spots = [m.start() for m in SPOTS.finditer(content)] if in_text else []
        at = spots[place % len(spots)] if spots else place % (len(content) + 1)
        rest = {
            "put": new + content[at + len(new) :],
            "insert": new + content[at:],
            "cut": content[at + len(new) :],
            "flip": bytes(b ^ new[0] for b in content[at : at + 1]) + content[at + 1 :],
            "end": b"" if place % 2 else content[at:],
        }
        content = content[:at] + rest[what]
    return content


def measure(kind, content, **options):
    """Read all rows and measure them, as `tidegate stats` does."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "1").write_bytes(content)
        made = contract(directory, kind, **options)
        bad = sources.BadRecords(made)
        batches = list(sources.read(sources.resolve(made, "1"), made, bad=bad))
        computed = compute_table(batches, schema=batches[0].schema)
        json.dumps(as_json(computed))
        assert computed.num_examples() == bad.good
        for line in bad.lines():
            line.encode()
        return computed


@pytest.mark.parametrize("name", WHOLE)
def test_whole_files_are_read(name):
    kind, content = WHOLE[name]
    assert measure(kind, content).num_examples() in (4, 5, 200)


# The same examples each time: pyarrow 10 can end the process, and with it all other tests.
@pytest.mark.parametrize("name", WHOLE)
@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.data())
def test_damaged_files_are_one_line_or_read(name, data):
    kind, content = WHOLE[name]
    damaged = changed(content, data.draw(changes(kind)))
    quarantine = kind != "parquet" and data.draw(st.booleans())
    try:
        measure(kind, damaged, **(QUARANTINE if quarantine else {}))
    except TidegateError as error:
        message = str(error)
        assert "\n" not in message
        message.encode()
        assert "1" in message


@settings(max_examples=100, deadline=None, derandomize=True)
@given(changes("tfrecord"), st.booleans())
def test_a_damaged_example_in_a_whole_record_is_one_line_or_read(made, quarantine):
    record = changed(example(id=1, x=0.5, s="ü", raw=b"abc"), made)
    content = framed(example(id=1), record)
    try:
        computed = measure("tfrecord", content, **(QUARANTINE if quarantine else {}))
    except TidegateError as error:
        assert str(error).startswith("1")
        assert "\n" not in str(error)
    else:
        assert computed.num_examples() in (1, 2)
