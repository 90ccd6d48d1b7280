"""Where the rows of CSV begin, and what is asked where that is doubtful."""

import csv as text_csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.records import read
from tidegate.core.errors import SourceError

TWO = {"id": [1, 3], "b": [2, 4]}


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("id,b\n1,2,\n3,4,\n", {}),
        ("id,b,\n1,2,\n3,4,\n", {}),
        ("id;b\n1;2\n3;4\n", {"delimiter": ";"}),
        ("sep=;\nid;b\n1;2\n3;4\n", {"delimiter": ";"}),
        ("# made, in 2024\n#\n\nid,b\n1,2\n3,4\n", {"skip_lines": 2}),
        ("1,2\n3,4\n", {"header": ["id", "b"]}),
        ("title\n1,2\n3,4", {"header": ["id", "b"], "skip_lines": 1}),
        ("1,2,\n3,4,", {"header": ["id", "b"]}),
    ],
)
def test_layouts_that_are_read(text, options):
    for content in (text, text.replace("\n", "\r\n"), "\ufeff" + text):
        assert read(content.encode(), "csv", **options)[0].to_pydict() == TWO
    encoded = text.encode("utf-16")
    assert read(encoded, "csv", encoding="utf-16", **options)[0].to_pydict() == TWO


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("id;b\n1;2\n", {}, "1:1: its fields .* by ';', .* with ','; give --delimiter ';'"),
        ("id\tb\n1\t2\n", {}, r"a tab, .* give --delimiter \$'\\t' "),
        ("sep=|\nid|b\n1|2\n", {}, r"source\.delimiter"),
        ("sep=;\nid&b\n1&2\n", {"delimiter": "&"}, "1:1: its fields seem .* read with '&'"),
        ("sep=;\nid,b\n1,2\n", {"delimiter": ","}, "1:1: its fields seem .* by ';'"),
        ("# made\nid,b\n1,2\n", {}, "'# made', .* comment, .* --skip-lines 1 "),
        ("# a\nSales\nid,b\n1,2\n", {"skip_lines": 1}, "'Sales', .* title, .* --skip-lines 2 "),
        ("2024-01-01,1.5,US\n2024-01-02,1.7,DE\n", {}, r"data \('2024-01-01', '1.5'\); if .*"),
        ("7,x\n3,y\n", {}, r"--header NAME,NAME,... \(contract: source.header: \[names\]\)"),
        ("id,b\n1,2\n#,no\n# no\n", {}, "1:4: expected 2 columns, found 1; is it a comment"),
        ("id,b\n1,2\n3,4,\n", {}, "1:3: expected 2 columns, found 3, the last one empty"),
        ("id,b,\n1,2,\n3,4,5\n", {}, "1: column 3 has no name"),
        ("id,b\n" + "1,2,\n" * 60 + "3,4,5\n", {}, "1:62: a value stands behind the last del"),
    ],
)
def test_what_is_doubtful_is_asked_with_the_option(text, options, message):
    with pytest.raises(SourceError, match=message):
        read(text.encode(), "csv", **options)


@pytest.mark.parametrize(
    "text",
    [
        "country,2019,2020\nDE,1.5,2\n",
        "0,1,2\n5,6,7\n",
        "id,2020\n1,2\n",
        "id,b\n,\n",
        "id;b\nx\n",
        "name\nx;y\n",
    ],
)
def test_names_that_are_no_data_are_names(text):
    names = text.split("\n")[0].split(",")
    assert read(text.encode(), "csv")[0].schema.names == names


def test_names_like_data_can_be_confirmed():
    table, _ = read(b"1.5,US\n1.7,DE\n", "csv", header="first_row")
    assert table.to_pydict() == {"1.5": [1.7], "US": ["DE"]}


@settings(max_examples=150)
@given(
    st.lists(st.tuples(*[st.text('ab1.,"\n ;#', max_size=5)] * 2), min_size=1, max_size=60),
    st.booleans(),
    st.sampled_from(["\n", "\r\n"]),
    st.lists(st.text("#a,; ", max_size=6), max_size=3),
)
def test_whatever_stands_before_them_the_rows_are_the_same(rows, trailing, end, before):
    made = io.StringIO()
    writer = text_csv.writer(made, lineterminator=end)
    writer.writerows([i, *row, *([""] if trailing else [])] for i, row in enumerate(rows))
    options = {"features": "{categorical: [x, y]}", "null_values": ["NULL"], "delimiter": ","}
    for names in ("id,x,y" + end, ""):
        content = "".join(line + end for line in before) + names + made.getvalue()
        header = "first_row" if names else ["id", "x", "y"]
        found, _ = read(content.encode(), "csv", header=header, skip_lines=len(before), **options)
        assert list(zip(found["x"].to_pylist(), found["y"].to_pylist(), strict=True)) == rows
        assert found.schema.names == ["id", "x", "y"]
