"""CSV in every dialect and encoding."""

import csv as text_csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.records import read
from tidegate.core.errors import SourceError


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


def test_text_that_is_not_of_the_encoding():
    with pytest.raises(SourceError, match=r"^1, about line 2, is not cp1252 text: .*0x81"):
        read(b"id,s\n1,\x81\n", "csv", encoding="cp1252")
    with pytest.raises(SourceError, match="truncated data"):
        read("id\n1\n".encode("utf-16")[:-1], "csv", encoding="utf-16")
