"""`tidegate skew`, as a person calls it."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest

from tidegate import examples
from tidegate.cli import main
from tidegate.contract import Contract

ROWS = 500


def table(**changed):
    at = np.arange(ROWS)
    columns = {
        "id": [f"r{i:04}" for i in at],
        "day": [f"2013-01-{i % 28 + 1:02}" for i in at],
        "carrier": np.array(["AA", "UA"])[at % 2],
        "distance": at * 7 % 300 + 100,
        "late": at % 2,
        **changed,
    }
    return pa.table({k: v for k, v in columns.items() if v is not None})


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Training data, logs that agree with it, and logs with a wrong distance under another name."""
    monkeypatch.chdir(tmp_path)
    pcsv.write_csv(table(), "train.csv")
    pcsv.write_csv(table(late=None), "good.csv")
    broken = table(late=None, distance=None, km=table()["distance"].to_numpy() + 5)
    pq.write_table(broken, "bad.parquet")
    return tmp_path


@pytest.fixture
def call(home, capsys):
    def call(*arguments):
        code = main(["skew", *map(str, arguments)])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def test_equal_data_pass(call):
    code, out, err = call("train.csv", "good.csv", "--key", "id", "--label", "late")
    assert code == 0, out
    assert out.splitlines()[0] == "pass  good.csv (500 rows) against train.csv (500 rows)"
    assert "  500 pairs of rows compared, 0 differ" in out
    assert out.splitlines()[-1] == "3 features the same in every pair"
    assert "not compared, as no contract says what they are: day (times)" in err


def test_what_differs_holds_and_is_said(call):
    code, out, _ = call(
        "train.csv", "bad.parquet", "--key", "id", "--label", "late", "--rename", "distance=km"
    )
    assert code == 3
    assert out.startswith("hold: 1 reason  bad.parquet")
    (line,) = [text for text in out.splitlines() if text.startswith("distance")]
    assert line.split()[:5] == ["distance", "500", "500", "100%", "1.0%"]
    assert line.endswith("serving is training +5 in 100% of the values that differ")


def test_few_rows_do_not_hold_where_nobody_promised_more(call):
    pcsv.write_csv(table().slice(0, 20), "few.csv")
    code, out, _ = call("few.csv", "few.csv", "--key", "id")
    assert code == 0
    assert "too_few_pairs" in out


def test_json_and_html(call, home):
    arguments = ["train.csv", "bad.parquet", "--key", "id", "--label", "late"]
    code, out, _ = call(*arguments, "--rename", "distance=km", "--format", "json")
    found = json.loads(out)
    assert (code, found["status"], found["keys"]["pairs"]) == (3, "hold", ROWS)
    distance = next(f for f in found["features"] if f["feature"] == "distance")
    assert (distance["mismatched"], distance["share"]) == (ROWS, 1.0)
    code, out, _ = call(*arguments, "--format", "html", "--out", "skew.html")
    assert (code, out) == (3, "")
    page = (home / "skew.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "not in serving" in page


CONTRACT = """
dataset: d
source: {uri: 'raw/{SPAN}.csv', format: csv}
key: [id]
label: late
features: {exclude: [day]}
serving:
  source: {uri: 'logs/{SPAN}.parquet', format: parquet}
  columns: {distance: km}
  exclude: [latency]
gates: {skew: {mismatch: {features: {distance: report}}, features: {distance: report}}}
"""


@pytest.fixture
def spans(home):
    for folder in ("raw", "logs"):
        Path(folder).mkdir()
    pcsv.write_csv(table(), "raw/1.csv")
    logs = pq.read_table("bad.parquet").append_column("latency", pa.array(np.arange(ROWS)))
    pq.write_table(logs, "logs/2.parquet")
    Path("c.yaml").write_text(CONTRACT)
    return home


def test_spans_of_a_contract(call, spans):
    code, out, _ = call("1", "2", "--contract", "c.yaml")
    assert code == 0, out
    assert out.startswith("pass  2 (500 rows) against 1 (500 rows)")
    assert "latency" not in out
    assert "report" in next(text for text in out.splitlines() if text.startswith("distance"))


def test_ingested_examples_and_files_with_a_contract(call, spans):
    examples.ingest(Contract.load("c.yaml"), span="1", out=spans / "ingested")
    code, out, _ = call("ingested", "logs/2.parquet", "--contract", "c.yaml")
    assert code == 0, out
    code, out, _ = call("ingested", "ingested", "--key", "id")
    assert code == 0, out


def test_another_key_than_the_contract_s(call, spans):
    code, out, _ = call("1", "2", "--contract", "c.yaml", "--key", "carrier")
    assert code == 3
    assert "none of the 2 keys (carrier) that both sides have" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train.csv", "good.csv"], "nothing says which row of SERVING belongs to which"),
        (["train.csv", "good.csv", "--key", "nope"], "key names the column 'nope'"),
        (["train.csv", "gone.csv", "--key", "id"], "gone.csv is not there; check the path"),
        (["train.csv", "good.csv", "--key", "id", "--rename", "x"], "is not TRAINING=SERVING"),
        (
            ["train.csv", "good.csv", "--key", "id", "--rename", "a=b"],
            "serving.columns names the column 'b', which good.csv does not have",
        ),
        (["1", "2", "--contract", "c.yaml", "--rename", "a=b"], "say it in serving.columns"),
        (["1", "2", "--contract", "c.yaml", "--label", "late"], "say it in the contract"),
        (["1", "3", "--contract", "c.yaml"], "3"),
    ],
)
def test_mistakes_are_one_line(call, spans, arguments, message):
    code, out, err = call(*arguments)
    assert (code, out) == (1, "")
    (error,) = [line for line in err.splitlines() if line.startswith("error:")]
    assert message in error
