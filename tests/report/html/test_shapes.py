"""Buckets of a histogram hold everything once."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.labels import held
from tidegate.numerics.counts import count
from tidegate.report.html import shapes
from tidegate.statistics import FeatureSummary


def summary(values, kind="float", most=None):
    """What TFDV would say of some numbers, and their counts in at most `most` intervals."""
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
        fractions=None if kind == "int" else int(np.count_nonzero(values % 1)),
        counts=None if most is None else count(values, most),
    )


numbers = st.lists(st.floats(-1e12, 1e12) | st.integers(-5, 5).map(float), min_size=1, max_size=60)


@given(numbers, numbers, st.sampled_from(["int", "float"]), st.none() | st.integers(1, 90))
def test_buckets_hold_everything_exactly_once(first, second, kind, most):
    if kind == "int":
        first, second = [np.round(v) for v in (first, second)]
    made = shapes.buckets(summary(first, kind, most), summary(second, kind, most))
    assert all(a <= b for a, b in zip(made.edges, made.edges[1:], strict=False))
    assert len(made.edges) <= 23
    for shares in made.shares:
        assert len(shares) == len(made.edges) - 1
        assert sum(shares) == pytest.approx(1)
        assert min(shares) >= 0


def test_buckets_follow_the_values():
    made = shapes.buckets(summary(np.repeat([1, 2, 4], [50, 30, 20]), "int"))
    assert [round(s, 1) for s in made.shares[0]] == [0.5, 0.3, 0.0, 0.2]
    assert [made.label(i) for i in range(4)] == ["1", "2", "3", "4"]


@given(numbers, numbers, st.sampled_from(["int", "float"]), st.integers(1, 90))
@example([-1e6, *[0.5, 1, 1.5] * 9], [0.25, 1e5], "float", 4)
@example([-1e6, *[1, 2, 3] * 9], [4, 1e5], "int", 4)
@example([0.0], [*[0.0] * 8, 1.0, -7.0], "int", 1)
def test_the_share_of_a_counted_bucket_is_that_of_the_rows_it_names(first, second, kind, most):
    sides = [np.round(v) if kind == "int" else np.array(v) for v in (first, second)]
    made = shapes.buckets(*(summary(v, kind, most) for v in sides))
    assert not made.estimated
    for shares, values in zip(made.shares, sides, strict=True):
        found = [held(made.label(i), values) for i in range(len(shares))]
        assert shares == pytest.approx(found)


def test_one_outlier_does_not_flatten_a_histogram():
    normal = np.random.default_rng(0).normal(0, 1, 9_999)
    made = shapes.buckets(summary([*normal, 1e8]))
    assert made.cut_high
    assert made.estimated
    assert made.label(len(made.shares[0]) - 1).endswith(" or more")
    assert max(made.shares[0]) < 0.3


def test_infinite_values_are_not_drawn():
    endless = replace(
        summary([1, 2, 3]), max=math.inf, quantiles=(1.0, 2.0, math.inf), histogram=()
    )
    assert shapes.buckets(endless).ends == (1.0, 2.0)
