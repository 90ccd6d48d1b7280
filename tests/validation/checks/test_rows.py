"""Quality findings that need more than statistics: times, volume, keys, text, joins."""

from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from tests.support.seen import ROWS, contract, found, statistics, times
from tidegate.contract import Contract
from tidegate.core.errors import ContractError
from tidegate.data.joins import Joined
from tidegate.data.splits import Leakage
from tidegate.validation.checks.rows import Past


def test_good_data_has_no_findings():
    assert found(statistics()) == {}


def test_a_span_that_ends_too_early_is_stale():
    computed = statistics(t=times("2013-01-30T11:59"))
    result = found(computed, contract("{freshness: 36h}"))["stale"]
    assert result.severity == "hold"
    assert "2013-01-30 11:59, 36.0 hours before the end of the span" in result.message
    assert "stale" not in found(
        statistics(t=times("2013-01-30T12:00")), contract("{freshness: 36h}")
    )
    assert found(computed) == {}


def test_a_span_that_is_not_over_is_measured_by_the_clock():
    computed = statistics(t=times("2013-01-10T00:00"))
    agreed = contract("{freshness: 1d}")
    assert found(computed, agreed, now=datetime(2013, 1, 11, tzinfo=UTC)) == {}
    result = found(computed, agreed, now=datetime(2013, 1, 11, 0, 1, tzinfo=UTC))
    assert "24.0 hours before now" in result["stale"].message


def test_freshness_of_numbered_spans_is_by_the_clock():
    computed = statistics(span="3", period=None, t=times("2013-01-10T00:00"))
    agreed = contract("{freshness: 1d}", uri="{SPAN}.csv")
    assert set(found(computed, agreed)) == {"stale"}
    assert found(computed, agreed, now=datetime(2013, 1, 11, tzinfo=UTC)) == {}


def test_freshness_needs_a_time():
    with pytest.raises(ContractError, match=r"gates.freshness is given, and no column is named"):
        Contract.parse(
            "dataset: d\nsource: {uri: x, format: csv}\nkey: [id]\ngates: {freshness: 1d}\n"
        )


def test_freshness_that_cannot_be_judged_holds():
    agreed = contract("{freshness: 36h}")
    unread = statistics(t=pa.array(["soon"] * ROWS))
    assert found(unread, agreed)["stale"].severity == "hold"
    nobody_looked = replace(statistics(), facts=None)
    assert found(nobody_looked, agreed)["stale"].severity == "hold"
    assert found(nobody_looked) == {}
    for code in ("duplicate_keys", "placeholder_values"):
        asked = contract(f"{{findings: {{{code}: hold}}}}")
        assert found(nobody_looked, asked)[code].severity == "hold"


def test_times_outside_the_span_and_in_the_future():
    computed = statistics(t=times("2013-02-01T00:00"))
    result = found(computed)
    assert set(result) == {"times_outside_span"}
    assert f"{ROWS} of {ROWS} rows" in result["times_outside_span"].message
    ahead = found(computed, now=datetime(2013, 1, 30, 23, 59, tzinfo=UTC))
    assert set(ahead) == {"times_outside_span", "times_in_future"}
    assert "times_in_future" not in found(computed, now=datetime(2013, 1, 31, tzinfo=UTC))


def test_times_out_of_order():
    result = found(statistics(t=times("2013-01-31T23:00", "2013-01-31T22:00")))
    assert result["times_out_of_order"].message.startswith(f"{ROWS // 2} of {ROWS} rows")


@pytest.mark.parametrize(
    ("before", "code"),
    [
        ([100 * 31], set()),
        ([400 * 31 + 1], {"unusual_volume"}),
        ([400 * 31], set()),
        ([99 * 31], {"unusual_volume"}),
        ([1, 200 * 31, 200 * 31], set()),
        ([], set()),
    ],
)
def test_volume_is_compared_with_the_median_of_the_spans_before(before, code):
    # December and January both have 31 days.
    history = [Past("2012-12", rows) for rows in before]
    assert set(found(statistics(rows=200 * 31), history=history)) == code


def test_volume_limits_are_in_order():
    with pytest.raises(ContractError, match=r"gates.volume: .*min 3 is above max 2"):
        contract("{volume: {min: 3}}")


