"""Rows kept with the statistics of a span, and what a classifier makes of them at the gate."""

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

from tidegate import schema as schemas
from tidegate import statistics
from tidegate.contract import Contract
from tidegate.core.errors import ContractError, StatisticsError
from tidegate.data.examples import Examples, ingest
from tidegate.data.sampling import kept_rows
from tidegate.report import pages
from tidegate.statistics import Statistics
from tidegate.statistics.merging import merged
from tidegate.validation import Validation, validate

CONTRACT = """
dataset: d
source: {{uri: "data/{{SPAN}}.csv", format: csv}}
key: [id]
label: late
features: {{exclude: [secret]}}
gates: {{min_examples: 10, drift: report, shift: {shift}}}
"""


def table(seed, *, move=0.0, late=0.3, size=3000):
    generator = np.random.default_rng(seed)
    return pa.table(
        {
            "id": [f"{seed}-{i}" for i in range(size)],
            "secret": [f"s{i % 7}" for i in range(size)],
            "temp": generator.normal(move, 1, size),
            "city": generator.choice(["EWR", "JFK"], size),
            "late": (generator.random(size) < late).astype(int),
        }
    )


@pytest.fixture
def made(tmp_path):
    """Gives the statistics of rows, by the way a pipeline takes, and the contract."""
    (tmp_path / "data").mkdir()
    file = tmp_path / "contract.yaml"

    def of(rows, span="1", shift="{}"):
        pyarrow.csv.write_csv(rows, tmp_path / "data" / f"{span}.csv")
        file.write_text(CONTRACT.format(shift=shift))
        contract = Contract.load(file)
        out = tmp_path / f"examples-{span}"
        return statistics.compute(ingest(contract, span=span, out=out)), contract

    return of


def judged(now, before, contract):
    return validate(now, schemas.infer(before, contract), contract, baseline=before)


def of_code(result, code):
    return [f for f in result.verdict.findings if f.code == code]


def test_features_and_label_are_kept_and_nothing_else(made, tmp_path):
    computed, _ = made(table(1))
    assert computed.sample.schema.names == ["temp", "city", "late"]
    assert computed.sample.num_rows == 3000
    computed.write(tmp_path / "s")
    again = Statistics.read(tmp_path / "s")
    assert again.sample.equals(computed.sample)
    about = json.loads((tmp_path / "s" / "statistics.json").read_text())
    assert about["sample"]["rows"] == 3000


def test_a_sample_is_bounded_and_seeded(made):
    few, _ = made(table(1), shift="{rows: 200}")
    assert few.sample.num_rows == 200
    assert made(table(1), shift="{rows: 200}")[0].sample.equals(few.sample)
    assert kept_rows(10_000, 19) == 10_000
    assert kept_rows(10_000, 500) == 2000
    assert kept_rows(10_000, 100_000) == 1000
    assert kept_rows(50, 100_000) == 50


def test_none_is_kept_where_the_contract_says_so(made, tmp_path):
    before, contract = made(table(1), shift="{rows: 0}")
    assert before.sample is None
    before.write(tmp_path / "s")
    assert not (tmp_path / "s" / "sample.parquet").exists()
    result = judged(before, before, contract)
    assert result.shift is None
    assert result.shift_skipped == "no rows are kept of 1 (gates.shift.rows)"
    assert result.verdict.status == "pass"


def test_examples_of_before_keep_none(made, tmp_path):
    made(table(1))
    manifest = tmp_path / "examples-1" / "manifest.json"
    old = json.loads(manifest.read_text())
    del old["sample"]
    manifest.write_text(json.dumps(old))
    assert statistics.compute(Examples.open(tmp_path / "examples-1")).sample is None


def test_a_sample_cannot_be_swapped(made, tmp_path):
    made(table(1))[0].write(tmp_path / "s")
    made(table(2), "2")[0].write(tmp_path / "other")
    file = tmp_path / "s" / "sample.parquet"
    file.write_bytes((tmp_path / "other" / "sample.parquet").read_bytes())
    with pytest.raises(StatisticsError, match=r"are not what statistics\.json was written for"):
        Statistics.read(tmp_path / "s")
    file.unlink()
    with pytest.raises(StatisticsError, match="cannot read"):
        Statistics.read(tmp_path / "s")


