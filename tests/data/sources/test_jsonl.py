"""JSON Lines: whole rows in, and what is bad named."""

import gzip
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.records import lines, read
from tidegate.core.errors import SourceError


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


def test_numbers_are_those_python_reads():
    table, _ = read(b'{"id": 1, "x": 0.1}\n{"id": 2, "x": 1e-320}\n')
    assert table["x"].to_pylist() == [0.1, 1e-320]
    assert not any(math.isinf(x) for x in table["x"].to_pylist())
