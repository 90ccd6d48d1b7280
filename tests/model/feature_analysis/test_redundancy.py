"""Features that tell the same."""

import numpy as np
import pytest

from tests.support.modelling import normal
from tests.support.signals import ROWS, coin, measured
from tidegate.model.feature_analysis import redundancy


def test_redundant_pairs():
    y = coin()
    x = normal(ROWS) + y
    drawn = np.random.default_rng(3).integers(0, 8, (2, ROWS))
    city = np.where(y, drawn.min(axis=0), drawn[0])
    found = measured(
        {
            "x": x,
            "kelvin": 273.15 + x,
            "falling": -np.exp(x) + normal(ROWS, 8) / 100,
            "other": normal(ROWS, 9) + y,
            "city": city.astype(str),
            "coast": np.where(city < 3, "east", "west"),
            "y": y,
        }
    )
    pairs = {frozenset((p.first, p.second)): p for p in found.pairs}
    numbers = [{"x", "kelvin"}, {"x", "falling"}, {"kelvin", "falling"}, {"city", "coast"}]
    assert set(pairs) == {frozenset(pair) for pair in numbers}
    assert pairs[frozenset({"x", "falling"})].rank_correlation == pytest.approx(-1, abs=0.02)
    told = pairs[frozenset({"city", "coast"})]
    assert (told.first, told.second) == ("city", "coast")
    assert told.explained == pytest.approx(1, abs=0.001)
    assert told.back < 0.6
    dropped = {f.name: f.reason for f in found.dropped}
    assert set(dropped) == {"coast", *({"x", "kelvin", "falling"} & set(dropped))}
    assert len(dropped) == 3
    assert dropped["coast"].startswith("city tells")


def test_rank_correlation_is_spearmans():
    x, y = normal(ROWS), coin()
    there = coin(seed=5, p=0.8) == 1
    z = np.where(there, x**3 + 0.1 * normal(ROWS, 1), np.nan)
    (pair,) = measured({"x": x, "z": z, "y": y}).pairs
    ranks = [np.argsort(np.argsort(v[there])) for v in (x, z)]
    assert pair.rank_correlation == pytest.approx(np.corrcoef(*ranks)[0, 1], abs=0.005)


def test_pairs_are_of_the_columns_that_tell_most(monkeypatch):
    monkeypatch.setattr(redundancy, "MAX_PAIRED", 2)
    y = coin()
    found = measured({"a": normal(ROWS) + y, "b": normal(ROWS) + y, "c": normal(ROWS, 3), "y": y})
    assert found.paired == 2
    assert len(found.pairs) == 1
