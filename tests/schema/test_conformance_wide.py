"""Wide data is validated in parts, with the anomalies of the whole."""

import pyarrow as pa
import pytest

from tidegate.contract import Contract
from tidegate.schema import conformance, infer
from tidegate.statistics.compute import compute_table


@pytest.mark.parametrize("size", [1, 3, 7])
def test_parts_have_the_anomalies_of_the_whole(monkeypatch, size):
    def measured(**changed):
        columns = {f"c{i}": [1, 2, 3] for i in range(9)} | {f"t{i}": ["a", "b"] * 1 + ["a"] for i in
                                                           range(9)} | changed  # fmt: skip
        columns = {n: v for n, v in columns.items() if v}
        batch = pa.RecordBatch.from_arrays([pa.array(v) for v in columns.values()], list(columns))
        return compute_table([batch], schema=batch.schema, span="1", content_digest="1")

    before = measured()
    contract = Contract.parse("dataset: d\nsource: {uri: '{SPAN}', format: csv}\nkey: [c0]\n")
    schema = infer(before, contract)
    now = measured(c1=["x", "y", "z"], t2=[1, 2, 3], c3=[], c8=[None, None, None], new=[1, 1, 1])
    whole = conformance.validate_with_tfdv(now, schema, before, "TRAINING")
    monkeypatch.setattr(conformance, "_AT_A_TIME", size)
    parts = conformance.validate_with_tfdv(now, schema, before, "TRAINING")
    assert {"c1", "t2", "c3", "new"} <= set(whole.anomaly_info)
    assert dict(parts.anomaly_info) == dict(whole.anomaly_info)
    assert parts.dataset_anomaly_info == whole.dataset_anomaly_info
    assert parts.data_missing == whole.data_missing
