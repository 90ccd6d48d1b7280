"""What tells two sets of rows apart."""

import numpy as np
import pyarrow as pa
import pytest

from tests.support.modelling import normal
from tests.support.shifts import ROWS, contract, rows, shift
from tidegate.comparison.shift import uninformative_columns
from tidegate.core.errors import SignalError


def by_name(found):
    return {f.name: f for f in found.features}


def test_one_distribution_cannot_be_told_apart():
    found = shift(rows(3), rows(4))
    assert found.auc.low < 0.5 < found.auc.high
    assert not found.significant
    assert not any(f.significant for f in found.features)
    assert not found.label.significant
    assert set(by_name(found)) == {"temp", "wind", "city"}


def test_the_interval_holds_a_coin_as_often_as_it_says():
    held = 0
    for seed in range(60):
        found = shift(rows(2 * seed, size=400), rows(2 * seed + 1, size=400), seed=seed)
        held += found.auc.low <= 0.5 <= found.auc.high
    assert held >= 54


def test_covariate_shift():
    found = shift(rows(3, move=1.0), rows(4))
    # Two normals a standard deviation apart: AUC 0.760.
    assert found.auc.value == pytest.approx(0.760, abs=0.02)
    assert found.auc.high - found.auc.low < 0.05
    assert found.significant
    first, *others = found.features
    assert (first.name, first.significant) == ("temp", True)
    assert first.auc.value == pytest.approx(0.76, abs=0.02)
    assert first.weight > 0.8
    assert not any(f.significant for f in others)
    assert not found.label.significant


def test_what_moved_is_named():
    found = by_name(shift(rows(1, city=(0.2, 0.3, 0.5)), rows(2)))
    assert {cell for cell, *_ in found["city"].moved[:2]} == {"EWR", "LGA"}
    moved = {cell: (before, now) for cell, before, now in found["city"].moved}
    assert moved["EWR"] == pytest.approx((0.5, 0.2), abs=0.03)


def test_several_features_tell_more_than_one():
    def pair(seed, move):
        columns = {f"x{i}": normal(ROWS, seed * 10 + i) + move for i in range(4)}
        return pa.table(columns)

    found = shift(pair(1, 0.5), pair(2, 0), contract(None))
    # Four shifts of half a standard deviation are one of a whole: AUC 0.760, each alone 0.638.
    assert found.auc.value == pytest.approx(0.760, abs=0.025)
    assert max(f.auc.value for f in found.features) < 0.67
    assert all(0.15 < f.weight < 0.35 for f in found.features)


def test_missing_values_are_a_shift():
    before, now = rows(1), rows(2)
    wind = [None if i % 3 == 0 else v for i, v in enumerate(now["wind"].to_pylist())]
    found = shift(now.set_column(2, "wind", pa.array(wind)), before)
    first = found.features[0]
    assert (first.name, first.moved[0][0]) == ("wind", "missing")


def test_columns_that_cannot_be_compared_are_named():
    before = rows(1).append_column("gone", pa.array(["a"] * ROWS))
    now = rows(2).append_column("new", pa.array(normal(ROWS)))
    now = now.set_column(2, "wind", pa.array(["calm"] * ROWS))
    found = shift(now, before.drop(["y"]))
    assert found.label is None
    assert found.left_out["gone"] == "now does not have it"
    assert found.left_out["new"] == "before does not have it"
    assert "of another type (double before, string now)" in found.left_out["wind"]
    assert found.left_out["y"] == "the label is not there before"
    assert set(by_name(found)) == {"temp", "city"}


def test_an_empty_column_is_compared_with_a_full_one():
    now = rows(2).set_column(2, "wind", pa.nulls(ROWS))
    found = shift(now, rows(1))
    assert found.auc.value > 0.99
    assert found.features[0].name == "wind"


def test_excluded_columns_and_the_key_are_not_compared():
    rules = contract(features={"exclude": ["temp"]})
    found = shift(rows(1, move=3.0), rows(2), rules)
    assert set(by_name(found)) == {"wind", "city"}
    assert not found.significant


def test_many_features_are_bounded():
    def wide(seed):
        random = np.random.default_rng(seed)
        return pa.table({f"f{i}": random.normal(size=300) for i in range(120)})

    found = shift(wide(1), wide(2), contract(None))
    assert found.joined == 50
    assert len(found.features) == 120
    assert found.auc.low < 0.5 < found.auc.high


def test_what_no_contract_says_is_guessed():
    def table(start):
        days = [f"2013-0{start}-{1 + i % 28:02}" for i in range(ROWS)]
        names = [f"{start}-{i}" for i in range(ROWS)]
        moments = np.arange(ROWS).astype("datetime64[us]")
        return pa.table(
            {
                "day": days, "name": names, "at": moments, "n": np.arange(ROWS) + start * ROWS,
                "x": normal(ROWS, start), "k": np.arange(ROWS) % 7,
            }
        )  # fmt: skip

    found = uninformative_columns(table(1), table(2), set())
    assert found == {
        "day": "times",
        "at": "times",
        "name": "a different value in nearly every row",
        "n": "a different value in nearly every row",
    }
    assert "day" not in uninformative_columns(table(1), table(2), {"day"})


def test_errors_name_the_remedy():
    with pytest.raises(SignalError, match="now has 10 rows; 50 are the fewest"):
        shift(rows(1).slice(0, 10), rows(2))
    with pytest.raises(SignalError, match="no feature in common"):
        shift(pa.table({"a": normal(99)}), pa.table({"b": normal(99)}), contract(None))
    with pytest.raises(SignalError, match="label 'late' is in neither"):
        shift(rows(1), rows(2), contract("late"))
