"""The two sides of a comparison."""

import pytest

from tests.support.skews import served
from tidegate.comparison import skew
from tidegate.contract import Serving
from tidegate.contract.sections import Source
from tidegate.core.errors import ContractError, SourceError


def test_no_batches_is_an_error(tmp_path):
    with pytest.raises(SourceError, match="logs has no rows"):
        skew.recorded([], name="logs", directory=tmp_path)


def test_columns_that_logs_call_otherwise(tmp_path):
    batches = served().rename_columns(["id", "carrier", "km", "temp"]).to_batches()

    def recorded(**keys):
        logs = Serving(source=Source(uri="x", format="csv"), **keys)
        return skew.recorded(batches, name="l", directory=tmp_path, logs=logs)

    side = recorded(columns={"distance": "km"}, exclude=("temp",))
    assert side.schema.names == ["id", "carrier", "distance"]
    assert (side.calls("distance"), side.calls("id")) == ("km", "id")
    with pytest.raises(ContractError, match=r"names the column 'kms'.*did you mean 'km'\?"):
        recorded(columns={"distance": "kms"})
    with pytest.raises(ContractError, match="l has both 'carrier' and 'km' for the column"):
        recorded(columns={"carrier": "km"})
    with pytest.raises(ContractError, match="leaves no column"):
        recorded(exclude=("id", "carrier", "km", "temp"))
    with pytest.raises(ContractError, match=r"exclude names the column 'tmp'.*mean 'temp'\?"):
        recorded(exclude=("tmp",))
