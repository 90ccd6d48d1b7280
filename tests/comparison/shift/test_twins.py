"""Rows that belong together stay in one fold, so that neither side is learnt alone."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.comparison.shift import SpanRows, compare
from tidegate.comparison.shift.twins import twins
from tidegate.contract import Contract

ROWS = 60
BARE = Contract.parse("dataset: d\nsource: {uri: x, format: csv}\nkey: [id]\n")
VALUES = {
    "text": st.none() | st.sampled_from("abc"),
    "int": st.none() | st.integers(0, 3),
    "float": st.floats(0, 1, width=32) | st.none(),
    "unique": st.integers(0, 10**6),
}


@st.composite
def tables(draw):
    columns = {}
    for i in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(sorted(VALUES)))
        columns[f"{kind}{i}"] = draw(st.lists(VALUES[kind], min_size=ROWS, max_size=ROWS))
    types = {"text": pa.string(), "int": pa.int64(), "float": pa.float64(), "unique": pa.int64()}
    return pa.table({n: pa.array(v, types[n[:-1]]) for n, v in columns.items()})


def shift(current, baseline):
    return compare(
        SpanRows("now", current, current.num_rows),
        SpanRows("then", baseline, baseline.num_rows),
        BARE,
    )


@settings(max_examples=40)
@given(tables(), st.integers(0, 2**31))
def test_a_table_against_itself_is_a_coin(table, seed):
    """In any order of the rows."""
    order = np.random.default_rng(seed).permutation(table.num_rows)
    found = shift(table.take(pa.array(order)), table)
    assert found.auc.value == pytest.approx(0.5, abs=1e-9)
    assert not found.significant
    assert [f.auc.value for f in found.features] == pytest.approx([0.5] * len(found.features))


def test_rows_without_the_identity_are_twins_of_their_like():
    table = pa.table({"id": [*range(40), *[None] * 20], "x": [0.5] * 60})
    assert shift(table, table).auc.value == 0.5


@settings(max_examples=40)
@given(tables(), tables())
def test_a_number_stands_for_one_row_of_each_side_at_most(baseline, current):
    names = [n for n in baseline.schema.names if n in current.schema.names]
    numbers = twins(baseline, current, names)
    for side in (numbers[: baseline.num_rows], numbers[baseline.num_rows :]):
        assert len(set(side.tolist())) == len(side)
    assert set(numbers.tolist()) == set(range(numbers.max() + 1))


def people(seed, spend):
    random = np.random.default_rng(seed)
    return pa.table(
        {
            "income": random.normal(40_000, 9_000, 800),
            "age": random.normal(40, 9, 800),
            "spend": np.random.default_rng(seed + spend).normal(100 + spend, 30, 800),
        }
    )


def test_a_shift_of_the_same_people_is_found():
    found = shift(people(1, 12), people(1, 0))
    assert found.significant
    assert found.features[0].name == "spend"
    others = [f.auc.value for f in found.features[1:]]
    assert others == pytest.approx([0.5, 0.5])
    # As with other people.
    strangers = shift(people(5, 12), people(1, 0))
    assert found.auc.value == pytest.approx(strangers.auc.value, abs=0.05)


def test_few_values_are_learnt_and_judged_in_every_fold():
    old = pa.table({"x": ["a"] * 300 + ["b"] * 100})
    new = pa.table({"x": ["a"] * 200 + ["b"] * 200})
    found = shift(new, old)
    assert found.significant
    assert found.auc.value == pytest.approx(0.625, abs=0.01)
