"""The pages: what they say, that each is one inert file, and that no data becomes markup."""

import re

import pytest

from tests.support.pages import HOSTILE, HOSTILE_VALUE, Page
from tests.support.reported import measure, table
from tidegate import __version__, schema, validation
from tidegate.report import pages as report_pages

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
