"""`tidegate skew`, as a person calls it."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest

from tidegate.cli import main
from tidegate.contract import Contract
from tidegate.data import examples

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


LOGS = """
dataset: d
source: {uri: 'raw/{SPAN}.csv', format: csv}
key: [id]
label: late
features: {exclude: [day]}
slices: [[carrier]]
gates: {findings: {feature_type_low_fraction_present: warn}}
serving:
  source: {uri: 'logs/{SPAN}.jsonl', format: jsonl, bad_records: quarantine, max_bad_records: 3}
"""


@pytest.fixture
def logged(home):
    """Logs as JSON Lines: a third of the distances are lost, one carrier's are wrong, two lines."""
    for folder in ("raw", "logs"):
        Path(folder).mkdir()
    pcsv.write_csv(table(), "raw/1.csv")
    lines = []
    for i, row in enumerate(table(late=None).to_pylist()):
        far = row["distance"] + (250 if row["carrier"] == "UA" else 0)
        lines.append(json.dumps({**row, "distance": None if i % 3 == 0 else far}))
    Path("logs/1.jsonl").write_text("\n".join([*lines[:9], "{oh", *lines[9:], "[1]"]) + "\n")
    Path("logs.yaml").write_text(LOGS)
    return home


@pytest.mark.parametrize("named", ["1", "logs/1.jsonl"])
def test_shares_slices_and_records_that_cannot_be_read_are_said(call, logged, named):
    code, out, _ = call("1", named, "--contract", "logs.yaml")
    assert code == 3, out
    assert "  2 records of serving could not be read" in out
    assert "2 records (0.4%) of the serving data could not be read" in out
    shares, slices = out.split("\n\nmissing and new values\n")[1].split("\n\nslices: ")
    header, line = (text.split() for text in shares.splitlines())
    assert header == ["feature", "what", "training", "serving", "beyond", "such", "as"]
    assert line == ["distance", "empty", "0%", "33.4%", "10.0%"]
    assert slices.splitlines()[0] == "2 compared, 2 with skew"
    assert slices.splitlines()[2].startswith("carrier=UA")


def test_more_bad_records_than_the_contract_sets_aside_are_an_error(call, logged):
    text = Path("logs.yaml").read_text()
    Path("logs.yaml").write_text(text.replace("max_bad_records: 3", "max_bad_records: 1"))
    code, out, err = call("1", "1", "--contract", "logs.yaml")
    assert (code, out) == (1, "")
    assert "2 bad records, more than source.max_bad_records (1) allows" in err


def test_records_of_files_without_a_contract_can_be_set_aside(call, logged):
    pq.write_table(table(), "train.parquet")
    arguments = ("train.parquet", "logs/1.jsonl", "--key", "id", "--label", "late")
    code, out, err = call(*arguments)
    assert (code, out) == (1, "")
    assert "logs/1.jsonl:10: not valid JSON" in err
    for limit in ("2", "0.01"):
        code, out, _ = call(*arguments, "--max-bad-records", limit)
        assert code == 3
        assert "2 records (0.4%) of the serving data could not be read" in out
    assert call(*arguments, "--max-bad-records", "1")[0] == 1
    code, _, err = call("1", "1", "--contract", "logs.yaml", "--max-bad-records", "1")
    assert code == 1
    assert "--max-bad-records is for files without a contract" in err
    for wrong in ("x", "-1", "1.5", "nan"):
        with pytest.raises(SystemExit, match="2"):
            call(*arguments, f"--max-bad-records={wrong}")


def test_slices_of_files_without_a_contract(call, logged):
    arguments = ("train.csv", "good.csv", "--key", "id", "--label", "late")
    code, out, _ = call(*arguments, "--slice", "carrier")
    assert code == 0
    assert "slices: 2 compared, none with skew" in out
    code, _, err = call(*arguments, "--slice", "carier")
    assert code == 1
    assert "--slice names the column 'carier'" in err
    assert "did you mean 'carrier'?" in err
    code, _, err = call("1", "1", "--contract", "logs.yaml", "--slice", "carrier")
    assert code == 1
    assert "--slice is for files without a contract" in err


def test_junit_has_a_case_for_each_column_feature_distance_and_share(call, logged):
    code, out, _ = call("1", "1", "--contract", "logs.yaml", "--format", "junit")
    assert code == 3
    suite = ET.fromstring(out).find("testsuite")  # noqa: S314 (our own)
    assert suite.get("name") == "d.skew"
    cases = {(c.get("classname")[len("d.skew.") :], c.get("name")): c for c in suite}
    assert suite.get("tests") == str(len(cases))
    assert {n for rule, n in cases if rule == "schema"} == set(table().column_names)
    assert {n for rule, n in cases if rule == "feature"} == {"day", "carrier", "distance"}
    failed = {
        key: c.find("failure").get("type")
        for key, c in cases.items()
        if len(c) and c[0].tag == "failure"
    }
    found = json.loads(call("1", "1", "--contract", "logs.yaml", "--format", "json")[1])
    held = {(f["code"], f["subject"]) for f in found["findings"] if f["severity"] == "hold"}
    assert {(kind, name.partition(" in ")[0]) for (_, name), kind in failed.items()} == held
    assert failed["feature", "distance"] == "feature_skew"
    assert cases["feature", "day"].find("skipped") is not None
    assert cases["keys", "id"].find("system-out").text.endswith("500 pairs of rows were compared")
    assert (
        "2 records of 502 could not be read" in cases["records", "serving"].find("system-out").text
    )
    assert "33.4% of the rows are empty, 0% in training" in (
        cases["distribution.missing", "distance"].find("system-out").text
    )
    assert ("distribution.jensen_shannon", "distance in carrier=UA") in cases


def test_without_a_key_columns_and_distributions_are_compared(call, home):
    code, out, _ = call("train.csv", "good.csv", "--label", "late")
    assert code == 0, out
    assert "no_join_key" in out
    assert "nothing says which row of the serving data belongs to which" in out
    pcsv.write_csv(table(late=None, carrier=["ZZ"] * ROWS), "other.csv")
    bad = ("train.csv", "other.csv", "--label", "late")
    found = json.loads(call(*bad, "--format", "json")[1])
    assert (found["status"], found["features"], found["keys"]["pairs"]) == ("hold", [], 0)
    codes = {f["code"]: f["severity"] for f in found["findings"]}
    assert codes["no_join_key"] == "warn"
    assert "hold" in {codes[c] for c in ("distribution_skew", "distribution_skew_unseen")}
    assert call("train.csv", "good.csv", "--label", "late", "--format", "junit")[0] == 0
    assert "<html" in call("train.csv", "good.csv", "--label", "late", "--format", "html")[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train.csv", "good.csv", "--key", "nope"], "key names the column 'nope'"),
        (["train.csv", "gone.csv", "--key", "id"], "gone.csv is not there; check the path"),
        (["train.csv", "good.csv", "--key", "id", "--rename", "x"], "is not TRAINING=SERVING"),
        (
            ["train.csv", "good.csv", "--key", "id", "--rename", "distanc=distance"],
            "--rename names the column 'distanc', which train.csv does not have; did you mean",
        ),
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
