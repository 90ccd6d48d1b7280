"""Bad input gives one line that names the thing, or a gate that holds; nothing is published."""

import shutil

import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from tests.pipelines.conftest import write_contract, write_span
from tidegate import steps
from tidegate.platform.registry import Registry


def drive(contract, home, span="2013-01"):
    """The steps up to and with training, as the pipeline orders them; what stopped it."""
    registry = str(home / "registry")
    try:
        found = steps.resolve_inputs(contract_uri=str(contract), span=span, registry_uri=registry)
        pinned = {"contract_uri": str(contract), "contract_digest": found.contract_digest}
        steps.ingest_examples(
            **pinned, span=found.span, content_digest=found.content_digest, out=home / "examples"
        )
        steps.compute_statistics(examples=home / "examples", out=home / "statistics")
        steps.infer_schema(
            **pinned,
            statistics=home / "statistics",
            registry_uri=registry,
            schema_version=found.schema_version,
            out=home / "schema",
        )
        verdict, reasons = steps.validate_examples(
            **pinned,
            statistics=home / "statistics",
            schema=home / "schema",
            registry_uri=registry,
            baseline_version=found.baseline_version,
            run_id="r",
            out=home / "validation",
            page=home / "validation.html",
            data_page=home / "data.html",
        )
    except SystemExit as stop:
        return "error", [str(stop)]
    return verdict, reasons


@pytest.fixture
def home(tmp_path):
    return tmp_path


@pytest.fixture
def rows(months):
    return [list(row) for row in months["2013-01"]]


def column(rows, name):
    return rows[0].index(name)


def assert_stopped(outcome, home, kind, *named):
    verdict, said = outcome
    assert verdict == kind, said
    for line in said:
        assert "\n" not in line
        assert "Traceback" not in line
    for text in named:
        assert any(text in line for line in said), (text, said)
    store = Registry(str(home / "registry"), "flights")
    assert store.versions("model") == store.versions("statistics") == store.versions("schema") == []


def test_the_untouched_span_passes(home, rows):
    write_span(home / "data", "2013-01", rows)
    assert drive(write_contract(home, home / "data"), home) == ("pass", [])


def test_empty_file(home):
    path = write_span(home / "data", "2013-01", [])
    contract = write_contract(home, home / "data")
    assert path.stat().st_size == 0
    assert_stopped(drive(contract, home), home, "error", "flights.csv", "empty")


def test_header_only(home, rows):
    write_span(home / "data", "2013-01", rows[:1])
    contract = write_contract(home, home / "data")
    assert_stopped(drive(contract, home), home, "error", "2013-01")


def test_ragged_row(home, rows):
    rows[4200].append("one too many")
    write_span(home / "data", "2013-01", rows)
    contract = write_contract(home, home / "data")
    assert_stopped(drive(contract, home), home, "error", "flights.csv", "4201")


def test_wrong_encoding(home, rows):
    path = write_span(home / "data", "2013-01", rows)
    rows[77][column(rows, "dest")] = "MÜC"
    write_span(home / "data", "2013-01", rows)
    path.write_bytes(path.read_text().encode("latin-1"))
    contract = write_contract(home, home / "data")
    assert_stopped(drive(contract, home), home, "error", "flights.csv", "UTF-8")


def test_truncated_parquet(home, rows):
    path = write_span(home / "data", "2013-01", rows)
    contract = write_contract(home, home / "data")
    contract.write_text(
        contract.read_text().replace("*.csv", "*.parquet").replace("format: csv", "format: parquet")
    )
    whole = path.with_suffix(".parquet")
    pq.write_table(pyarrow.csv.read_csv(path), whole)
    assert drive(contract, home)[0] == "pass"
    shutil.rmtree(home / "registry")
    whole.write_bytes(whole.read_bytes()[:-2000])
    assert_stopped(drive(contract, home), home, "error", "flights.parquet")


def test_contract_with_a_typo(home, rows):
    write_span(home / "data", "2013-01", rows)
    contract = write_contract(home, home / "data", extra="slizes: []\n")
    assert_stopped(drive(contract, home), home, "error", "contract.yaml:", "'slices'")


def test_label_that_is_no_column(home, rows):
    write_span(home / "data", "2013-01", rows)
    contract = write_contract(home, home / "data")
    contract.write_text(contract.read_text().replace("label: late", "label: latte"))
    assert_stopped(drive(contract, home), home, "error", "'latte'", "'late'")


def test_label_with_one_value(home, rows):
    for row in rows[1:]:
        row[column(rows, "late")] = "0"
    write_span(home / "data", "2013-01", rows)
    contract = write_contract(home, home / "data")
    assert_stopped(drive(contract, home), home, "hold", "late")


def test_label_with_nulls(home, rows):
    for row in rows[1:50]:
        row[column(rows, "late")] = ""
    write_span(home / "data", "2013-01", rows)
    contract = write_contract(home, home / "data")
    assert_stopped(drive(contract, home), home, "hold", "late", "49")


def test_too_few_rows(home, rows):
    write_span(home / "data", "2013-01", rows[:900])
    contract = write_contract(home, home / "data")
    assert_stopped(drive(contract, home), home, "hold", "899", "1,000")


def test_objects_that_change_while_a_run_reads_them(home, rows):
    path = write_span(home / "data", "2013-01", rows)
    contract = write_contract(home, home / "data")
    found = steps.resolve_inputs(
        contract_uri=str(contract), span="2013-01", registry_uri=str(home / "registry")
    )
    path.write_text(path.read_text().replace("JFK", "EWR"))
    with pytest.raises(SystemExit, match="changed"):
        steps.ingest_examples(
            contract_uri=str(contract),
            contract_digest=found.contract_digest,
            span=found.span,
            content_digest=found.content_digest,
            out=home / "examples",
        )
    assert not (home / "examples").exists()
