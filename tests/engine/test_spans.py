"""A span is read from a name, and spans sort in the order of time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.core.errors import ContractError
from tidegate.data.sources import SpanPattern, span_order


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
