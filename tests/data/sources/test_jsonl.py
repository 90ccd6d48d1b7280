"""JSON Lines: whole rows in, and what is bad named."""

import gzip
import json
import math
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.records import contract, lines, read
from tidegate.core.errors import SourceError
from tidegate.data import sources


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
        "big": "string",
    }
    assert table["cat"].to_pylist() == ["7", "8"]
    assert table["flag"].to_pylist() == [1, None]
    assert table["big"].to_pylist() == [None, str(2**63)]


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
    b"{": "not valid JSON: expecting property name enclosed in double quotes (column 2); is it one "
    "object over several lines? jq -c . FILE writes each on one line",
    b"[1]": "not a JSON object; a line is {...}; is it one array? jq -c '.[]' FILE writes its "
    "objects as lines",
    b'[{"id": 1},': "not valid JSON: expecting value (column 12); is it one array? jq -c '.[]' "
    "FILE writes its objects as lines",
    b"1": "not a JSON object; a line is {...}",
    b'{"\\udfaa": 1}': "the key '\\udfaa' holds half a surrogate pair",
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


def test_numbers_are_those_python_reads():
    table, _ = read(b'{"id": 1, "x": 0.1}\n{"id": 2, "x": 1e-320}\n')
    assert table["x"].to_pylist() == [0.1, 1e-320]
    assert not any(math.isinf(x) for x in table["x"].to_pylist())


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([5, 2**63], ["5", str(2**63)]),
        ([-(2**63), 2**63 - 1], [-(2**63), 2**63 - 1]),
        ([-(2**63) - 1, None], [str(-(2**63) - 1), None]),
        ([2**63, 0.5], [float(2**63), 0.5]),
    ],
)
def test_whole_numbers_are_exact_unless_decimals_stand_among_them(values, expected):
    table, _ = read(lines(*({"id": i, "x": x} for i, x in enumerate(values))))
    assert table["x"].to_pylist() == expected


def test_empty_objects_are_rows():
    table, bad = read(b'{}\n{"x": 1}\n{}\n', features="{exclude: [id]}")
    assert table.to_pydict() == {"x": [None, 1, None]}
    assert not bad
    with pytest.raises(SourceError, match=r"^1 has 2 rows and no column that can be judged: every"):
        read(b"{}\n{}\n")


def left_out(content, **options):
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "1").write_bytes(content)
        made = contract(directory, "jsonl", **options)
        bad = sources.BadRecords(made)
        (batch,) = sources.read(sources.resolve(made, "1"), made, bad=bad)
        return batch.to_pylist(), bad


def test_columns_of_lists_and_objects_are_left_out_and_named():
    content = lines({"id": 1, "tags": [1], "who": None}, {"id": 2, "who": {"name": "a"}})
    rows, bad = left_out(content)
    assert rows == [{"id": 1}, {"id": 2}]
    assert bad.left_out == {
        "tags": "a list, which is no plain value",
        "who": "an object, which is no plain value",
    }


def test_a_list_among_plain_values_makes_its_record_bad():
    content = lines({"id": 1, "x": [1]}, {"id": 2, "x": 3}, {"id": 3, "x": [2]})
    with pytest.raises(SourceError, match=r"^1:1: column 'x' holds a list; flatten it"):
        left_out(content)
    rows, bad = left_out(content, bad_records="quarantine", max_bad_records=2)
    assert rows == [{"id": 2, "x": 3}]
    assert [b.line for b in bad.records] == [1, 3]
    assert bad.good == 1
    assert not bad.left_out


def test_an_excluded_column_is_left_out_however_it_is_written():
    content = lines({"id": 1, "x": [1]}, {"id": 2, "x": 3})
    rows, bad = left_out(content, features="{exclude: [x]}")
    assert rows == [{"id": 1}, {"id": 2}]
    assert list(bad.left_out) == ["x"]
