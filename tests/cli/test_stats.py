"""`tidegate stats`, as a person calls it."""

import json

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
