"""Features that know more of the label than an honest one can."""

import numpy as np
import pyarrow as pa
import pytest

from tests.support.modelling import normal
from tests.support.signals import ROWS, by_name, coin, contract, measured
from tidegate.model.feature_analysis import leaks


def suspects(columns, label="y", **sections):
    found = leaks.suspects(pa.table(columns), contract(label, **sections))
    return {name: doubt.nearly_all for name, doubt in found}


def carat(rows=ROWS, seed=0):
    """Weights of stones: grown from lengths, of which each has a weight of its own."""
    length = np.exp(normal(rows, seed) / 3 + 1.7)
    return length, length**3 / 160 * np.exp(normal(rows, seed + 1) / 40)


def test_a_copy_of_a_class_is_held_in_any_dress():
    y = coin(p=0.2)
    late = np.where(y == 1, normal(ROWS) + 20, normal(ROWS))
    columns = {"text": np.where(y == 1, "ja", "nein"), "late": late, "other": normal(ROWS), "y": y}
    assert suspects(columns) == {"text": True, "late": True}


def test_a_copy_of_one_of_several_classes_is_held():
    y = np.random.default_rng(0).integers(0, 5, ROWS)
    names = np.array(list("abcde"))[y]
    assert suspects({"code": y * 10, "x": normal(ROWS) + y, "y": names}) == {"code": True}


def test_what_is_known_afterwards_of_some_rows_is_a_doubt():
    y = coin(p=0.2)
    refunded = np.where((y == 1) & (coin(seed=4, p=0.3) == 1), "2013-01-01", "")
    found = suspects({"refunded": [r or None for r in refunded], "y": y})
    assert found == {"refunded": False}


def test_a_strong_feature_of_a_class_is_a_doubt_and_a_weaker_one_none():
    y = coin()
    assert suspects({"x": normal(ROWS) + 2.6 * y, "y": y}) == {"x": False}
    assert suspects({"x": normal(ROWS) + 2 * y, "y": y}) == {}


@pytest.mark.parametrize("dress", [lambda y: y, np.log, lambda y: -3 * y + 7, lambda y: y * 1.19])
def test_a_number_that_is_a_function_of_the_label_is_held(dress):
    _, y = carat()
    assert suspects({"copy": dress(y), "y": y}) == {"copy": True}


def test_a_rounded_copy_with_gaps_is_held():
    _, y = carat()
    copy = pa.array(np.round(y, 2), mask=coin(seed=3, p=0.2).astype(bool))
    assert suspects({"copy": copy, "y": y}) == {"copy": True}


def test_a_physical_near_copy_is_no_leak_however_well_it_correlates():
    length, y = carat()
    assert abs(np.corrcoef(np.argsort(np.argsort(length)), np.argsort(np.argsort(y)))[0, 1]) > 0.99
    assert suspects({"length": length, "y": y}) == {}


def test_a_slow_series_is_no_leak_of_another():
    y = np.cumsum(normal(ROWS))
    assert suspects({"row": np.arange(ROWS), "y": y}) == {}


def test_nothing_is_said_where_nothing_can_be_known():
    y = coin()
    assert suspects({"copy": y, "y": y}, label=None) == {}
    assert suspects({"copy": y, "y": y}, label="gone") == {}
    assert suspects({"copy": y[:49], "y": y[:49]}) == {}
    assert suspects({"copy": np.ones(ROWS), "y": np.ones(ROWS)}) == {}
    assert suspects({"copy": np.arange(ROWS), "y": [f"t{i}" for i in range(ROWS)]}) == {}
    none = pa.nulls(ROWS)
    assert suspects({"copy": none, "y": y}) == {}
    assert suspects({"copy": y, "y": none}) == {}


def test_excluded_columns_and_the_key_are_no_suspects():
    y = coin()
    columns = {"id": y, "after": y, "y": y}
    assert suspects(columns, features={"exclude": ["after"]}) == {}


def test_rows_without_label_do_not_count():
    y = pa.array(coin().astype(float), mask=coin(seed=5, p=0.5).astype(bool))
    assert suspects({"copy": y, "known": y.is_valid().cast(pa.int64()), "y": y}) == {"copy": True}


def test_a_measurement_has_the_same_rule():
    length, y = carat()
    found = by_name(measured({"length": length, "log": np.log(y), "y": y}))
    assert (found["length"].code, found["log"].code) == ("", "leak")
