"""The types of CSV columns: leading zeros, marks in numbers, and the values that decide."""

import re

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.records import contract, read
from tidegate.core.errors import SourceError
from tidegate.data import sources
from tidegate.data.sources import csv
from tidegate.data.sources.csv_types import Marks, padded, parse
from tidegate.data.sources.types import DOUBLE


@settings(max_examples=300)
@given(
    st.lists(st.none() | st.text("0019+- \t.x", max_size=5), max_size=20), st.sampled_from([0, 1])
)
def test_padded_numbers_are_those_with_leading_zeros(texts, start):
    wanted = [t is not None and bool(re.fullmatch(r"[ \t]*[+-]?0\d+[ \t]*", t)) for t in texts]
    assert padded(pa.array(texts, pa.string()).slice(start)).to_pylist() == wanted[start:]


@pytest.mark.parametrize("values", [["007", "7"], ["1.5", "007"], ["5", "6", "00"], ["-01", "2"]])
def test_a_column_with_leading_zeros_is_text_in_any_order(values, monkeypatch):
    for size in (10, 1 << 22):
        monkeypatch.setattr(csv, "BLOCK_SIZE", size)
        for ordered in (values, values[::-1]):
            content = "id,n\n" + "".join(f"1,{v}\n" for v in ordered)
            assert read(content.encode(), "csv")[0]["n"].to_pylist() == ordered
    table, _ = read(content.encode(), "csv", features="{numeric: [n]}")
    assert table["n"].to_pylist() == [float(v) for v in ordered]


@pytest.mark.parametrize("values", [["0", "7"], ["0.5", "-0.25"], ["0", "-0"], ["0e1", "2"]])
def test_zeros_that_lead_nothing_are_numbers(values):
    content = "id,n\n" + "".join(f"1,{v}\n" for v in values)
    assert read(content.encode(), "csv")[0]["n"].to_pylist() == [float(v) for v in values]


@settings(max_examples=200)
@given(
    st.lists(st.floats(-1e12, 1e12).map(lambda x: round(x, 3)), min_size=1, max_size=20),
    st.sampled_from([(",", "."), (".", ","), (None, ","), ("'", "."), (" ", ","), ("\u202f", ",")]),
)
def test_numbers_with_marks_are_read(numbers, marks):
    thousands, decimal = marks
    swap = str.maketrans({",": thousands or "", ".": decimal})
    texts = [f"{x:,.3f}".translate(swap) for x in numbers]
    found = parse(pa.array(texts), DOUBLE, Marks(thousands, decimal))
    assert found.to_pylist() == numbers


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("1.5", Marks(".", ",")),
        ("12,34", Marks(",")),
        ("1,5,000", Marks(",")),
        ("1.5", Marks(None, ",")),
    ],
)
def test_a_mark_in_another_place_is_no_number(text, marks):
    with pytest.raises(pa.ArrowInvalid):
        parse(pa.array([text]), DOUBLE, marks)


def test_marks_of_a_contract():
    options = {"delimiter": ";", "thousands": ".", "decimal": ","}
    table, _ = read(b"id;n;x\n1.000;1,5;1.5\n2;2.000;a\n", "csv", **options)
    assert table.to_pydict() == {"id": [1000, 2], "n": [1.5, 2000.0], "x": ["1.5", "a"]}


def collected(tmp_path, content, **options):
    (tmp_path / "1").write_text(content)
    made = contract(tmp_path, "csv", **options)
    bad = sources.BadRecords(made)
    rows = list(sources.read(sources.resolve(made, "1"), made, bad=bad))
    return bad, rows


@pytest.mark.parametrize("block_size", [20, 1 << 22])
def test_the_values_that_make_a_column_text_have_places(tmp_path, monkeypatch, block_size):
    monkeypatch.setattr(csv, "BLOCK_SIZE", block_size)
    content = 'id,n,s\n1,862,"a\nb"\n\n2,"1,847",c\nragged\n3,"2,001",d\n4,"1,847",e\n5,n/a,f\n'
    bad, _ = collected(tmp_path, content, bad_records="quarantine", max_bad_records=1)
    (found,) = bad.text_values.values()
    assert found.column == "n"
    assert (found.values[0], found.places[0]) == ("1,847", "1:5")
    if block_size > 20:
        assert found.values == ("1,847", "2,001", "n/a")
        assert found.places == ("1:5", "1:7", "1:9")
    assert "--thousands ','" in found.remedy


def test_leading_zeros_are_told(tmp_path):
    bad, _ = collected(tmp_path, "id,acct,name\n1,7,1x\n2,007,y\n")
    (note,) = bad.notes()
    assert note.startswith("column 'acct' is text, for '007' in 1:3: numbers with leading zeros")


HEADER_AGAIN = "id,b\n1,2\n\n3,4\nid,b\n5,6\n"


@pytest.mark.parametrize("block_size", [12, 1 << 22])
def test_a_header_in_the_middle_is_told_with_its_line(tmp_path, monkeypatch, block_size):
    monkeypatch.setattr(csv, "BLOCK_SIZE", block_size)
    with pytest.raises(SourceError, match=r"^1:5: the column names stand here again, .* take the"):
        collected(tmp_path, HEADER_AGAIN)
    bad, rows = collected(tmp_path, HEADER_AGAIN, bad_records="quarantine", max_bad_records=1)
    assert [b.line for b in bad.records] == [5]
    assert pa.Table.from_batches(rows).to_pydict() == {"id": [1, 3, 5], "b": [2, 4, 6]}
