"""What values become, in every format."""

from decimal import Decimal

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


MIXED = {
    "csv": (f"id,x\n{2**53 + 1},1\n0.5,2\n".encode(), "1.csv"),
    "jsonl": (f'{{"id": {2**53 + 1}}}\n{{"id": 0.5}}\n'.encode(), "1"),
    "parquet": (parquet(id=[float(2**53 + 2), 0.5]), "1"),
}


@pytest.mark.parametrize("kind", MIXED)
def test_a_key_that_a_double_would_change_is_refused(contract_on, kind):
    content, name = MIXED[kind]
    with pytest.raises(SourceError, match=f"^{name}: the key 'id' has numbers of 9,007,199,254,74"):
        table(contract_on({name: content}, kind=kind))
    # As a measurement it is a double.
    read = table(contract_on({name: content}, kind=kind, key="x"))
    assert read["id"].type == pa.float64()


WHOLE = {
    "csv": lambda values: ("id\n" + "".join(f"{v}\n" for v in values)).encode(),
    "jsonl": lambda values: "".join(f'{{"id": {v}}}\n' for v in values).encode(),
    "parquet": lambda values: parquet(id=pa.array([Decimal(v) for v in values])),
}


@pytest.mark.parametrize("kind", WHOLE)
def test_whole_numbers_are_the_same_in_every_format(contract_on, kind):
    for values, expected in (
        ([1, 2**53 + 1, 2**63 - 1, -(2**63)], [1, 2**53 + 1, 2**63 - 1, -(2**63)]),
        ([1, 2**53 + 1, 2**63], ["1", str(2**53 + 1), str(2**63)]),
        ([10**37 + 1, 10**37], [str(10**37 + 1), str(10**37)]),
    ):
        assert (
            table(contract_on({"1": WHOLE[kind](values)}, kind=kind))["id"].to_pylist() == expected
        )
