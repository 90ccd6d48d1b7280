"""Rows of both sides joined by their key."""

import math

import numpy as np
import pytest

from tests.support.skews import ROWS, compared, contract, served, table, told
from tidegate.comparison import skew
from tidegate.comparison.skew.join import joined
from tidegate.core.errors import SourceError, StatisticsError


@pytest.mark.parametrize(
    "key",
    [
        np.arange(ROWS),
        np.arange(ROWS, dtype=float),
        [str(i) for i in range(ROWS)],
    ],
    ids=["int", "float", "text"],
)
def test_a_key_is_the_same_whatever_its_type(key):
    result = compared(table(id=np.arange(ROWS)), served(id=key))
    assert result.keys.pairs == ROWS
    assert compared(table(id=key), served(id=[str(i) for i in range(ROWS)])).keys.pairs == ROWS


def test_rows_without_a_key_are_counted():
    key = [None if i < 4 else f"r{i:05}" for i in range(ROWS)]
    result = compared(table(), served(id=key))
    assert (result.keys.serving_without_key, result.keys.pairs) == (4, ROWS - 4)
    assert told(result, "rows_without_key")["serving"].severity == "warn"


def test_a_key_that_doubles_do_not_tell_apart_is_refused():
    beyond = np.arange(ROWS) + 0.5
    beyond[0] = 2.0**53
    with pytest.raises(SourceError, match=r"the key 'id' has numbers of 9,007,199,254,740,992 or"):
        compared(table(id=beyond), served(id=beyond))


def test_nan_is_no_key():
    key = [math.nan if i < 4 else float(i) for i in range(ROWS)]
    result = compared(table(id=key), served(id=key))
    keys = result.keys
    assert (keys.training_without_key, keys.serving_without_key) == (4, 4)
    assert (keys.training_keys, keys.training_duplicates, keys.pairs) == (ROWS - 4, 0, ROWS - 4)


def test_a_key_of_several_columns():
    by = contract("serving: {source: {uri: y, format: csv}, key: [carrier, distance]}\n")
    training = table(distance=np.arange(ROWS), carrier=["A|B", "A"] * 300)
    result = compared(training, training.drop(["late"]), by)
    assert (result.keys.columns, result.keys.pairs) == (("carrier", "distance"), ROWS)
    assert [f.feature for f in result.features] == ["id", "temp"]


def test_names_may_hold_anything_and_differ_in_case_only():
    odd = 'a"; DROP TABLE pairs; --'
    training = table(**{odd: np.arange(ROWS), "Temp": ["x"] * ROWS})
    result = compared(training, training.drop(["late"]))
    assert {f.feature for f in result.features} == {"carrier", "distance", "temp", odd, "Temp"}
    assert all(f.equal == ROWS for f in result.features)


def test_a_broken_file_is_an_error(tmp_path):
    side = skew.recorded(table().to_batches(), name="a", directory=tmp_path)
    side.files[0].write_bytes(b"PAR1 no Parquet PAR1")
    with (
        pytest.raises(StatisticsError, match="cannot be joined"),
        joined(side, side, contract()),
    ):
        pass


def test_columns_whose_names_differ_in_case_only_are_compared_each_with_its_own():
    rows = table()
    both = {"Temp": rows["distance"], "ID": rows["temp"]}
    result = compared(table(**both), served(**both))
    assert {f.feature: f.differing for f in result.features} == dict.fromkeys(
        ["carrier", "distance", "temp", "Temp", "ID"], 0
    )
    changed = compared(table(**both), served(**both | {"Temp": rows["temp"]}))
    assert {f.feature for f in changed.features if f.differing} == {"Temp"}
