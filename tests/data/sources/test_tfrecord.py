"""TFRecord: whole rows in, and any damage found."""

import gzip
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.records import example, framed, read
from tidegate.core.errors import SourceError
from tidegate.data import sources
from tidegate.data.sources import tfrecord


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
        return [(data, fault is None) for _, data, fault in tfrecord.frames(store, item)]


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


def test_an_excluded_feature_is_left_out_whatever_it_holds():
    content = framed(example(id=1, x=[1, 2], raw=b"\xff"), example(id=2, x=3))
    table, _ = read(content, "tfrecord", features="{exclude: [x, raw]}")
    assert table.to_pydict() == {"id": [1, 2]}
