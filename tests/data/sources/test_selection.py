"""Which spans a run is about, and that what should be there and is not is named."""

import itertools
import logging
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.contract import Contract
from tidegate.core.errors import ContractError, MissingSpanError, SourceError
from tidegate.core.spans import range_name, span_order
from tidegate.data import sources
from tidegate.data.examples import ingest
from tidegate.data.sources.selection import scheduled, select
from tidegate.data.sources.span_pattern import SpanPattern
from tidegate.platform.registry import Registry

MONTHS = SpanPattern("/d/{YYYY}-{MM}.csv")
SHAPES = {
    "year": SpanPattern("/d/{YYYY}"),
    "month": MONTHS,
    "day": SpanPattern("/d/{YYYY}{MM}{DD}"),
    "hour": SpanPattern("/d/{YYYY}{MM}{DD}{HH}"),
}
YEAR = tuple(f"2013-{month:02}" for month in range(1, 13))


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ("latest", YEAR[-1:]),
        ("2013-02", ("2013-02",)),
        ("2013-02..2013-04", ("2013-02", "2013-03", "2013-04")),
        ("2013-02..2013-02", ("2013-02",)),
        ("last:3", YEAR[-3:]),
        ("last:3@2013-06", ("2013-04", "2013-05", "2013-06")),
        ("last:9@2013-02,min:2", ("2013-01", "2013-02")),
        ("last:99,min:12", YEAR),
        ("before:2013-03-01T00:00", ("2013-02",)),
        ("before:2013-03-31T23:59:59", ("2013-02",)),
        ("before:2013-03-01T01:00+02:00", ("2013-01",)),
        ("last:2@before:2013-05-02T06:00", ("2013-03", "2013-04")),
        ("interval:2013-02-01T00:00/2013-03-01T00:00", ("2013-02",)),
        ("interval:2013-02-01/2013-04-01", ("2013-02", "2013-03")),
        ("interval:2013-01-31T12:00/2013-03-31T12:00", ("2013-02",)),
        ("interval:2013-02-01T00:00:00Z/2013-03-01T00:00:00Z", ("2013-02",)),
        ("interval:2013-02-01T02:00+02:00/2013-03-01T02:00+02:00", ("2013-02",)),
    ],
)
def test_selections(selection, expected):
    assert select(selection, MONTHS, YEAR) == expected


@pytest.mark.parametrize(
    ("selection", "error", "message"),
    [
        ("2014-01", MissingSpanError, "span '2014-01' is not in .*; there are: 2013-01, .*2013-12"),
        ("2013-11..2014-01", MissingSpanError, "needs 2014-01, which .* does not have"),
        ("last:2@2014-01", MissingSpanError, "needs 2014-01, which"),
        ("last:13", MissingSpanError, "needs 13 spans up to 2013-12, and .* begins with 2013-01"),
        ("last:9@2013-02,min:3", MissingSpanError, "needs 3 spans up to 2013-02"),
        ("last:2@2012-01,min:1", MissingSpanError, "needs 2012-01, which"),
        ("interval:2014-01-01/2014-03-01", MissingSpanError, "needs 2014-01, 2014-02, which"),
        ("interval:2013-02-02/2013-03-01", ContractError, "no span of .* lies wholly inside"),
        ("interval:2013-03-01/2013-02-01", ContractError, "ends before it begins"),
        ("interval:2013-02-31/2013-04-01", ContractError, "'2013-02-31' is no moment"),
        ("interval:2013-02-01", ContractError, "is no selection of spans"),
        ("2013-03..2013-01", ContractError, "ends before it begins"),
        ("2013-03..", ContractError, "'' is not a span of .*written as {YYYY}-{MM}"),
        ("2013-03..2013-03-05", ContractError, "'2013-03-05' is not a span of"),
        ("2013-03..2013-13", ContractError, "'2013-13' is not a span of"),
        ("last:0", ContractError, "is no selection of spans"),
        ("last:3@", ContractError, "is no selection of spans"),
        ("last:3@march", ContractError, "'march' is not a span of"),
        ("before:2014-03-01", MissingSpanError, "needs 2014-02, which"),
        ("before:2013-01-31", MissingSpanError, "needs 2012-12, which"),
        ("before:March", ContractError, "'March' is no moment"),
        ("last:2@before:", ContractError, "'' is no moment"),
        ("last:2,min:3", ContractError, "no fewer than 3 of 2"),
        ("0001-01..9999-12", ContractError, "is 119,988 spans; a run has 100,000 at most"),
    ],
)
def test_what_cannot_be_selected(selection, error, message):
    with pytest.raises(error, match=message) as caught:
        select(selection, MONTHS, YEAR)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ("latest", ("2013-11",)),
        ("2013-01..2013-04", ("2013-01", "2013-04")),
        ("last:3@2013-05", ("2013-01", "2013-04", "2013-05")),
        ("last:2", ("2013-10", "2013-11")),
        ("interval:2013-02-01/2013-05-01", ("2013-04",)),
    ],
)
def test_excluded_spans_are_no_gaps(selection, expected):
    there = [span for span in YEAR if span != "2013-03"]
    assert select(selection, MONTHS, there, ("2013-02..2013-03", "2013-12")) == expected


