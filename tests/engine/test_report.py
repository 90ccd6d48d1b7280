"""The pages: what they say, that each is one inert file, and that no data becomes markup."""

import math
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate import __version__, schema, validation
from tidegate.contract import Contract
from tidegate.core import text
from tidegate.core.verdict import Finding, Verdict
from tidegate.data.facts import Facts, Times
from tidegate.data.splits import Leakage
from tidegate.model.evaluation import Comparison, Evaluation, Metric, SliceResult
from tidegate.numerics.metrics import METRICS as DEFINITIONS
from tidegate.report import pages as report_pages
from tidegate.report.html import shapes, svg
from tidegate.report.metrics import describe
from tidegate.report.run import summary as run_summary
from tidegate.report.run.page import safe
from tidegate.statistics import FeatureSummary, compute_table
from tidegate.validation.checks.rows import Past
from tidegate.validation.rules import AnomalousRows, Rows, RuleResult

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HOSTILE = "</style></title><script>alert(1)</script>"
HOSTILE_VALUE = "\"'><img src=x onerror=alert(1)>{{ 7 * 7 }}"
VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """A page as a browser would take it: elements, attributes, and the text between."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.open, self.text = [], [], [], []
        self.captions = {}
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, k, v or "") for k, v in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, k, v or "") for k, v in attrs]

    def handle_endtag(self, tag):
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)

    @property
    def plain(self):
        return " ".join(" ".join(self.text).split())

    def values(self, name):
        return [v for _, k, v in self.attributes if k == name]


def contract_on(columns, /, **sections):
    lines = [
        "dataset: flights",
        "source: {uri: '{YYYY}-{MM}.csv', format: csv}",
        f"key: [{columns[0]!r}]",
        *(f"{k}: {v}" for k, v in sections.items()),
    ]
    return Contract.parse("\n".join(lines))


def table(rows, *, seed=0, shift=0.0, carrier="UA", features=()):
    rng = np.random.default_rng(seed)
    share = [0.4, 0.35, 0.25]
    columns = {
        "id": np.arange(rows).astype(str),
        "distance": rng.normal(1000 + shift, 200, rows),
        "hour": rng.integers(5, 24, rows),
        "carrier": rng.choice([carrier, "AA", "DL"], rows, p=share),
        HOSTILE: rng.choice([HOSTILE_VALUE, "b"], rows),
        "late": rng.choice(["yes", "no"], rows, p=[0.2, 0.8]),
        "const": np.zeros(rows),
    }
    columns |= {name: rng.normal(0, 1, rows) for name in features}
    arrays = {k: pa.array(v) for k, v in columns.items()}
    arrays["gaps"] = pa.array([None if i % 10 == 0 else float(i) for i in range(rows)])
    arrays["empty"] = pa.nulls(rows, pa.string())
    return pa.table(arrays)


def measure(rows, span):
    return compute_table(rows.to_batches(), schema=rows.schema, span=span, content_digest="a" * 64)


@pytest.fixture(scope="module")
def contract():
    return contract_on(["id"], label="late", slices="[[carrier]]")


@pytest.fixture(scope="module")
def before():
    return measure(table(4000), "2013-01")


@pytest.fixture(scope="module")
def now():
    drifted = table(3000, seed=1, shift=500, carrier="ua")
    return measure(drifted, "2013-02")


@pytest.fixture(scope="module")
def expected(before, contract):
    return schema.infer(before, contract)


@pytest.fixture(scope="module")
def validated(now, before, expected, contract):
    return validation.validate(now, expected, contract, baseline=before)


def ruled(name, rows, **fields):
    given = {"severity": "hold", "over": "examples", "allowed": 0, "sql": f"{HOSTILE} > 1"}
    return RuleResult(name, HOSTILE_VALUE, rows=rows, **(given | fields))


def with_rules(validated):
    """The same verdict with rules in every state, one finding's rows, and hostile text in both."""
    sample = Rows(12, 3000, ("id", HOSTILE), ((HOSTILE_VALUE, None), ("", "b")))
    rules = (
        ruled("fine", Rows(0, 3000)),
        ruled("broken", sample),
        ruled("warned", replace(sample, failing=4000), severity="warn", over="statistics"),
        ruled("wrong", None, problem=f"no column {HOSTILE_VALUE}"),
        ruled("idle", Rows(0, 0)),
        ruled("asleep", None, severity="off"),
        ruled("lenient", sample, allowed=20),
    )
    said = (Finding("rule_failed", "broken", "hold", "rule 'broken' fails; fix the source"),)
    domain = ("enum_type_unexpected_string_values", "carrier")
    return replace(
        validated,
        rules=rules,
        anomalous=(AnomalousRows(*domain, sample),),
        verdict=Verdict((*validated.verdict.findings, *said)),
    )


