"""The page about a verdict on data."""

import re
from dataclasses import replace

import pyarrow as pa

from tests.support.pages import HOSTILE_VALUE, Page
from tests.support.reported import measure, table
from tidegate import validation
from tidegate.core import text
from tidegate.core.verdict import Finding, Verdict
from tidegate.report import pages as report_pages


def test_validation_page_says_the_verdict_first(pages, validated):
    plain = Page(pages["validation"]).plain
    assert validated.verdict.status == "hold"
    order = ("Hold:", "What holds the gate comes first", "Sorted by how many times its threshold")
    places = [plain.index(said) for said in order]
    assert places == sorted(places)
    assert plain.index("Hold:") < plain.index(validated.verdict.reasons[0])


def test_rules_are_shown_what_fails_first_with_rows_and_anchors(pages):
    html = pages["validation"]
    page = Page(html)
    names = re.findall(r'id="rule-(\w+)"', html)
    assert names == ["broken", "warned", "wrong", "idle", "fine", "lenient", "asleep"]
    for said in (
        "broken ✕ hold",
        "12 of 3,000 rows (0.4%) fail",
        "warned ! warn",
        "4,000 of 3,000 columns c",
        f"wrong not judged {HOSTILE_VALUE} no column",
        "idle ! no rows",
        "fine ✓ holds true",
        "0 of 3,000 rows (0%) fail",
        "12 of 3,000 rows (0.4%) fail; 20 rows may",
        "asleep off",
        "2 rows of 12, chosen by a hash of the key.",
        f"{HOSTILE_VALUE} missing (empty text) b",
    ):
        assert said.removesuffix(" c") in page.plain, said
    targets = page.values("href")
    assert targets.count("#rule-broken") == 1
    assert targets.count("#rows0") == 1
    assert "#rules" in targets
    assert "#rows" in targets


def test_a_page_without_rules_does_not_speak_of_them(now, before, expected, contract, validated):
    html = report_pages.validation_page(validated, now, before, expected, contract)
    assert 'id="rules"' not in html
    assert 'id="rows"' not in html


def test_findings_are_sorted_by_severity(now, before, expected, contract, validated):
    findings = tuple(
        Finding("code", "hour", severity, f"this is {severity}")
        for severity in ("info", "warn", "hold", "warn")
    )
    mixed = replace(validated, verdict=Verdict(findings))
    plain = Page(report_pages.validation_page(mixed, now, before, expected, contract)).plain
    table_text = plain[plain.index("What holds the gate comes first") :]
    places = [table_text.index(f"this is {s}") for s in ("hold", "warn", "info")]
    assert places == sorted(places)


def test_drift_states_everything_it_rests_on(pages, validated):
    plain = Page(pages["validation"]).plain
    drift = next(d for d in validated.distances if d.status == "drift" and d.feature == "distance")
    value, threshold, noise = map(text.fixed, (drift.value, drift.threshold, drift.noise))
    assert (
        f"JS {value} Threshold {threshold} Noise floor {noise} "
        f"n before {drift.n_baseline:,} n now {drift.n_current:,} Threshold: {drift.origin}."
    ) in plain
    measured = f"Jensen-Shannon divergence {value} is above the threshold {threshold}."
    assert f"{drift.changed[0].upper()}{drift.changed[1:]}; {measured}" in plain
    assert "As other tools measure: PSI " in plain


def test_every_distance_is_shown_and_what_moved_furthest_is_first(pages, validated):
    plain = Page(pages["validation"]).plain
    listed = plain[plain.index("What moved furthest comes first") :]
    listed = listed[: listed.index("The current span above")]
    words = {"drift": "✕ drift", "ok": "✓ within", "report": "recorded only"}
    shown = []
    for distance in validated.distances:
        measure = {"jensen_shannon": "Jensen-Shannon", "l_infinity": "L-infinity"}
        row = f"{text.short(distance.feature, 80)} {words.get(distance.status, '')}".strip()
        place = re.search(f"{re.escape(row)}.{{0,20}}{measure[distance.measure]}", listed)
        assert place, row
        if distance.threshold:
            shown.append((place.start(), -distance.value / distance.threshold))
    assert [ratio for _, ratio in sorted(shown)] == sorted(ratio for _, ratio in shown)


def test_first_span_has_nothing_to_compare_with(now, expected, contract):
    first = validation.validate(now, expected, contract, baseline=None)
    plain = Page(report_pages.validation_page(first, now, None, expected, contract)).plain
    assert "This is the first span" in plain
    assert "What changed most" not in plain


def test_a_column_that_went_and_one_that_came(before, expected, contract):
    other = table(2000).drop(["hour"]).append_column("new", pa.array([1.5] * 2000))
    now = measure(other, "2013-02")
    result = validation.validate(now, expected, contract, baseline=before)
    plain = Page(report_pages.validation_page(result, now, before, expected, contract)).plain
    assert "Gone: hour." in plain
    assert "New: new." in plain
