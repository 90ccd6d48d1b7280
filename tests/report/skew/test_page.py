"""The page about skew: what it says, that it is one inert file, and that it stays small."""

import re
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.support.pages import HOSTILE, HOSTILE_VALUE, Page
from tidegate import schema
from tidegate.comparison import skew
from tidegate.contract import Contract
from tidegate.report import pages

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ROWS = 500


def table(**changed):
    at = np.arange(ROWS)
    columns = {
        "id": [f"{HOSTILE_VALUE}{i}" for i in at],
        HOSTILE: np.array([HOSTILE_VALUE, "b"])[at % 2],
        "distance": at * 7 % 300 + 100,
        "gust": [None if i % 2 else i / 3 for i in at],
        "gone": at % 3,
        "late": at % 2,
        **changed,
    }
    return pa.table({k: v for k, v in columns.items() if v is not None})


def page_of(training, serving, *, extra="", bad=0):
    contract = Contract.parse(
        "dataset: flights\nsource: {uri: x, format: csv}\nkey: [id]\nlabel: late\n" + extra
    )
    with tempfile.TemporaryDirectory() as scratch:
        sides = []
        for name, rows in (("2013-01", training), ("2013-02", serving)):
            Path(scratch, name).mkdir()
            batches = rows.to_batches()
            directory = Path(scratch, name)
            side = skew.recorded(batches, name=name, directory=directory, slices=contract.slices)
            sides.append(side)
        reasons = ((f"{HOSTILE_VALUE} is no object", bad),)
        sides[1] = replace(sides[1], bad_records=bad, bad_reasons=reasons)
        expected = schema.infer(sides[0].statistics, contract)
        found = skew.measure(*sides, expected, contract)
        return pages.skew_page(found, *sides, expected, contract, at=AT), found


@pytest.fixture(scope="module")
def made():
    at = np.arange(ROWS)
    serving = table(
        **{HOSTILE: np.where(at % 2, "b", f"{HOSTILE_VALUE}!"), "gone": None, "late": None},
        distance=table()["distance"].to_numpy() * 2,
        new=at % 5,
    )
    return page_of(table(), pa.concat_tables([serving, serving.slice(0, 3)]))


def test_it_is_one_inert_file_whose_anchors_resolve(made):
    page = Page(made[0])
    assert not set(page.tags) & {"script", "img", "iframe", "object", "link", "form", "base"}
    assert not [k for _, k, _ in page.attributes if k.startswith("on") or k == "src"]
    assert not re.search(r"url\(|@import|https?://", made[0])
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    links = page.values("href")
    assert all(link.startswith("#") for link in links)
    assert {link[1:] for link in links} | set(page.values("aria-labelledby")) <= set(ids)
    assert page.tags.count("table") == page.tags.count("caption") > 3


def test_hostile_text_is_text(made):
    shown = "".join(Page(made[0]).text)
    assert HOSTILE in shown
    assert f"{HOSTILE_VALUE}!" in shown


def test_the_verdict_comes_first_and_figures_are_there(made):
    html, found = made
    plain = Page(html).plain
    assert "flights span 2013-02" in plain
    assert plain.index("Hold:") < plain.index("Findings") < plain.index("What differs most")
    assert "497 pairs of rows with the same key were compared in 3 features" in plain
    assert f"distance and {HOSTILE[:26]}" in plain[: plain.index("more often than")]
    assert "Serving is 2 times training in 100% of the values that differ." in plain
    assert "3 that both have are in several rows of one" in plain
    for word in ("✕ not in serving", "! not in training", "✓ label", "Feature skew"):
        assert word in plain
    assert found.verdict.status == "hold"


def test_missing_and_new_values_slices_and_unreadable_records_are_shown():
    at = np.arange(ROWS)
    sliced = {"place": np.array([f"{HOSTILE_VALUE}A", "B"])[at % 2]}
    names = [HOSTILE_VALUE] * 300 + ["b"] * 200
    new = np.where(at % 3 == 0, f"{HOSTILE_VALUE}?", names)
    there = [None if i % 4 == 1 else v for i, v in enumerate(table()["distance"].to_pylist())]
    html, found = page_of(
        table(**{HOSTILE: names}, **sliced),
        table(**{HOSTILE: new, "late": None}, **sliced, distance=there),
        extra="slices: [[place]]\n",
        bad=7,
    )
    page = Page(html)
    plain = page.plain
    assert {link[1:] for link in page.values("href")} <= set(page.values("id"))
    assert "Serving lacks values of distance." in plain
    assert f"Serving has new values of {HOSTILE[:26]}" in plain
    assert "7 records (1.4%) of the serving data could not be read and were set aside" in plain
    assert f"{HOSTILE_VALUE} is no object (7)" in plain
    shares = plain[plain.index("Missing and new values All rows") : plain.index("Slices Each")]
    assert "distance ✕ skew 25.0% 0% 10.0%" in shares
    assert f"33.4% 10.0% {HOSTILE_VALUE[:24]}" in shares
    assert "gone ✓ within" in shares
    slices = plain[plain.index("Slices Each slice") :]
    assert f"place={HOSTILE_VALUE}A ✕ skew 250 250" in slices
    assert {s.slice for s in found.shares} == {"", f"place={HOSTILE_VALUE}A", "place=B"}


def test_what_differs_in_a_slice_only_is_named():
    at = np.arange(ROWS)
    sliced = {"place": np.where(at < 250, "A", "B")}
    moved = np.where((at >= 250) & (at % 3 == 0), 2000, table()["distance"].to_numpy())
    html, found = page_of(
        table(**sliced),
        table(**sliced, late=None, distance=moved),
        extra="slices: [[place]]\ngates: {skew: {mismatch: report}}\n",
    )
    plain = Page(html).plain
    assert (
        "No distribution is further from training's than its threshold. The distribution of "
        "distance differs in a slice, and not over all rows." in plain
    )
    (reason,) = found.verdict.reasons
    assert "in slice place=B" in reason


def test_what_was_not_joined_is_said():
    html, _ = page_of(table(), table(id=None, late=None))
    plain = Page(html).plain
    assert "No values could be compared by key." in plain
    assert "the serving data has no column 'id'" in plain
    assert "Every feature by key" not in plain


def test_equal_data_have_nothing_that_differs():
    html, _ = page_of(table(), table(late=None), extra="gates: {skew: report}\n")
    plain = Page(html).plain
    assert "✓ Pass" in plain
    assert 'id="top"' not in html
    assert "No feature differs more often than the contract tolerates." in plain


def test_500_features_stay_small():
    rng = np.random.default_rng(0)
    wide = {f"feature_{i}": rng.normal(0, 1, ROWS) for i in range(500)}
    moved = {k: v * 1.5 for k, v in wide.items()}
    html, found = page_of(table(**wide), table(late=None, **moved))
    assert sum(f.status == "skew" for f in found.features) == 500
    assert sum(bool(f.pattern) for f in found.features) == 100
    assert len(html) < 3_000_000
