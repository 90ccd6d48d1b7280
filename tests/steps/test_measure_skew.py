"""The step `measure_skew`: from examples and a contract to a verdict, a page and a lineage."""

import json
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv
import pytest

from tidegate import steps
from tidegate.comparison.skew import Skew
from tidegate.contract import Contract
from tidegate.platform import lineage

ROWS = 500
CONTRACT = """
dataset: d
source: {uri: 'raw/{SPAN}.csv', format: csv}
key: [id]
label: late
serving:
  source: {uri: 'logs/{SPAN}.jsonl', format: jsonl, bad_records: quarantine, max_bad_records: 2}
  columns: {distance: km}
  exclude: [latency]
gates: {min_examples: 10}
"""


@pytest.fixture
def home(tmp_path):
    """A trained-on span with what ingest, statistics and schema made of it, and logs of it."""
    at = np.arange(ROWS)
    rows = {
        "id": [f"r{i}" for i in at],
        "carrier": np.array(["AA", "UA"])[at % 2],
        "distance": at * 7 % 300 + 100,
        "late": at % 2,
    }
    (tmp_path / "raw").mkdir()
    pcsv.write_csv(pa.table(rows), tmp_path / "raw" / "1.csv")
    (tmp_path / "contract.yaml").write_text(CONTRACT)
    (tmp_path / "logs").mkdir()
    write_logs(tmp_path, rows, lambda row: row)
    write_logs(tmp_path, rows, lambda row: {**row, "carrier": row["carrier"].lower()}, span=2)
    contract = {"contract_uri": str(tmp_path / "contract.yaml"), "contract_digest": ""}
    steps.ingest_examples(**contract, span="1", content_digest=None, out=tmp_path / "examples")
    steps.compute_statistics(examples=tmp_path / "examples", out=tmp_path / "statistics")
    steps.infer_schema(
        **contract,
        statistics=tmp_path / "statistics",
        registry_uri=str(tmp_path / "registry"),
        schema_version="",
        out=tmp_path / "schema",
    )
    return tmp_path


def write_logs(home, rows, change, *, span=1):
    names = {"distance": "km"}
    with (home / "logs" / f"{span}.jsonl").open("w") as file:
        for i in range(ROWS):
            row = {c: v[i].item() if hasattr(v[i], "item") else v[i] for c, v in rows.items()}
            del row["late"]
            logged = {names.get(c, c): v for c, v in change(row).items()}
            file.write(json.dumps({**logged, "latency": i}) + "\n")
        file.write("{broken\n")


@pytest.fixture
def measure(home):
    def measure(span):
        return steps.measure_skew(
            examples=home / "examples",
            statistics=home / "statistics",
            schema=home / "schema",
            contract_uri=str(home / "contract.yaml"),
            contract_digest=Contract.load(home / "contract.yaml").digest,
            serving_span=span,
            out=home / "skew",
            page=home / "skew.html",
        )

    return measure


def test_logs_that_agree_pass(home, measure):
    assert measure("1") == ("pass", [])
    result = Skew.read(home / "skew")
    assert (result.training, result.serving, result.keys.pairs) == ("1", "1", ROWS)
    assert [c.column for c in result.columns] == ["id", "carrier", "distance", "late"]
    found = {(f.code, f.severity) for f in result.verdict.findings}
    assert ("quarantined_records", "warn") in found
    (line,) = (home / "skew" / "quarantine.jsonl").read_text().splitlines()
    bad = json.loads(line)
    assert (bad["file"], bad["line"], bad["raw"]) == ("1.jsonl", ROWS + 1, "{broken")
    assert [s.records for s in result.set_aside] == [0, 1]
    assert "1 record (0.2%) of the serving data could not be read and was set aside" in (
        (home / "skew.html").read_text()
    )
    found = lineage.read(home / "skew", "skew")
    assert found.root.facts == {"verdict": "pass", "reasons": 0, "pairs": ROWS}
    names = {node.name.rpartition("/")[2] for node in found.of_kind("object")}
    assert names == {"1.csv", "1.jsonl"}


def test_logs_that_differ_hold_and_are_shown(home, measure):
    status, reasons = measure("latest")
    assert status == "hold"
    assert any("feature 'carrier' differs between training and serving" in r for r in reasons)
    assert Skew.read(home / "skew").serving == "2"
    page = (home / "skew.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "Differs in upper and lower case or spaces only in 100%" in page
    assert "called <bdi>km</bdi>" in page


@pytest.mark.parametrize(
    ("span", "change", "message"),
    [
        ("3", lambda text: text, "span '3'"),
        ("1", lambda text: text.replace("serving:", "#").replace("\n  ", "\n  #"), "no section"),
        ("1", lambda text: text.replace("distance: km", "distance: kn"), "names the column 'kn'"),
        ("1", lambda text: text.replace("max_bad_records: 2", "max_bad_records: 0"), "broken"),
    ],
)
def test_what_cannot_be_measured_is_one_line(home, measure, span, change, message):
    path = home / "contract.yaml"
    path.write_text(change(path.read_text()))
    with pytest.raises(SystemExit) as ended:
        measure(span)
    assert str(ended.value).startswith("measure_skew: ")
    assert "\n" not in str(ended.value)
    if message != "broken":
        assert message in str(ended.value)


def test_without_quarantine_there_is_no_file_of_it(home, measure):
    (home / "contract.yaml").write_text(
        CONTRACT.replace(", bad_records: quarantine, max_bad_records: 2", "")
    )
    logs = home / "logs" / "1.jsonl"
    logs.write_text(logs.read_text().replace("{broken\n", ""))
    assert measure("1") == ("pass", [])
    assert not (home / "skew" / "quarantine.jsonl").exists()


def test_slices_of_the_contract_are_compared(home, measure):
    contract = home / "contract.yaml"
    contract.write_text(CONTRACT + "slices: [[carrier]]\n")
    arguments = {"contract_uri": str(contract), "contract_digest": ""}
    steps.ingest_examples(**arguments, span="1", content_digest=None, out=home / "examples")
    shutil.rmtree(home / "statistics")
    steps.compute_statistics(examples=home / "examples", out=home / "statistics")
    assert measure("1") == ("pass", [])
    result = Skew.read(home / "skew")
    assert {d.slice for d in result.distances} == {"", "carrier=AA", "carrier=UA"}
    assert {s.slice for s in result.shares} == {"", "carrier=AA", "carrier=UA"}
    assert "carrier=AA" in (home / "skew.html").read_text()


def test_empty_logs_are_an_error(home, measure):
    (home / "logs" / "1.jsonl").write_text("")
    with pytest.raises(SystemExit, match=r"measure_skew: .*1\.jsonl"):
        measure("1")
