"""Numbers the contract says may have decimals."""

import pyarrow as pa
import pytest

from tests.support.rows import parquet, table
from tidegate.core.errors import SourceError


def test_a_numeric_column_is_float_though_a_span_has_no_decimals(contract_on):
    extra = "features: {numeric: [rain]}\n"
    contract = contract_on({"1": "id,rain\n1,0\n2,\n3,7\n"}, extra=extra)
    assert table(contract)["rain"].type == pa.float64()
    assert table(contract)["rain"].to_pylist() == [0.0, None, 7.0]
    whole = parquet(id=["a"], rain=pa.array([3], pa.int32()))
    assert table(contract_on({"1": whole}, kind="parquet", extra=extra))["rain"][0].as_py() == 3.0


def test_a_numeric_column_that_holds_text_is_an_error(contract_on):
    extra = "features: {numeric: [rain]}\n"
    with pytest.raises(SourceError, match=r"^1-b: column 'rain' has 'wet', and the contract"):
        table(contract_on({"1-a": "id,rain\n1,\n", "1-b": "id,rain\n1,0\n2,wet\n"}, extra=extra))
    wet = parquet(id=["a"], rain=["wet"])
    with pytest.raises(SourceError, match=r"'rain' is string"):
        table(contract_on({"1-a": wet, "1-b": wet}, kind="parquet", extra=extra))
