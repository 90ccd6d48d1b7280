"""Spans sort in the order of time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.core.errors import ContractError
from tidegate.core.spans import span_order
from tidegate.data.sources.span_pattern import SpanPattern

moments = st.datetimes()


@given(st.lists(moments, min_size=2, max_size=5), st.integers(1, 4))
def test_spans_sort_in_the_order_of_time(times, units):
    pattern = SpanPattern("{YYYY} {MM} {DD} {HH}"[: [6, 11, 16, 21][units - 1]])
    names = [" ".join(t.strftime(f"{t.year:04} %m %d %H").split()[:units]) for t in sorted(times)]
    spans = [pattern.match(name) for name in names]
    assert sorted(spans) == spans
    assert sorted(spans, key=span_order) == spans


@given(st.lists(st.integers(0, 10**9)))
def test_whole_numbers_sort_by_value(numbers):
    spans = [SpanPattern("{SPAN}").match(f"{n:04}") for n in numbers]
    assert [int(s) for s in sorted(spans, key=span_order)] == sorted(numbers)


@pytest.mark.parametrize("text", ["", "2013-2", "latest", "2013-02-07T", "2013/02", "-1", "1\n"])
def test_what_is_not_a_span(text):
    with pytest.raises(ContractError, match="is not a span"):
        span_order(text)


@pytest.mark.parametrize("text", ["..2013", "2013..", "2013-01..x", "1...2", "1..2..3", "last:3"])
def test_what_is_no_range(text):
    with pytest.raises(ContractError, match="is not a span"):
        span_order(text)
