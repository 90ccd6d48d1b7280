"""The hash of a key and the split it leads to: documented, even, and the same for ever."""

import datetime as dt
import math

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tests.support.hashing import hash_one
from tidegate.data.hashing import assign, hash_rows

texts = st.one_of(st.none(), st.text(max_size=30))


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=40), st.data())
def test_the_hash_is_the_documented_one_wherever_the_row_stands(table, data):
    columns = [pa.array(c, pa.string()) for c in zip(*table, strict=True)]
    found = hash_rows(columns).tolist()
    assert found == [hash_one(*row) for row in table]
    cut = data.draw(st.integers(0, len(table)))
    for part in (slice(0, cut), slice(cut, None)):
        if len(table[part]):
            sliced = [c[part] for c in columns]
            assert hash_rows(sliced).tolist() == found[part]


@given(st.lists(st.one_of(st.none(), st.integers(-(2**53), 2**53)), min_size=1))
def test_a_number_is_the_same_key_in_every_type(numbers):
    as_text = hash_rows([pa.array([None if n is None else str(n) for n in numbers], pa.string())])
    assert (hash_rows([pa.array(numbers, pa.int64())]) == as_text).all()
    doubles = pa.array([None if n is None else float(n) for n in numbers], pa.float64())
    assert (hash_rows([doubles]) == as_text).all()


@given(st.lists(st.floats(), min_size=1, unique_by=lambda x: "nan" if math.isnan(x) else x + 0.0))
def test_doubles_that_differ_hash_differently(numbers):
    hashes = hash_rows([pa.array(numbers, pa.float64())])
    assert len(set(hashes.tolist())) == len(numbers)


def test_columns_do_not_run_together():
    rows_ = [("ab", "c"), ("a", "bc"), ("abc", ""), ("abc", None), ("", "abc"), (None, "abc")]
    columns = [pa.array(c, pa.string()) for c in zip(*rows_, strict=True)]
    assert len(set(hash_rows(columns).tolist())) == len(rows_)


def test_known_hashes_never_change():
    # A change here moves examples between train and eval: models would be judged on what they saw.
    rows_ = pa.array(["", "a", "12345678", "123456789", None])
    assert [f"{h:016x}" for h in hash_rows([rows_]).tolist()] == [
        "9ca066f1a4ab2eea",
        "3f8805a87949ecb3",
        "2b38c9d0b5ecfcc0",
        "87d96c10ecb2c922",
        "3cd617bbbcc39640",
    ]
    moment = pa.array([dt.datetime(2013, 2, 7)], pa.timestamp("us"))
    assert hash_rows([moment]).tolist() == [hash_one("1360195200000000")]


def test_hashes_are_spread_evenly():
    hashes = hash_rows([pa.array(range(100_000))])
    for bit in range(64):
        ones = int(((hashes >> np.uint64(bit)) & np.uint64(1)).sum())
        assert abs(ones - 50_000) < 5 * math.sqrt(25_000)


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1), st.lists(st.integers(1, 99), min_size=1))
def test_assignment_is_exact(hashes, weights):
    found = assign(np.array(hashes, np.uint64), weights).tolist()
    for value, index in zip(hashes, found, strict=True):
        low, high = sum(weights[:index]), sum(weights[: index + 1])
        assert (low << 64) // sum(weights) <= value < -(-(high << 64) // sum(weights))


def test_a_larger_train_split_takes_from_eval_only():
    hashes = hash_rows([pa.array(range(10_000))])
    before, after = assign(hashes, [8, 2]), assign(hashes, [9, 1])
    assert (after <= before).all()
    assert 0.78 < (before == 0).mean() < 0.82
    assert 0.88 < (after == 0).mean() < 0.92
