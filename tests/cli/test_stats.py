"""`tidegate stats`, as a person calls it."""

import json

import pyarrow as pa
import pyarrow.parquet as pq

from tests.support.commands import ROWS


def test_stats_are_a_table(call):
    code, out, err = call("stats", "january.csv")
    assert code == 0
    title, _, header, *columns = out.splitlines()
    assert title == "january.csv: 1,200 rows, 5 columns"
    assert header.endswith("distinct  min, median, max; or most frequent")
    assert [c.split()[:4] for c in columns] == [
        ["id", "string", "1,200", "0%"],
        ["day", "string", "1,200", "0%"],
        ["carrier", "string", "1,200", "0%"],
        ["distance", "int", "1,200", "0%"],
        ["gust", "float", "300", "75.0%"],
    ]
    assert columns[3].split()[4:] == ["200", "500", "1,400"]
    assert "AA" in columns[2]
    assert "\x1b" not in out
    assert err == "january.csv: 1,200 rows, 5 columns\n"


def test_stats_as_json_and_html(call, home):
    code, out, _ = call("stats", "january.csv", "--format", "json")
    found = json.loads(out)
    assert (code, found["rows"]) == (0, ROWS)
    gust = found["columns"][4]
    assert (gust["name"], gust["missing"], gust["missing_fraction"]) == ("gust", 900, 0.75)
    assert call("stats", "january.csv", "--format", "html", "--out", "a/b.html")[1] == ""
    page = (home / "a" / "b.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "carrier" in page


def test_columns_that_nothing_can_judge_are_named(call, home):
    columns = pa.table({"id": [1, 2], "tags": [[1], []], "raw": [b"\xff", None]})
    pq.write_table(columns, home / "x.parquet")
    code, out, err = call("stats", "x.parquet", "--format", "json")
    found = json.loads(out)
    assert code == 0
    assert [c["name"] for c in found["columns"]] == ["id"]
    assert list(found["left_out"]) == ["tags", "raw"]
    assert "column 'tags' is left out: it is list<item: int64>, which is no plain value; " in err
    assert "column 'raw' is left out: it is binary, and not UTF-8 text; flatten it" in err
    (home / "x.yaml").write_text(
        "dataset: x\nsource: {uri: x.parquet, format: parquet}\nkey: [id]\n"
        "features: {exclude: [tags, raw]}\n"
    )
    assert call("stats", "x.parquet", "--contract", "x.yaml")[::2] == (
        0,
        "x.parquet: 2 rows, 1 column\n",
    )