def test_samples_of_several_spans_merge_by_their_rows(made):
    first, _ = made(table(1, size=3000), shift="{rows: 1000}")
    second, _ = made(table(2, move=5.0, size=1000), "2", shift="{rows: 1000}")
    both = merged([first, second]).sample
    assert both.num_rows == 1000
    assert sum(v > 2.5 for v in both["temp"].to_pylist()) == pytest.approx(250, abs=8)
    other = second.sample.set_column(0, "temp", pa.array(["x"] * 1000))
    mixed = merged([replace(first, sample=other), second]).sample
    assert mixed["temp"].type == pa.float64()
    assert mixed["temp"].null_count == 750
    alone = merged([replace(first, sample=None), second]).sample
    assert alone.num_rows == 1000
    assert merged([replace(s, sample=None) for s in (first, second)]).sample is None


def test_a_span_without_change_is_not_told_apart(made):
    before, contract = made(table(1))
    now, _ = made(table(2), "2")
    result = judged(now, before, contract)
    assert not result.shift.significant
    assert of_code(result, "covariate_shift") == []
    assert (result.shift.baseline, result.shift.current) == ("1", "2")
    assert set(result.shift.left_out) == set()


def test_what_tells_spans_apart_is_shown(made, tmp_path):
    before, contract = made(table(1))
    now, _ = made(table(2, move=1.0, late=0.6), "2")
    result = judged(now, before, contract)
    (finding,) = of_code(result, "covariate_shift")
    assert finding.severity == "info"
    assert "most by temp" in finding.message
    assert "AUC of 0.7" in finding.message
    assert result.shift.label.significant
    result.write(tmp_path / "v")
    again = Validation.read(tmp_path / "v")
    assert again.shift == result.shift
    assert again == result


@pytest.mark.parametrize(("limit", "severity"), [(0.6, "hold"), (0.8, "info")])
def test_a_limit_holds(made, limit, severity):
    shift = f"{{max_auc: {limit}}}"
    before, contract = made(table(1), shift=shift)
    now, _ = made(table(2, move=1.0), "2", shift=shift)
    (finding,) = of_code(judged(now, before, contract), "covariate_shift")
    assert finding.severity == severity
    assert ("gates.shift.max_auc" in finding.message) == (severity == "hold")


def test_a_limit_that_cannot_be_judged_holds(made):
    before, contract = made(table(1), shift="{max_auc: 0.9}")
    now, _ = made(table(2), "2", shift="{max_auc: 0.9}")
    result = judged(now, replace(before, sample=None), contract)
    (finding,) = of_code(result, "covariate_shift_not_computable")
    assert finding.severity == "hold"
    assert "no rows are kept of 1" in finding.message
    first = validate(now, schemas.infer(now, contract), contract, baseline=None)
    assert of_code(first, "covariate_shift_not_computable") == []
    assert first.shift_skipped == "there is no span before it to compare with"


def test_few_rows_are_said_to_be_few(made):
    before, contract = made(table(1, size=40))
    result = judged(before, before, contract)
    assert result.shift is None
    assert "has 40 rows; 50 are the fewest that can be compared" in result.shift_skipped


def test_a_limit_needs_rows():
    with pytest.raises(ContractError, match="max_auc needs rows to be kept"):
        Contract.parse(CONTRACT.format(shift="{rows: 0, max_auc: 0.6}"))


def test_the_page_says_what_tells_spans_apart(made):
    before, contract = made(table(1))
    now, _ = made(table(2, move=1.0, late=0.6), "2")
    result = judged(now, before, contract)
    schema = schemas.infer(before, contract)

    def page(result):
        return pages.validation_page(result, now, before, schema, contract)

    told = page(result)
    assert '<a href="#shift">Rows told apart</a>' in told
    assert "What tells them apart most: temp." in told
    assert "The share of late = 1 went from" in told
    assert "From 3,000 rows of before and 3,000 of now" in told
    untold = page(replace(result, shift=None, shift_skipped="no <rows>"))
    assert "Not tried: no &lt;rows&gt;." in untold
    assert 'href="#shift"' not in untold
    many = replace(result.shift, features=result.shift.features * 6)
    assert "4 more features, each of which tells less." in page(replace(result, shift=many))