@pytest.mark.parametrize(
    ("selection", "error", "message"),
    [
        ("2013-02", MissingSpanError, "'2013-02' is in source.exclude_spans"),
        ("last:2@2013-02", MissingSpanError, "ends with a span in source.exclude_spans"),
        ("2013-02..2013-03", MissingSpanError, "all spans of .* are in source.exclude_spans"),
    ],
)
def test_excluded_spans_are_not_taken(selection, error, message):
    with pytest.raises(error, match=message):
        select(selection, MONTHS, YEAR, ("2013-02..2013-03",))


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ("before:scheduled", "before:2013-03-02T06:00:00Z"),
        ("last:3@before:scheduled", "last:3@before:2013-03-02T06:00:00Z"),
        ("2013-01", "2013-01"),
        ("latest", "latest"),
    ],
)
def test_the_moment_a_run_was_scheduled_for(selection, expected):
    assert scheduled(selection, "2013-03-02T06:00:00Z") == expected


def test_a_run_that_no_schedule_started_has_no_such_moment():
    with pytest.raises(ContractError, match="'' is no moment"):
        select(scheduled("before:scheduled", ""), MONTHS, YEAR)


def test_nothing_left_to_select():
    with pytest.raises(MissingSpanError, match=r"all spans of .* are in source\.exclude_spans"):
        select("latest", MONTHS, YEAR, ("2013-01..2013-12",))
    with pytest.raises(MissingSpanError, match=r"no object matches source\.uri"):
        select("latest", MONTHS, ())
    with pytest.raises(ContractError, match=r"source\.exclude_spans: 'May' is not a span of"):
        select("latest", MONTHS, YEAR, ("May",))


def test_counters_have_no_interval():
    counters = SpanPattern("/d/{SPAN:04}.csv")
    assert select("9..11", counters, ("9", "10", "11")) == ("9", "10", "11")
    assert select("last:2", counters, ("9", "10", "11")) == ("10", "11")
    with pytest.raises(MissingSpanError, match=r"'9\.\.11' needs 10, which"):
        select("9..11", counters, ("9", "11"))
    with pytest.raises(ContractError, match="are numbers and no times; give a span"):
        select("interval:2013-01-01/2013-02-01", counters, ("9",))
    with pytest.raises(ContractError, match="are numbers and no times; give a span"):
        select("before:2013-02-01", counters, ("9",))


moments = st.datetimes(datetime(1000, 1, 1), datetime(3000, 1, 1))
shapes = st.sampled_from(sorted(SHAPES))


def _name(shape, moment):
    text = moment.isoformat()
    return text[: {"year": 4, "month": 7, "day": 10, "hour": 13}[shape]]


@given(shapes, moments, st.integers(0, 40))
def test_numbers_of_spans_follow_the_calendar(shape, moment, steps):
    pattern = SHAPES[shape]
    span = _name(shape, moment)
    number = pattern.ordinal(span)
    assert pattern.span_at(number) == span
    later = [pattern.span_at(number + i) for i in range(steps + 1)]
    assert sorted(later) == later
    assert len(set(later)) == steps + 1
    longest = timedelta(hours={"year": 8784, "month": 744, "day": 24, "hour": 1}[shape])
    after = _name(shape, _start(shape, moment) + longest)
    assert pattern.span_at(number + 1) == after
    assert pattern.begins(_start(shape, moment))


