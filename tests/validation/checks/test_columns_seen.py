"""What a column that ingest has seen says of its quality."""

import pyarrow as pa
import pytest

from tests.support.seen import ROWS, contract, found, statistics


def test_one_value_far_beyond_all_others():
    usual = [float(i % 100) for i in range(10_000)]
    wild = statistics(rows=10_001, x=pa.array([*usual, 1e8]))
    assert "reaches 100,000,000" in found(wild)["extreme_values"].message
    assert found(statistics(rows=10_001, x=pa.array([*usual, 400.0]))) == {}


def test_many_values_beyond_the_fences():
    column = pa.array([*(float(i % 10) for i in range(180)), *[60.0] * 20])
    assert found(statistics(x=column))["outliers"].severity == "info"


@pytest.mark.parametrize(
    ("text", "code"), [("{}.50", "text_of_numbers"), ("2013-01-{:02}T10", "text_of_times")]
)
def test_text_that_is_something_else(text, code):
    column = pa.array([text.format(i % 9 + 1) for i in range(ROWS)])
    assert set(found(statistics(s=column))) == {code}
    named = contract(more="features: {categorical: [s]}\n")
    assert found(statistics(s=column), named) == {}
