"""Numbers that count rows or tell time, and numbers that do not."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from tidegate.contract import Contract
from tidegate.data.facts import Gatherer
from tidegate.statistics.compute import compute_table
from tidegate.statistics.row_names import row_names, unjudged

random = np.random.default_rng(0)
ROWS = 400


def measured(*, facts=True, **columns):
    batch = pa.RecordBatch.from_arrays([pa.array(v) for v in columns.values()], list(columns))
    found = compute_table([batch], schema=batch.schema, span="1", content_digest="")
    gatherer = Gatherer(None, None)
    gatherer.add(batch)
    return replace(found, facts=gatherer.result() if facts else None)


NAMES = {
    "counts": 7_000_000 + np.arange(ROWS),
    "shuffled": random.permutation(ROWS),
    "gaps": np.sort(random.choice(ROWS * 7 // 5, ROWS, replace=False)),
    "s": 1_704_067_200 + np.arange(ROWS) * 60,
    "ms": 1_704_067_200_000 + random.integers(0, 86_400_000, ROWS),
    "us": np.full(ROWS, 1_704_067_200_000_000),
    "whole": 7_000_000.0 + np.arange(ROWS),
    "float": 1_704_067_200 + random.random(ROWS),
}
QUANTITIES = {
    "twice": np.arange(ROWS) // 2,
    "wide": np.arange(ROWS) * 2,
    "uniform": random.integers(0, ROWS, ROWS),
    "money": random.integers(1_000, 3_000_000_000, ROWS),
    "phone": random.integers(200_000_000, 999_999_999, ROWS),
    "year": 1_900 + np.arange(ROWS) % 120,
    "x": random.normal(size=ROWS),
}


@pytest.mark.parametrize("facts", [True, False])
def test_numbers_that_count_or_tell_time(facts):
    found = row_names(measured(facts=facts, **NAMES, **QUANTITIES))
    # Without exact counts the spread decides, and gaps make it uneven.
    assert {"counts", "shuffled", "whole", "s", "ms", "us", "float"} <= found.keys() <= NAMES.keys()
    assert ("gaps" in found) or not facts
    assert found["counts"] == "running numbers"
    assert found["ms"] == "milliseconds since 1970"


def test_few_rows_are_not_recognized():
    assert row_names(measured(n=np.arange(12))) == {}
    assert row_names(measured(n=np.arange(12)), least=1) == {"n": "running numbers"}


def test_what_is_judged_all_the_same():
    def contract(**sections):
        return Contract.model_validate(
            {
                "dataset": "d",
                "source": {"uri": "{SPAN}", "format": "csv"},
                "key": ("key",),
                **sections,
            }
        )

    before, now = measured(n=np.arange(ROWS)), measured(n=ROWS + np.arange(9))
    assert unjudged(now, before, contract()) == {"n": "running numbers"}
    assert unjudged(measured(n=np.zeros(9)), before, contract()) == {}
    assert unjudged(now, before, contract(features={"numeric": ("n",)})) == {}
    assert unjudged(now, before, contract(gates={"drift": {"features": {"n": 0.2}}})) == {}
    assert unjudged(now, before, contract(label="n")) == {}
