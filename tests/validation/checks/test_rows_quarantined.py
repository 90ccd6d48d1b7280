"""Records that were set aside are told at the gate."""

from tidegate import schema as schemas
from tidegate import statistics
from tidegate.data.examples import ingest
from tidegate.statistics import Statistics
from tidegate.validation import validate


def verdict(contract, home):
    examples = ingest(contract, span="1", out=home / "examples")
    statistics.compute(examples).write(home / "statistics")
    computed = Statistics.read(home / "statistics")
    return validate(computed, schemas.infer(computed, contract), contract, baseline=None).verdict


def test_the_gate_says_how_many_records_were_set_aside(contract_on, tmp_path):
    rows = "".join(f"{i},{i % 7}\n" for i in range(60))
    contract = contract_on(
        {"1.csv": f"id,n\n{rows}61,2,3\n62,2,3\n"}, bad_records="quarantine", max_bad_records=2
    )
    (found,) = [f for f in verdict(contract, tmp_path).findings if f.code == "quarantined_records"]
    assert found.severity == "warn"
    assert found.message.startswith("2 records (3.2%) of span '1' could not be read")
    assert "expected 2 columns, found 3 (2)" in found.message


def test_nothing_is_said_where_none_was(contract_on, tmp_path):
    rows = "".join(f"{i},{i % 7}\n" for i in range(60))
    contract = contract_on({"1.csv": f"id,n\n{rows}"})
    found = verdict(contract, tmp_path).findings
    assert "quarantined_records" not in {f.code for f in found}