@given(shapes, moments, st.integers(1, 30), st.data())
def test_a_range_has_all_between_and_names_what_lacks(shape, moment, size, data):
    pattern = SHAPES[shape]
    first = pattern.ordinal(_name(shape, moment))
    there = tuple(pattern.span_at(first + i) for i in range(size))
    assert select(range_name(there), pattern, there) == there
    assert span_order(range_name(there)) == span_order(there[-1])
    gone = data.draw(st.sets(st.sampled_from(there), max_size=min(3, size - 1)))
    left = tuple(span for span in there if span not in gone)
    if gone:
        with pytest.raises(MissingSpanError) as caught:
            select(f"{there[0]}..{there[-1]}", pattern, left)
        assert f"needs {', '.join(sorted(gone))}, which" in str(caught.value)
    assert select(f"{there[0]}..{there[-1]}", pattern, left, tuple(gone)) == left
    # The name of what an exclusion left selects the same again.
    assert select(range_name(left), pattern, there, tuple(gone)) == left


@given(shapes, moments, moments.map(lambda m: m - datetime(1000, 1, 1)), st.booleans())
def test_an_interval_has_the_spans_wholly_inside(shape, start, length, aligned):
    pattern = SHAPES[shape]
    unit = {"year": 366 * 24, "month": 31 * 24, "day": 24, "hour": 1}[shape]
    length %= timedelta(hours=unit * 8)
    if aligned:
        start = _start(shape, start)
    end = start + length + timedelta(microseconds=1)
    moment = start - timedelta(hours=unit)
    spans = {}
    while moment <= end + timedelta(hours=unit):
        name = _name(shape, moment)
        spans[name] = _start(shape, moment)
        moment += timedelta(minutes=30 if shape == "hour" else unit * 20)
    names = sorted(spans, key=spans.get)
    inside = tuple(
        name
        for name, following in itertools.pairwise(names)
        if spans[name] >= start and spans[following] <= end
    )
    asked = f"interval:{start.isoformat()}/{end.isoformat()}"
    if inside:
        assert select(asked, pattern, tuple(names)) == inside
        assert select(asked, pattern, inside) == inside
    else:
        with pytest.raises(ContractError, match="lies wholly inside"):
            select(asked, pattern, tuple(names))


def _start(shape, moment):
    midnight = {"minute": 0, "second": 0, "microsecond": 0}
    if shape != "hour":
        midnight["hour"] = 0
    if shape in ("year", "month"):
        midnight["day"] = 1
    if shape == "year":
        midnight["month"] = 1
    return moment.replace(**midnight)


# On disk


def test_a_range_is_read_in_the_order_of_spans(flights, tmp_path):
    inputs = sources.resolve(flights, "2013-02..2013-04")
    assert inputs.span == "2013-02..2013-04"
    assert inputs.spans == ("2013-02", "2013-03", "2013-04")
    assert [o.name for o in inputs.objects] == [f"{span}/part.csv" for span in inputs.spans]
    months = [m for b in sources.read(inputs, flights) for m in b.column("month").to_pylist()]
    assert sorted(months) == months
    assert set(months) == {2, 3, 4}
    assert sources.resolve(flights, "last:3@2013-04") == inputs
    assert sources.resolve(flights, inputs.span) == inputs
    alone = {sources.resolve(flights, span).digest for span in inputs.spans}
    assert inputs.digest not in alone
    assert len(alone) == 3
    made = ingest(
        flights, span="last:3@2013-04", out=tmp_path / "out", content_digest=inputs.digest
    )
    assert made.span == inputs.span
    assert made.num_rows() == len(months)


def test_counters_are_read_by_value_and_not_by_text(contract_on):
    contract = contract_on({"9": "id\n9\n", "10": "id\n10\n"})
    inputs = sources.resolve(contract, "9..10")
    rows = [i for b in sources.read(inputs, contract) for i in b.column("id").to_pylist()]
    assert rows == [9, 10]


