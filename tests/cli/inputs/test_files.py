"""Files and spans as a person names them, whichever command they are for."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.commands import HEADER, ROWS, lines, text_of
from tests.support.records import example, framed
from tidegate.cli.inputs.files import format_of


def test_stats_of_every_format_and_place_are_the_same(call, home):
    rows = [dict(zip(HEADER, row, strict=True)) for row in lines(1)]
    for row in rows:
        row["carrier"], row["gust"] = str(row["carrier"]), float(row["gust"] or "nan")
    Path("data/deep").mkdir(parents=True)
    table = pa.Table.from_pylist(rows)
    gust = table["gust"].to_pylist()
    table = table.set_column(4, "gust", pa.array([None if v != v else v for v in gust]))
    pq.write_table(table, "data/deep/a.parquet")
    Path("data/deep/_SUCCESS").write_text("")
    Path("data/.hidden.parquet").write_text("no Parquet")
    with gzip.open("a.csv.gz", "wt") as file:
        file.write(Path("january.csv").read_text())
    Path("a.tsv").write_text(text_of(lines(1), between="\t"))
    Path("a.semicolon").write_text(text_of(lines(1), between=";"))
    with Path("a.jsonl").open("w") as file:
        for row in table.to_pylist():
            file.write(json.dumps(row) + "\n")

    def columns(*arguments):
        code, out, err = call("stats", *arguments, "--format", "json")
        assert code == 0, err
        return json.loads(out)["columns"]

    expected = columns("january.csv")
    assert columns("data") == expected
    assert columns(f"file://{home}/data") == expected
    assert columns(home / "data/deep/a.parquet") == expected
    assert columns("a.csv.gz") == columns("a.tsv") == columns("a.jsonl") == expected
    assert columns("a.semicolon", "--read-as", "csv", "--delimiter", ";") == expected
    both = columns("january.csv", "february.csv")
    assert both[3]["count"] == 2 * ROWS


def test_a_text_can_mean_missing(call):
    Path("a.csv").write_text("n\n1\nNA\n3\n")
    column = json.loads(call("stats", "a.csv", "--null", "NA", "--format", "json")[1])["columns"][0]
    assert (column["type"], column["missing"], column["max"]) == ("int", 1, 3)


def test_absolute_paths_are_shown_as_they_are(call, home):
    Path("bad.csv").write_text("a,b\n1,2\n1,2,3\n")
    Path("inner").mkdir()
    whole = Path("bad.csv").absolute()
    for typed in (whole, f"file://{whole}"):
        assert call("stats", typed)[2].splitlines()[-1].startswith(f"error: {whole}:3: ")
    assert call("stats", "inner/../bad.csv")[2].startswith("error: bad.csv:3: ")
    Path("zip.csv").write_text("acct,v\n007,1\n")
    assert f"'007' in {home}/zip.csv:2" in call("stats", home / "zip.csv")[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["stats", "none.csv"], "none.csv is not there; check the path"),
        (["stats", "empty"], "empty holds no data files; there are: .csv"),
        (["stats", "notes"], "notes: its name does not tell its format; say --read-as FORMAT"),
        (["stats", "january.csv", "january.csv"], "january.csv is given twice"),
        (["stats", "january.csv", "a.jsonl"], "of several formats (csv, jsonl)"),
        (["stats", "a.jsonl", "--null", "NA"], "--null is for CSV; a.jsonl is jsonl"),
        (["stats", "january.csv", "--delimiter", ";;"], "january.csv cannot be read so"),
        (["stats", "header.csv"], "header.csv has a header and no rows"),
        (
            ["validate", "january.csv", "--against", "january.csv", "--label", "lat"],
            "label names the column 'lat', which the data does not have",
        ),
        (
            ["validate", "1", "--against", "1", "--contract", "c.yaml", "--label", "late"],
            "--label is for files without a contract",
        ),
        (
            ["validate", "january.csv", "--against", "january.csv", "--schema", "none.pbtxt"],
            "cannot read none.pbtxt",
        ),
    ],
)
def test_mistakes_are_one_line(call, home, arguments, message):
    Path("empty").mkdir()
    Path("notes").write_text("a\n1\n")
    Path("header.csv").write_text("a,b\n")
    Path("a.jsonl").write_text('{"a": 1}\n')
    code, out, err = call(*arguments)
    assert (code, out) == (1, "")
    last = err.splitlines()[-1]
    assert last.startswith("error: ")
    assert message in last
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("data_tfrecord-00000-of-00012.gz", "tfrecord"),
        ("data_tfrecord-00000-of-00001", "tfrecord"),
        ("a/train.tfrecord-00003-of-00010", "tfrecord"),
        ("part-00001-of-00002.parquet", "parquet"),
        ("FeatureStats.pb", "statistics"),
        ("stats.pbtxt", "statistics"),
        ("stats_tfrecord-00000-of-00001.gz", "statistics"),
        ("statistics.pb", "statistics"),
        ("schema.pbtxt", None),
        ("saved_model.pb", None),
        ("my_csv", None),
    ],
)
def test_names_that_tfx_gives_are_known(name, expected):
    assert format_of(name) == expected


def test_records_of_tfx_are_read(call, home):
    for part, ids in enumerate([[1, 2], [3]]):
        content = gzip.compress(framed(*(example(id=i) for i in ids)))
        Path(f"data_tfrecord-0000{part}-of-00002.gz").write_bytes(content)
    files = ("data_tfrecord-00000-of-00002.gz", "data_tfrecord-00001-of-00002.gz")
    code, out, _ = call("stats", *files, "--format", "json")
    assert (code, json.loads(out)["rows"]) == (0, 3)