def metric(value, half=0.01):
    return Metric(value, value - half, value + half)


def judged(name="all", rows=5000, auc=0.73, change=0.006):
    ours = {n: metric(auc if n == "auc" else 0.4) for n in DEFINITIONS["binary"]}
    theirs = ours | {"auc": metric(auc - change)}
    compared = Comparison("auc", auc, auc - change, metric(change, 0.004), -change)
    return SliceResult(name, rows, ours, theirs, compared)


@pytest.fixture
def evaluated():
    return Evaluation(
        span="2013-02",
        split="eval",
        task="binary",
        label="late",
        classes=("no", "yes"),
        metric="auc",
        verdict=Verdict((Finding("late", HOSTILE, "info", HOSTILE_VALUE),)),
        overall=judged(),
        slices=(
            judged("carrier=fine", 900, change=0.02),
            judged(f"carrier={HOSTILE}", 800, change=-0.05),
            judged("carrier=tiny", 7, change=-0.3),
            judged("carrier=worst", 700, change=-0.08),
        ),
        champion_version="2013-01-abc",
        baselines={"auc": 0.5, "accuracy": 0.8},
        roc=((0.0, 0.0, math.inf), (0.2, 0.6, 0.5), (1.0, 1.0, 0.0)),
        confusion=((3700, 250), (760, 290)),
        confusion_classes=("no", HOSTILE),
        calibration=((0.1, 0.12, 2500), (0.6, 0.5, 2500)),
        histogram={"no": (5,) * 20, HOSTILE: (1,) * 20},
    )


MODEL = {
    "task": "binary",
    "features": [{"name": HOSTILE, "kind": "number"}],
    "versions": {"tidegate": HOSTILE_VALUE},
    "history": [{"loss": 0.6, "eval_loss": 0.58}, {"loss": 0.5, "eval_loss": 0.51}],
}


def a_run(state="published", **fields):
    given = {
        "dataset": "flights",
        "span": "2013-02",
        "run_id": "run-1",
        "started": "2026-01-02T03:00:00+00:00",
        "state": state,
        "reasons": (HOSTILE_VALUE,),
        "tasks": (
            run_summary.TaskRun("train-model", "succeeded", 21.5),
            run_summary.TaskRun(HOSTILE, "failed", None),
        ),
        "verdicts": (
            run_summary.GateVerdict("data", "hold", (HOSTILE,)),
            run_summary.GateVerdict("x", ""),
        ),
        "metrics": (run_summary.MetricRow("auc", 0.731, 0.725, 0.006),),
        "version": "2013-02-0aa1",
        "registry": "/registry",
        "links": (
            run_summary.Link("Data", "data.html", HOSTILE_VALUE),
            run_summary.Link("Evil", "javascript:alert(1)"),
        ),
        "lineage": (("content digest", HOSTILE),),
    }
    return run_summary.RunSummary(**(given | fields))


@pytest.fixture
def pages(now, before, expected, contract, validated, evaluated):
    return {
        "data": report_pages.data_page(now, expected, contract, validation=validated, at=AT),
        "validation": report_pages.validation_page(
            with_rules(validated), now, before, expected, contract, at=AT
        ),
        "evaluation": report_pages.evaluation_page(evaluated, MODEL, contract, at=AT),
        "index": report_pages.index_page(a_run(), at=AT),
    }


KINDS = ("data", "validation", "evaluation", "index")


