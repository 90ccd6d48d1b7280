"""The page about a span's data."""

from dataclasses import replace

import pyarrow as pa

from tests.support.pages import AT, Page
from tests.support.reported import contract_on, measure, table, with_rules
from tidegate import validation
from tidegate.core import text
from tidegate.core.verdict import Finding, Verdict
from tidegate.data.facts import Facts, Times
from tidegate.data.splits import Leakage
from tidegate.report import pages as report_pages
from tidegate.validation.checks.rows import Past


def test_the_same_input_gives_the_same_page(now, expected, contract):
    made = [report_pages.data_page(now, expected, contract, at=AT) for _ in range(2)]
    assert made[0] == made[1]


def test_data_page_has_the_facts_of_a_column(now, expected, contract):
    page = Page(report_pages.data_page(now, expected, contract, at=AT))
    gaps = now.features()["gaps"]
    assert f"2,700 {text.percent(0.1)} 300" in page.plain
    for value in (gaps.mean, gaps.std, gaps.min, gaps.median, gaps.max):
        assert text.number(value) in page.plain
    assert "has no value in any row" in page.plain
    assert "holds one value only, 0" in page.plain
    assert "Schema: " in page.plain


def section(html, name):
    """The text of one section of a page."""
    start = html.index(f'<section aria-labelledby="{name}">')
    return Page(html[start : html.index("</section>", start) + len("</section>")]).plain


def test_data_page_leaves_schema_and_drift_to_the_validation_page(now, expected, contract):
    findings = (
        Finding("drift", "distance", "hold", "distance drifted"),
        Finding("schema_missing_column", "hour", "hold", "hour is gone"),
        Finding("padded_text", "carrier", "warn", "carrier is padded"),
        Finding("stale", "id", "hold", "the delivery is late"),
    )
    result = validation.validate(now, expected, contract, baseline=None)
    html = report_pages.data_page(
        now, expected, contract, validation=replace(result, verdict=Verdict(findings))
    )
    plain = Page(html).plain
    assert "Hold: 3 reasons" in plain
    assert "1 reason to hold told below, 2 reasons to hold about schema or drift" in plain
    assert "distance drifted" not in plain
    assert "hour is gone" not in plain
    found = section(html, "found")
    assert found.index("the delivery is late") < found.index("carrier is padded")
    assert "Text encodings ! warn carrier" in section(html, "checks")
    assert "Freshness ✕ hold" in section(html, "checks")


def test_data_page_says_nothing_twice(now, expected, contract):
    result = validation.validate(now, expected, contract, baseline=None)
    codes = {(f.code, f.subject) for f in result.verdict.findings}
    assert {("constant_column", "const"), ("never_populated", "empty")} <= codes
    plain = Page(report_pages.data_page(now, expected, contract, validation=result)).plain
    assert "holds one value only" not in plain
    assert "has no value in any row" not in plain
    assert "is missing in 10.0% of rows (300)" in plain


def test_data_page_is_silent_where_the_contract_asks(now, expected):
    silent = contract_on(["id"], label="late", gates="{findings: {constant_column: 'off'}}")
    result = validation.validate(now, expected, silent, baseline=None)
    html = report_pages.data_page(now, expected, silent, validation=result)
    assert "holds one value only" not in Page(html).plain
    assert "Constant columns off no column" not in section(html, "checks")


def test_data_page_shows_what_ingest_noticed(now, expected):
    asked = contract_on(
        ["id"],
        time="hour",
        label="late",
        gates="{freshness: 36h}",
        columns="{distance: {unit: mile}}",
    )
    facts = Facts(
        period=("2013-02-01T00:00:00", "2013-03-01T00:00:00"),
        times=Times("2013-02-01T05:00:00", "2013-02-28T23:00:00", 2990, 10, 7, 0),
        bad_records=30,
        bad_reasons=(("too few fields", 30),),
    )
    seen = replace(now, facts=facts, leakage=(Leakage(("id",), 2995, 4),))
    result = validation.validate(seen, expected, asked, baseline=None)
    past = [Past("2013-01", 2800)]
    html = report_pages.data_page(seen, expected, asked, validation=result, history=past)
    said = section(html, "checks")
    for each in (
        "the newest record is of 2013-02-28 23:00; the span ends 2013-03-01 00:00",
        "3,000 rows; accepted before: 2013-01: 2,800",
        "30 records set aside (1.0%): too few fields (30)",
        "2,990 rows with a hour: 10 unreadable, 0 outside of the span",
        "7 of 2,990 rows older than the one before",
        "Key duplicates ! warn id: 5 repeated",
        "4 of 2,995 values of id in more than one",
        "distance in mile",
    ):
        assert each in said, each
    assert "Period 2013-02-01 00:00 to 2013-03-01 00:00" in Page(html).plain


def test_data_page_without_a_judge_judges_nothing(now, expected, contract):
    said = section(report_pages.data_page(now, expected, contract), "checks")
    assert "not judged" in said
    assert "✓ fine" not in said


def test_data_page_says_which_need_is_served_by_what(now, expected):
    needs = "[{user: a planner, data: [gaps], populated: 0.95}, {user: a pilot, data: [hour]}]"
    asked = contract_on(["id"], label="late", needs=needs)
    result = validation.validate(now, expected, asked, baseline=None)
    html = report_pages.data_page(now, expected, asked, validation=result)
    said = section(html, "needs")
    assert "a planner ✕ hold gaps 90.0% 95.0%" in said
    assert "a pilot ✓ fine hour 100% one row" in said
    assert "Needs ✕ hold 1 of 2 served" in section(html, "checks")


def test_rules_are_left_to_the_validation_page(now, expected, contract, validated):
    told = with_rules(validated)
    html = report_pages.data_page(now, expected, contract, validation=told)
    assert "rule_failed" not in html


def test_a_column_without_rows_or_values(contract):
    empty = measure(table(0), "2013-02")
    assert "0 rows" in Page(report_pages.data_page(empty, None, contract)).plain


def test_long_texts_cannot_blow_up_a_page(contract):
    long = pa.table({"id": ["x" * 100_000] * 50, "n" * 5000: ["y" * 50_000] * 50})
    statistics = measure(long, "2013-01")
    assert len(report_pages.data_page(statistics, None, contract).encode()) < 60_000
