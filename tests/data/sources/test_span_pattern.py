"""A span is read from a name, and has a period."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.core.errors import ContractError
from tidegate.data.sources.span_pattern import SpanPattern


@pytest.mark.parametrize(
    ("pattern", "root", "prefix", "shape", "name", "span"),
    [
        ("/d/{YYYY}-{MM}/*.csv", "/d", "", "{YYYY}-{MM}", "2013-02/a.csv", "2013-02"),
        ("/d/fl-{YYYY}.csv", "/d", "fl-", "{YYYY}", "fl-2013.csv", "2013"),
        ("d/{YYYY}{MM}{DD}", "d", "", "{YYYY}-{MM}-{DD}", "20130207", "2013-02-07"),
        (
            "s3://b/{YYYY}/{MM}/{DD}/{HH}.parquet",
            "s3://b",
            "",
            "{YYYY}-{MM}-{DD}T{HH}",
            "2013/02/07/05.parquet",
            "2013-02-07T05",
        ),
        ("{DD}.{MM}.{YYYY}", ".", "", "{YYYY}-{MM}-{DD}", "07.02.2013", "2013-02-07"),
        ("/{SPAN}", "/", "", "{SPAN}", "0042", "42"),
        ("/d/{YYYY}/{YYYY}-{MM}?.csv", "/d", "", "{YYYY}-{MM}", "2013/2013-02x.csv", "2013-02"),
        ("/d/a[1](b).+/{SPAN}", "/d/a[1](b).+", "", "{SPAN}", "7", "7"),
        ("/d/*/{YYYY}/[x]{MM}", "/d", "", "{YYYY}-{MM}", "any/2013/[x]12", "2013-12"),
    ],
)
def test_patterns(pattern, root, prefix, shape, name, span):
    read = SpanPattern(pattern)
    assert (read.root, read.prefix, read.shape) == (root, prefix, shape)
    assert read.match(name) == span
    assert name.startswith(read.prefix)


@pytest.mark.parametrize(
    "name",
    [
        "2013-13/a.csv",
        "2013-00/a.csv",
        "2013-2/a.csv",
        "0000-01/a.csv",
        "2013-02/b/a.csv",
        "2013-02/a.csv.gz",
        "x2013-02/a.csv",
        "2013-02/a.csv\n",
        "٢٠١٣-02/a.csv",
    ],
)
def test_names_that_do_not_fit(name):
    assert SpanPattern("/d/{YYYY}-{MM}/*.csv").match(name) is None


def test_impossible_days_do_not_fit():
    pattern = SpanPattern("{YYYY}{MM}{DD}")
    assert pattern.match("20130229") is None
    assert pattern.match("20120229") == "2012-02-29"


def test_a_placeholder_that_is_repeated_has_one_value():
    pattern = SpanPattern("/d/{YYYY}/{YYYY}-{MM}.csv")
    assert pattern.match("2013/2013-02.csv") == "2013-02"
    assert pattern.match("2012/2013-02.csv") is None


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("/d/*.csv", "does not say where the span stands; use one of: {YYYY}, {YYYY}-{MM}"),
        ("/d/{YY}.csv", "{YY} is no placeholder; there are {YYYY}, {MM}"),
        ("/d/{MM}.csv", "does not say where the span stands"),
        ("/d/{YYYY}{DD}.csv", "does not say where the span stands"),
        ("/d/{YYYY}{SPAN}.csv", "does not say where the span stands"),
        ("/d/{YYYY.csv", "'{' without its pair"),
        ("/d/YYYY}.csv", "'}' without its pair"),
    ],
)
def test_patterns_that_mean_nothing(pattern, message):
    with pytest.raises(ContractError) as caught:
        SpanPattern(pattern)
    assert message in str(caught.value)


literal = st.text(st.characters(blacklist_characters="{}*?/\0"), max_size=5)
moments = st.datetimes()


def _fill(parts, moment):
    for part in parts:
        yield {
            "{YYYY}": f"{moment.year:04}",
            "{MM}": f"{moment.month:02}",
            "{DD}": f"{moment.day:02}",
            "{HH}": f"{moment.hour:02}",
        }.get(part, part)


@given(moments, st.integers(1, 4), st.lists(literal, min_size=8, max_size=8), st.randoms())
def test_what_a_pattern_writes_it_reads(moment, units, texts, random):
    fields = ["{YYYY}", "{MM}", "{DD}", "{HH}"][:units]
    random.shuffle(fields)
    parts = [p for pair in zip(texts, fields, strict=False) for p in pair]
    pattern = SpanPattern("/root/" + "".join(parts))
    assert pattern.match("".join(_fill(parts, moment))) == moment.strftime(
        f"{moment.year:04}" + "".join(["", "-%m", "-%d", "T%H"][:units])
    )


@pytest.mark.parametrize(
    ("pattern", "first", "last", "begin", "end"),
    [
        ("{YYYY}.csv", "2013", "2013", datetime(2013, 1, 1), datetime(2014, 1, 1)),
        ("{YYYY}-{MM}.csv", "2012-12", "2013-01", datetime(2012, 12, 1), datetime(2013, 2, 1)),
        (
            "{YYYY}-{MM}-{DD}",
            "2012-02-29",
            "2012-02-29",
            datetime(2012, 2, 29),
            datetime(2012, 3, 1),
        ),
        (
            "{YYYY}{MM}{DD}{HH}",
            "2013-12-31T23",
            "2013-12-31T23",
            datetime(2013, 12, 31, 23),
            datetime(2014, 1, 1),
        ),
        ("{YYYY}.csv", "9999", "9999", datetime(9999, 1, 1), datetime.max),
    ],
)
def test_the_period_of_spans(pattern, first, last, begin, end):
    assert SpanPattern(pattern).period(first, last) == (begin, end)


def test_numbered_spans_have_no_period():
    assert SpanPattern("{SPAN}.csv").period("1", "2") is None
