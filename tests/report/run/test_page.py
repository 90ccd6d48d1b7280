"""The page about a run."""

import pytest

from tests.support.pages import AT, Page
from tests.support.reported import a_run
from tidegate.report import pages as report_pages
from tidegate.report.run import summary as run_summary
from tidegate.report.run.page import safe


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


def test_warnings_of_a_gate_are_shown():
    warned = run_summary.GateVerdict("data", "pass", (), tuple(f"w{i} <b>" for i in range(22)))
    plain = Page(report_pages.index_page(a_run("published", verdicts=(warned,)))).plain
    assert "Warning: w0 <b>" in plain
    assert "2 more warnings" in plain
    assert "nothing to object to" not in plain