@pytest.mark.parametrize("kind", KINDS)
class TestEveryPage:
    def test_is_one_inert_file(self, pages, kind):
        page = Page(pages[kind])
        assert not set(page.tags) & {"script", "img", "iframe", "object", "link", "form", "base"}
        assert not [k for _, k, _ in page.attributes if k.startswith("on") or k == "src"]
        targets = page.values("href")
        assert [t for t in targets if not t.startswith("#")] == (
            ["data.html"] if kind == "index" else []
        )
        assert not re.search(r"url\(|@import|https?://", pages[kind])
        assert "default-src 'none'" in page.values("content")[0]

    def test_shows_hostile_text_as_text(self, pages, kind):
        page = Page(pages[kind])
        shown = "".join(page.text)
        assert HOSTILE in shown
        assert HOSTILE_VALUE in shown or kind == "validation"
        assert pages[kind].count("<style>") == pages[kind].count("</style>") == 1

    def test_states_what_it_is_of(self, pages, kind):
        plain = Page(pages[kind]).plain
        assert "flights span 2013-02" in plain
        assert f"Tidegate {__version__} · 2026-01-02 03:04:05 UTC" in plain

    def test_says_which_jensen_shannon(self, pages, kind):
        plain = Page(pages[kind]).plain
        assert "Jensen-Shannon divergence with logarithms to base 2" in plain
        assert "lies in [0, 1]" in plain

    def test_anchors_resolve(self, pages, kind):
        page = Page(pages[kind])
        ids = page.values("id")
        assert len(ids) == len(set(ids))
        named = page.values("aria-labelledby") + [
            h[1:] for h in page.values("href") if h.startswith("#")
        ]
        assert set(named) <= set(ids)

    def test_is_semantic(self, pages, kind):
        page = Page(pages[kind])
        assert page.tags.count("h1") == 1
        assert page.tags.count("table") == page.tags.count("caption") > 0
        assert {"main", "header", "footer", "section"} <= set(page.tags)
        assert all(page.values("aria-label")[:1])
        charts = [v for tag, k, v in page.attributes if tag == "svg" and k == "viewbox"]
        assert charts

    def test_serves_dark_phone_and_paper(self, pages, kind):
        for media in ("prefers-color-scheme:dark", "max-width:760px", "@media print"):
            assert media in pages[kind]


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


def test_rules_are_left_to_the_validation_page(now, expected, contract, validated):
    told = with_rules(validated)
    html = report_pages.data_page(now, expected, contract, validation=told)
    assert "rule_failed" not in html


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


def test_a_column_that_went_is_drawn_as_baseline(before):
    column = shapes.buckets(before.features()["hour"])
    assert '<path class="b"' in svg.histogram(column, "gone", series=("b",))
    assert '<path class="c"' not in svg.histogram(column, "gone", series=("b",))
    assert '<path class="c"' in svg.histogram(column, "new")


def test_slices_are_sorted_by_how_much_worse(pages):
    plain = Page(pages["evaluation"]).plain
    listed = plain[plain.index("What lost most against the champion") :]
    places = [
        listed.index(name)
        for name in ("carrier=worst", f"carrier={HOSTILE}", "carrier=fine", "carrier=tiny")
    ]
    assert places == sorted(places)


def test_a_difference_within_noise_is_not_called_better(evaluated, contract):
    compared = replace(evaluated.overall.comparison, change=metric(0.001, 0.01))
    same = replace(evaluated, overall=replace(evaluated.overall, comparison=compared), slices=())
    plain = Page(report_pages.evaluation_page(same, {}, contract)).plain
    assert "cannot tell it from the champion" in plain
    assert "within noise" in plain
    assert "✓ better" not in plain


def test_directions_are_those_of_the_evaluation():
    for metrics in DEFINITIONS.values():
        for name, definition in metrics.items():
            title, meaning, more_is_better = describe(name)
            assert title != name
            assert meaning
            assert {"higher": True, "lower": False, None: None}[definition.better] is more_is_better


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_an_evaluation_without_anything_defined_still_renders(task, contract):
    nan = Metric(math.nan, math.nan, math.nan)
    main = next(iter(DEFINITIONS[task]))
    bare = Evaluation(
        span="2013-02",
        split="eval",
        task=task,
        label="late",
        classes=(),
        metric=main,
        overall=SliceResult("all", 0, dict.fromkeys(DEFINITIONS[task], nan)),
        slices=(SliceResult("carrier=AA", 0, {}),),
    )
    plain = Page(report_pages.evaluation_page(bare, {}, contract)).plain
    assert "Hold" in plain
    assert "is not defined on the 0 rows" in plain
    assert "NaN to NaN" not in plain


