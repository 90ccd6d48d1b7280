"""Options of a source that mean nothing."""

import pytest

from tests.support.records import contract
from tidegate.core.errors import ContractError


@pytest.mark.parametrize(
    ("kind", "source", "message"),
    [
        ("parquet", {"bad_records": "quarantine"}, "quarantine is not for parquet"),
        ("csv", {"max_bad_records": 1}, "max_bad_records needs bad_records: quarantine"),
        ("csv", {"bad_records": "quarantine", "max_bad_records": 1.0}, "max_bad_records"),
        ("csv", {"bad_records": "quarantine", "max_bad_records": -1}, "max_bad_records"),
        ("csv", {"quote": ","}, "delimiter, quote and escape must differ"),
        ("csv", {"delimiter": "§"}, "are ASCII characters"),
        ("csv", {"encoding": "utf-7"}, "source.encoding"),
        ("jsonl", {"encoding": "latin-1"}, "'encoding' is for csv only; format is jsonl"),
    ],
)
def test_options_that_mean_nothing_are_refused(kind, source, message):
    with pytest.raises(ContractError, match=message):
        contract(".", kind, **source)
