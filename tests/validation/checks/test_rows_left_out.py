"""Columns that were not read are told at the gate, unless the contract excludes them."""

import pyarrow as pa
import pytest

from tests.support.rows import parquet
from tidegate import schema as schemas
from tidegate import statistics
from tidegate.data.examples import ingest
from tidegate.statistics import Statistics
from tidegate.validation import validate


@pytest.mark.parametrize("excluded", [False, True])
def test_the_gate_names_what_it_cannot_judge(contract_on, tmp_path, excluded):
    content = parquet(id=[*range(60)], tags=pa.array([[1, 2]] * 60))
    extra = "features: {exclude: [tags]}\n" if excluded else ""
    contract = contract_on({"1": content}, kind="parquet", extra=extra)
    statistics.compute(ingest(contract, span="1", out=tmp_path / "examples")).write(tmp_path)
    computed = Statistics.read(tmp_path)
    schema = schemas.infer(computed, contract)
    assert [f.name for f in schema.feature] == ["id"]
    verdict = validate(computed, schema, contract, baseline=None).verdict
    found = [f for f in verdict.findings if f.code == "column_left_out"]
    assert [(f.subject, f.severity) for f in found] == [("tags", "warn")] * (not excluded)
    assert all("list<item: int64>" in f.message for f in found)
