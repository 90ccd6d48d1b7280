"""Damaged files of every format end in one line that names the file, or are read."""

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

from tests.support.records import contract, example, framed, lines
from tidegate.core.errors import TidegateError
from tidegate.data import sources
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
#: Bytes that mean something to Thrift, JSON and protobuf, and any others.
BYTES = st.sampled_from([b"\0", b"\xff", b"\x7f", b"\x80", b"{", b"[", b'"', b"\\u", b"\n", b"1"])
CHANGES = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from(["put", "insert", "cut", "flip", "end"]),
              BYTES | st.binary(min_size=1, max_size=8)),
    min_size=1,
    max_size=4,
)  # fmt: skip


def changed(content, changes):
    """The content with each change at its place, a share of the length."""
    for share, what, new in changes:
        at = int(share * len(content))
        rest = {
            "put": new + content[at + len(new) :],
            "insert": new + content[at:],
            "cut": content[at + len(new) :],
            "flip": bytes(b ^ new[0] for b in content[at : at + 1]) + content[at + 1 :],
            "end": b"" if share > 0.5 else content[at:],
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
@settings(max_examples=60, deadline=None, derandomize=True)
@given(CHANGES, st.booleans())
def test_damaged_files_are_one_line_or_read(name, changes, quarantine):
    kind, content = WHOLE[name]
    options = {"bad_records": "quarantine", "max_bad_records": 3} if quarantine else {}
    try:
        measure(kind, changed(content, changes), **(options if kind != "parquet" else {}))
    except TidegateError as error:
        message = str(error)
        assert "\n" not in message
        message.encode()
        assert "1" in message


@settings(max_examples=60, deadline=None, derandomize=True)
@given(CHANGES, st.booleans())
def test_a_damaged_example_in_a_whole_record_is_one_line_or_read(changes, quarantine):
    options = {"bad_records": "quarantine", "max_bad_records": 1} if quarantine else {}
    record = changed(example(id=1, x=0.5, s="ü", raw=b"abc"), changes)
    try:
        computed = measure("tfrecord", framed(example(id=1), record), **options)
    except TidegateError as error:
        assert str(error).startswith("1")
        assert "\n" not in str(error)
    else:
        assert computed.num_examples() in (1, 2)
