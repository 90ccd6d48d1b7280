"""Rows are bounded, and a sample says so."""

import pytest

from tests.support.modelling import contract_of, ingested, normal
from tests.support.signals import ROWS, coin, measured
from tidegate.core.errors import ExamplesError
from tidegate.model import feature_analysis
from tidegate.model.feature_analysis import sampling


def test_rows_are_bounded_by_columns():
    assert sampling.row_limit(19) == 500_000
    assert sampling.row_limit(500) == 40_000
    assert sampling.row_limit(10_000) == 10_000


def test_a_sample_says_so(monkeypatch):
    monkeypatch.setattr(sampling, "MAX_ROWS", 1000)
    found = measured({"x": normal(ROWS), "y": coin()})
    assert (found.rows, found.measured, sum(found.part_rows)) == (ROWS, 1000, 1000)


def test_an_empty_split_is_an_error(tmp_path):
    rules = contract_of(tmp_path, splits={"by": "hash(x)"})
    made = ingested(tmp_path, rules, {"x": [1] * 100, "y": [0, 1] * 50})
    with pytest.raises(ExamplesError, match="split of 1 is empty"):
        feature_analysis.of_examples(made)