def test_one_span_of_several_without_rows_is_an_error(contract_on, tmp_path):
    files = {}
    for name, rows in {"1": [9], "2": [], "3": [9]}.items():
        pq.write_table(pa.table({"id": pa.array(rows, pa.int64())}), tmp_path / "raw")
        files[name] = (tmp_path / "raw").read_bytes()
    contract = contract_on(files, kind="parquet")
    with pytest.raises(SourceError, match="span 2 has no rows in 2"):
        list(sources.read(sources.resolve(contract, "1..3"), contract))


def test_exclusions_come_from_the_contract(contract_on):
    contract = contract_on({"1": "id\n9\n", "3": "id\n9\n"}, exclude_spans=["2"])
    assert sources.resolve(contract, "1..3").spans == ("1", "3")
    with pytest.raises(MissingSpanError, match=r"'1\.\.3' needs 2"):
        sources.resolve(contract_on({}), "1..3")


def _delivered(tmp_path, *names):
    for name in names:
        file = tmp_path / "in" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"id,name\n1,{name}\n")
    path = tmp_path / "contract.yaml"
    path.write_text(
        "dataset: d\nkey: [id]\nsource: {uri: 'in/{YYYY}-{MM}/v{VERSION:03}/*.csv', format: csv}\n"
    )
    return Contract.load(path)


def test_the_highest_version_is_taken_whole_and_alone(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    contract = _delivered(
        tmp_path, "2013-01/v001/a.csv", "2013-02/v002/a.csv", "2013-02/v010/b.csv"
    )
    first = sources.resolve(contract, "2013-01..2013-02")
    assert [o.name for o in first.objects] == ["2013-01/v001/a.csv", "2013-02/v010/b.csv"]
    assert caplog.messages == ["span 2013-02: version 10 is taken, not 2"]
    _delivered(tmp_path, "2013-02/v011/a.csv", "2013-02/v011/c.csv", "2013-02/v11/no.csv")
    late = sources.resolve(contract, "2013-02")
    assert [o.name for o in late.objects] == ["2013-02/v011/a.csv", "2013-02/v011/c.csv"]


@given(
    st.dictionaries(
        st.integers(0, 50), st.sets(st.integers(0, 999), min_size=1, max_size=4), min_size=1
    )
)
def test_widths_and_versions_are_read_from_names(versions):
    pattern = SpanPattern("/d/{SPAN:04}{VERSION:03}-{SPAN:04}.csv")
    assert pattern.versioned
    for span, numbers in versions.items():
        for number in numbers:
            located = pattern.locate(f"{span:04}{number:03}-{span:04}.csv")
            assert (located.span, located.version) == (str(span), number)
            assert pattern.locate(f"{span}{number:03}-{span}.csv") is None


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("/d/{SPAN}{VERSION}", "nothing shows where SPAN ends and VERSION begins"),
        ("/d/{SPAN:04}/{SPAN}", "gives SPAN two widths"),
        ("/d/{SPAN:x}", "{SPAN:x} is no width"),
        ("/d/{SPAN:0}", "{SPAN:0} is no width"),
        ("/d/{SPAN:19}", "{SPAN:19} is no width"),
        ("/d/{YYYY:04}", "{YYYY:04} is no width"),
        ("/d/v{VERSION}", "does not say where the span stands"),
    ],
)
def test_widths_that_mean_nothing(pattern, message):
    with pytest.raises(ContractError) as caught:
        SpanPattern(pattern)
    assert message in str(caught.value)


def test_a_range_in_the_registry_counts_as_its_last_span(tmp_path):
    payload = tmp_path / "payload"
    payload.mkdir()
    registry = Registry(str(tmp_path / "registry"), "d")
    for span in ("2013-04", "2013-01..2013-03", "2013-02"):
        (payload / "f").write_text(span)
        registry.commit("statistics", f"{span}-0123456789ab", payload, span=span, lineage={})
    for span, before in {
        "2013-02": None,
        "2013-03": "2013-02",
        "2013-02..2013-03": "2013-02",
        "2013-04": "2013-01..2013-03",
        "2013-03..2013-05": "2013-04",
    }.items():
        found = registry.statistics_before(span)
        assert (found.span if found else None) == before
    entry = registry.get("statistics", "2013-01..2013-03-0123456789ab")
    assert (registry.fetch(entry, tmp_path / "back") / "f").read_text() == "2013-01..2013-03"