def test_volume_is_by_day():
    february = statistics(span="2013-02", rows=280, period=None)
    limits = contract("{volume: {min: 0.99, max: 1.01}}")
    assert found(february, limits, history=[Past("2013-01", 310)]) == {}
    assert found(february, limits, history=[Past("2012-11..2013-01", 920)]) == {}
    assert set(found(february, limits, history=[Past("2013-01", 280)])) == {"unusual_volume"}


def test_volume_of_numbered_spans_is_by_span():
    computed = statistics(span="3", period=None)
    agreed = contract("{volume: {min: 1, max: 1}}", uri="{SPAN}.csv")
    assert found(computed, agreed, history=[Past("1..2", 2 * ROWS)]) == {}


@pytest.mark.parametrize(("values", "code"), [(ROWS, set()), (ROWS - 3, {"duplicate_keys"})])
def test_keys_that_stand_twice(values, code):
    computed = replace(statistics(), leakage=(Leakage(("id",), values=values, shared=0),))
    result = found(computed)
    assert set(result) == code
    if code:
        assert result["duplicate_keys"].message.startswith("3 of 200 rows have a key (id)")


@pytest.mark.parametrize(("share", "severity"), [(0.1, "warn"), (0.105, "hold")])
def test_many_repeated_keys_and_unreadable_times_hold(share, severity):
    many = round(share * ROWS)
    computed = replace(statistics(), leakage=(Leakage(("id",), values=ROWS - many, shared=0),))
    assert found(computed)["duplicate_keys"].severity == severity
    moments = ["2013-01-31T22:00"] * (ROWS - many) + ["yesterday"] * many
    assert found(statistics(t=pa.array(moments)))["times_unreadable"].severity == severity
    agreed = contract("{findings: {times_unreadable: warn}}")
    assert found(statistics(t=pa.array(moments)), agreed)["times_unreadable"].severity == "warn"
    asked = contract("{findings: {duplicate_keys: {id: info}}}")
    assert found(computed, asked)["duplicate_keys"].severity == "info"


@pytest.mark.parametrize(
    ("usual", "value", "code"),
    [
        ([1.0, 5.0], -999.0, {"placeholder_values"}),
        ([0.0, 4000.0], -999.0, {"placeholder_values"}),
        ([-2000.0, 4000.0], -999.0, set()),
        ([0.0, 8000.0], 9999.0, set()),
        ([0.0, 5000.0], 9999.0, {"placeholder_values"}),
    ],
)
def test_one_placeholder_among_many_is_found(usual, value, code):
    column = pa.array([*(usual * ROWS)[: ROWS - 1], value])
    result = found(statistics(x=column))
    assert set(result) - {"extreme_values"} == code
    if code:
        assert f"{value:g} in 1 of {ROWS} rows" in result["placeholder_values"].message


def test_a_day_that_stands_for_no_day():
    days = times("2013-01-30T00:00", "2013-01-31T00:00").to_pylist()
    column = pa.array([datetime(1970, 1, 1), *days[1:]], pa.timestamp("us"))
    result = found(statistics(seen=column))
    assert "1970-01-01 in 1 of 200 rows" in result["placeholder_values"].message


def test_whole_numbers_that_are_like_a_key():
    assert set(found(statistics(n=pa.array(range(ROWS))))) == {"near_unique_column"}
    assert found(statistics(n=pa.array([i // 2 for i in range(ROWS)]))) == {}


def test_broken_and_padded_text():
    column = pa.array(["ZÃ¼rich", " Bern", "Genf", "Basel"] * (ROWS // 4))
    result = found(statistics(s=column))
    assert set(result) == {"broken_text", "padded_text"}
    assert f"UTF-8 read as Latin-1 in {ROWS // 4} of {ROWS} rows" in result["broken_text"].message
    assert "' Bern'" in result["padded_text"].message


@pytest.mark.parametrize(("matched", "code"), [(190, set()), (189, {"low_match_rate"})])
def test_too_few_rows_find_their_key(matched, code):
    joined = Joined("airports.csv", rows=ROWS, matched=matched, dropped=0, missed="origin = 'X'")
    facts = replace(statistics().facts, joins=(joined,))
    agreed = contract(
        more="joins: [{uri: airports.csv, format: csv, on: [s], columns: [n], unmatched: drop}]\n"
    )
    result = found(replace(statistics(), facts=facts), agreed)
    assert set(result) == code
    if code:
        assert result["low_match_rate"].severity == "hold"
        assert "94.5% of 200 rows" in result["low_match_rate"].message
        assert "origin = 'X'" in result["low_match_rate"].message