def test_regression_is_drawn_in_the_labels_unit(evaluated, contract):
    minutes = replace(
        evaluated, task="regression", calibration=((-20.0, -18.0, 10), (90.0, 120.0, 10)), roc=()
    )
    page = Page(report_pages.evaluation_page(minutes, {}, contract))
    assert "predicted 90, observed 120, 10 rows" in page.plain


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("published", "✓ Published"),
        ("unchanged", "✓ Unchanged"),
        ("held", "✕ Held The data gate closed"),
        ("failed", "✕ Failed"),
    ],
)
def test_index_says_how_the_run_ended(state, said):
    assert said in Page(report_pages.index_page(a_run(state), at=AT)).plain


def test_index_of_a_run_that_did_nothing():
    bare = a_run("failed", tasks=(), verdicts=(), metrics=(), version=None, links=(), lineage=())
    plain = Page(report_pages.index_page(bare)).plain
    for said in (
        "No gate was reached",
        "No model was evaluated",
        "No task ran",
        "nothing published",
    ):
        assert said in plain


@pytest.mark.parametrize(
    ("href", "is_safe"),
    [
        ("data.html", True),
        ("https://example.org/a", True),
        ("file:///tmp/a.html", True),
        ("javascript:alert(1)", False),
        (" JavaScript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("data:text/html,x", False),
    ],
)
def test_only_links_to_pages_are_kept(href, is_safe):
    assert safe(href) is is_safe


def test_a_column_without_rows_or_values(contract):
    empty = measure(table(0), "2013-02")
    assert "0 rows" in Page(report_pages.data_page(empty, None, contract)).plain


def test_a_reason_to_hold_is_told_once():
    reasons = tuple(f"reason {i:02}" for i in range(10))
    verdicts = (run_summary.GateVerdict("data", "hold", reasons),)
    plain = Page(report_pages.index_page(a_run("held", reasons=reasons, verdicts=verdicts))).plain
    assert [plain.count(reason) for reason in reasons] == [1] * 10
    few = a_run(
        "held", reasons=reasons[:2], verdicts=(run_summary.GateVerdict("x", "hold", reasons[:2]),)
    )
    assert "told above" in Page(report_pages.index_page(few)).plain


def test_odd_characters_cannot_break_a_page():
    odd = "a\x00b\x1b[31m\u202egnp.exe\ud800"
    html = report_pages.index_page(a_run(reasons=(odd,)))
    html.encode("utf-8")
    assert "a\ufffdb\ufffd[31m\ufffdgnp.exe\ufffd" in Page(html).plain


@pytest.fixture(scope="module")
def wide():
    names = [f"feature_{i:03}_with_a_rather_long_name" for i in range(92)]
    statistics = [measure(table(3000, seed=s, features=names), f"2013-0{s}") for s in (1, 2)]
    assert len(statistics[0].features()) >= 100
    return statistics


def test_a_hundred_features_fit_in_half_a_megabyte(wide, contract):
    baseline, current = wide
    expected = schema.infer(baseline, contract)
    result = validation.validate(current, expected, contract, baseline=baseline)
    data = report_pages.data_page(current, expected, contract)
    page = report_pages.validation_page(result, current, baseline, expected, contract)
    assert len(data.encode()) < 500_000
    assert len(page.encode()) < 500_000


def test_long_texts_cannot_blow_up_a_page(contract):
    long = pa.table({"id": ["x" * 100_000] * 50, "n" * 5000: ["y" * 50_000] * 50})
    statistics = measure(long, "2013-01")
    assert len(report_pages.data_page(statistics, None, contract).encode()) < 60_000


def test_many_classes_and_slices_fit_too(evaluated, contract):
    classes = tuple(f"class {k}" for k in range(500))
    many = replace(
        evaluated,
        task="multiclass",
        slices=tuple(judged(f"dest={k:05}", 500) for k in range(2000)),
        histogram=dict.fromkeys(classes, (1,) * 20),
        confusion=((7,) * 31,) * 31,
        confusion_classes=classes[:31],
    )
    html = report_pages.evaluation_page(many, MODEL, contract)
    assert "1,800 better slices are left out here" in Page(html).plain
    assert len(html.encode()) < 500_000


def summary(values, kind="float"):
    """What TFDV would say of some numbers: 100 quantile buckets and ten equal ones."""
    values = np.sort(np.asarray(values, float))
    edges = np.linspace(values[0], values[-1], 11)
    counts, _ = np.histogram(values, edges) if edges[0] < edges[-1] else (np.zeros(10), None)
    return FeatureSummary(
        name="x",
        type=kind,
        count=len(values),
        missing=0,
        unique=None,
        top_values=(),
        mean=float(values.mean()),
        std=float(values.std()),
        min=float(values[0]),
        median=float(np.median(values)),
        max=float(values[-1]),
        zeros=0,
        nans=0,
        quantiles=tuple(np.quantile(values, np.linspace(0, 1, 101))),
        histogram=tuple(zip(edges[:-1], edges[1:], counts, strict=True)),
        quantile_histogram=(),
        avg_length=None,
    )


numbers = st.lists(st.floats(-1e12, 1e12) | st.integers(-5, 5).map(float), min_size=1, max_size=60)


@given(numbers, numbers, st.sampled_from(["int", "float"]))
def test_buckets_hold_everything_exactly_once(first, second, kind):
    if kind == "int":
        first, second = [np.round(v) for v in (first, second)]
    made = shapes.buckets(summary(first, kind), summary(second, kind))
    assert all(a <= b for a, b in zip(made.edges, made.edges[1:], strict=False))
    assert len(made.edges) <= 23
    for shares in made.shares:
        assert len(shares) == len(made.edges) - 1
        assert sum(shares) == pytest.approx(1)
        assert min(shares) >= 0


def test_buckets_follow_the_values():
    made = shapes.buckets(summary(np.repeat([1, 2, 4], [50, 30, 20]), "int"))
    assert [round(s, 1) for s in made.shares[0]] == [0.5, 0.3, 0.0, 0.2]
    assert [made.label(i) for i in range(4)] == [(k, k) for k in (1, 2, 3, 4)]


def test_one_outlier_does_not_flatten_a_histogram():
    normal = np.random.default_rng(0).normal(0, 1, 9_999)
    made = shapes.buckets(summary([*normal, 1e8]))
    assert made.cut_high
    assert made.label(len(made.shares[0]) - 1)[1] is None
    assert max(made.shares[0]) < 0.3


def test_infinite_values_are_not_drawn():
    endless = replace(
        summary([1, 2, 3]), max=math.inf, quantiles=(1.0, 2.0, math.inf), histogram=()
    )
    assert shapes.buckets(endless).ends == (1.0, 2.0)


@given(st.floats(-1e300, 1e300))
def test_numbers_read_as_what_they_are(value):
    written = text.number(value).replace(",", "").replace("\u2212", "-")
    assert float(written) == pytest.approx(value, rel=6e-4, abs=1e-300)


@given(st.floats(0, 1))
def test_percent_never_rounds_to_all_or_nothing(share):
    written = text.percent(share)
    assert (written == "0%") is (share == 0)
    assert (written == "100%") is (share == 1)
    assert written not in ("0.0%", "100.0%")


@given(st.text(max_size=200), st.integers(4, 80))
def test_short_is_short(given_text, length):
    made = text.short(given_text, length)
    assert len(made) <= length
    assert made == given_text or "…" in made


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.84, "0.8 s"),
        (21.7, "22 s"),
        (59.9, "1 min 00 s"),
        (125, "2 min 05 s"),
        (3725, "1 h 02 min"),
    ],
)
def test_durations(value, written):
    assert text.seconds(value) == written


def test_an_estimate_is_marked_as_one():
    assert text.distinct(16_384, 20_000) == "16,384"
    assert text.distinct(23_680, 23_611) == "≈ 23,611"
