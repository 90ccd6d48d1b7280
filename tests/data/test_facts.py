"""What ingest notices of rows: times, numbers that stand for nothing, text."""

import itertools
from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.data.facts import PLACEHOLDERS, Facts, Gatherer

JANUARY = (datetime(2013, 1, 1), datetime(2013, 2, 1))


def gathered(columns, *, time="t", period=JANUARY, cuts=()):
    batch = pa.RecordBatch.from_arrays(list(columns.values()), list(columns))
    gatherer = Gatherer(time, period)
    edges = [0, *sorted(cuts), batch.num_rows]
    for start, stop in itertools.pairwise(edges):
        gatherer.add(batch.slice(start, stop - start))
    return gatherer.result()


def times(*texts, kind=None):
    return pa.array([datetime.fromisoformat(t) for t in texts], kind or pa.timestamp("us"))


def test_times_in_order_and_inside_the_span():
    found = gathered({"t": times("2013-01-01T00:00", "2013-01-05T12:00", "2013-01-31T23:59")})
    assert (found.times.first, found.times.last) == (
        "2013-01-01T00:00:00.000000",
        "2013-01-31T23:59:00.000000",
    )
    assert (found.times.read, found.times.out_of_order, found.times.outside) == (3, 0, 0)


def test_times_out_of_order_are_counted_across_batches():
    column = times("2013-01-03", "2013-01-02", "2013-01-04", "2013-01-01")
    for cuts in [(), (1,), (1, 2, 3)]:
        assert gathered({"t": column}, cuts=cuts).times.out_of_order == 2


def test_times_before_and_after_the_span():
    column = times("2012-12-31T23:59:59", "2013-01-01", "2013-01-31T23:59:59", "2013-02-01")
    assert gathered({"t": column}).times.outside == 2
    assert gathered({"t": column}, period=None).times.outside is None


@pytest.mark.parametrize("zone", ["", "Z", "+00:00"])
def test_times_written_as_text(zone):
    column = pa.array([f"2013-01-02T03:04:05{zone}", f"2013-01-01T00:00:00{zone}", None])
    found = gathered({"t": column}).times
    assert found.first == "2013-01-01T00:00:00.000000"
    assert (found.read, found.unreadable) == (2, 0)


def test_text_that_is_no_time_is_counted_and_the_rest_is_read():
    found = gathered({"t": pa.array(["2013-01-02T03:04:05+01:00", "yesterday", "31/12/13"])}).times
    assert (found.read, found.unreadable) == (1, 2)
    assert found.first == "2013-01-02T02:04:05.000000"


def test_numbers_are_no_times():
    found = gathered({"t": pa.array([20130101, 20130102])}).times
    assert (found.read, found.unreadable, found.first) == (0, 2, None)


@pytest.mark.parametrize("value", [p for p in PLACEHOLDERS if abs(p) in (999, 99999)])
@pytest.mark.parametrize("kind", [pa.int64(), pa.float64()])
def test_suspicious_numbers_are_counted_and_stand_apart_from_the_rest(value, kind):
    found = gathered({"x": pa.array([1, 5, value, 3, value], pa.float64()).cast(kind)}, time=None)
    (column,) = found.numbers
    assert column.placeholders == {f"{value:g}": 2}
    assert (column.rest_min, column.rest_max) == (1.0, 5.0)


def test_infinities_and_nan_are_no_rest():
    found = gathered({"x": pa.array([np.inf, 2.0, np.nan, -np.inf, None])}, time=None)
    assert (found.numbers[0].rest_min, found.numbers[0].rest_max) == (2.0, 2.0)


def test_days_that_clocks_show_when_they_have_none():
    found = gathered({"x": times("1970-01-01", "2013-01-02", "1970-01-01")}, time=None)
    assert found.numbers[0].placeholders == {"1970-01-01": 2}


@pytest.mark.parametrize("distinct", [1, 1000, 300_000])
def test_distinct_integers_are_estimated_within_two_percent(distinct):
    values = np.random.default_rng(3).integers(0, 2**62, distinct)
    found = gathered({"x": pa.array(np.concatenate([values, values]))}, time=None)
    assert abs(found.numbers[0].distinct - distinct) <= 0.02 * distinct


def test_counting_up_is_distinct_too():
    found = gathered({"x": pa.array(np.arange(100_000))}, time=None)
    assert abs(found.numbers[0].distinct - 100_000) <= 2_000


@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.datetimes(datetime(2012, 12, 1), datetime(2013, 3, 1))),
            st.one_of(st.none(), st.integers(-1000, 1000)),
            st.one_of(st.none(), st.sampled_from(["a", " b", "Ã©", "c\x01", ""])),
        ),
        max_size=40,
    ),
    st.sets(st.integers(0, 40), max_size=5),
)
def test_facts_do_not_depend_on_how_rows_are_cut(rows, cuts):
    columns = {
        "t": pa.array([r[0] for r in rows], pa.timestamp("us")),
        "x": pa.array([r[1] for r in rows], pa.int64()),
        "s": pa.array([r[2] for r in rows], pa.string()),
    }
    whole = gathered(columns)
    cut = gathered(columns, cuts=[c for c in cuts if c <= len(rows)])
    assert cut == whole
    assert Facts.of(whole.to_json()) == whole
