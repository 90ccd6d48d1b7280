"""The page about a verdict on a model."""

import math
from dataclasses import replace

import pytest

from tests.support.pages import HOSTILE, Page
from tests.support.reported import MODEL, judged, metric
from tidegate.model.evaluation import Evaluation, Metric, SliceResult
from tidegate.numerics.metrics import METRICS as DEFINITIONS
from tidegate.report import pages as report_pages
from tidegate.report.evaluation.page import describe


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
