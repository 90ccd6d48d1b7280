"""The page about features: what it says first, that it is one inert file, and how large it is."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from tests.support.modelling import normal
from tests.support.pages import AT, HOSTILE, HOSTILE_VALUE, Page
from tests.support.signals import coin, contract, measured
from tidegate.model import feature_analysis
from tidegate.model.feature_analysis import Importance
from tidegate.report import pages

ROWS = 3000


@pytest.fixture(scope="module")
def found():
    y = coin(ROWS)
    x = normal(ROWS) + y
    return measured(
        {
            "x": x,
            "twin": 2 * x,
            "copy: of [y]": 9.0 * y + normal(ROWS, 4),
            "noise": normal(ROWS, 1),
            "after": y + normal(ROWS, 5) / 9,
            HOSTILE: np.where(coin(ROWS, 3) == 1, HOSTILE_VALUE, "b"),
            "y": y,
        },
        features={"exclude": ["after"]},
    )


def test_what_it_says_first(found):
    page = Page(pages.signal_page(found, contract(), at=AT))
    assert "1 suspect" in page.plain
    assert "copy: of [y] may know the answer" in page.plain
    assert "Of the rest" in page.plain
    # A name that is no plain word is quoted, so that the line can be pasted.
    assert 'exclude: ["copy: of [y]",' in page.plain
    assert "after" not in page.plain.partition("exclude: [")[2].partition("]}")[0]
    assert "left out by the contract" in page.plain


def test_it_is_one_inert_file(found):
    page = Page(pages.signal_page(found, contract(), at=AT))
    assert not {"script", "img", "link", "iframe"} & set(page.tags)
    assert not [k for _, k, _ in page.attributes if k.startswith("on")]
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {v[1:] for v in page.values("href")} <= set(ids)


def test_nothing_to_leave_out():
    y = coin(ROWS)
    page = Page(pages.signal_page(measured({"x": normal(ROWS) + y, "y": y}), contract()))
    assert "Nothing to leave out" in page.plain
    assert "x tells most" in page.plain
    assert "Of the rest" not in page.plain
    page = Page(pages.signal_page(measured({"x": normal(ROWS, 3), "y": y}), contract()))
    assert "No feature tells more of y than chance gives." in page.plain


def test_importance_is_shown_where_there_is_a_model(found):
    assert "ROC AUC lost" not in Page(pages.signal_page(found, contract())).plain
    lost = [replace(f, importance=Importance(0.04, 0.03, 0.05)) for f in found.features[:2]]
    known = replace(
        found,
        features=(*lost, *found.features[2:]),
        metric="auc",
        metric_value=0.8,
        importance_rows=100,
        repeats=5,
    )
    page = Page(pages.signal_page(known, contract()))
    assert "ROC AUC lost" in page.plain
    assert page.plain.count("0.0300 to 0.0500") == 2


def test_500_features_are_small_and_bounded_in_time():
    random = np.random.default_rng(0)
    y = coin(ROWS)
    columns = {f"feature_{i}": random.normal(size=ROWS) + y * (i % 3 == 0) / 4 for i in range(500)}
    found = feature_analysis.measure(
        feature_analysis.of_batches("wide", pa.table({**columns, "y": y}).to_batches()), contract()
    )
    assert found.paired == 50
    html = pages.signal_page(found, contract())
    assert len(html.encode()) < 1_000_000
