"""What changed, in one sentence."""

import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.drift import apart, contract, normal, of
from tests.support.labels import held
from tidegate.comparison.drift.compare import compare
from tidegate.comparison.drift.findings import drift_findings
from tidegate.core.text import percent, percents
from tidegate.statistics import exact


@pytest.mark.parametrize(
    ("current", "baseline", "said"),
    [
        (["UA"] * 12 + [*"abc"] * 29, ["UA"] * 18 + [*"abc"] * 27, "'UA' fell from 18.2% to 12.1%"),
        (["ua"] * 30 + ["AA"] * 70, ["AA"] * 70 + ["UA"] * 25 + ["B6"] * 5, "'ua' is new: 30.0%"),
        (["A"] * 50 + ["B"] * 50, ["A"] * 30 + ["B"] * 30 + ["C"] * 40, "'C' is gone: it was 40"),
        (normal(1) * 300 + 1180, normal(2) * 300 + 733, "median x rose from about 7"),
        (normal(1) * 1.3, normal(2), "the middle half of x widened: about \u22120.6"),
        (
            np.append(normal(1, 900), [99.0] * 100),
            normal(2, 1000),
            "10.1% of values are now 3.7 or more, none before",
        ),
        (
            np.append(normal(1, 900), [np.nan] * 100),
            normal(2, 1000),
            "10.0% of values are NaN, 0% before",
        ),
        (["A"] * 50, ["A"] * 500, ""),
    ],
)
def test_one_sentence_says_what_changed(current, baseline, said):
    found = next(iter(apart(current, baseline).values())).changed
    assert said in found
    assert bool(said) == bool(found)


def test_numbers_are_told_with_their_unit_and_the_sentence_is_in_the_finding():
    kilometres = np.array([200, 500, 760, 1400, 2475] * 400)
    asked = contract(more="columns: {x: {unit: mile}}\n")
    found = compare(of({"x": kilometres * 1.609}), of({"x": kilometres * 1.0}), asked)
    assert found[0].changed == "median x rose from 760 to 1,223 mile"
    (finding,) = drift_findings(found, asked)
    assert "drifted: median x rose from 760 to 1,223 mile; Jensen-Shannon" in finding.message
    assert "what moved most: " in finding.message


KINDS = {
    "normal": lambda g, n: g.normal(size=n),
    "heavy tailed": lambda g, n: g.lognormal(0, 4, n),
    "dates": lambda g, n: g.uniform(1.7e9, 1.702e9, n),
    "cents": lambda g, n: g.integers(0, 3000, n) / 100,
    "small": lambda g, n: g.normal(size=n) * 1e-30,
    "counts": lambda g, n: g.poisson(4, n),
    "large": lambda g, n: g.integers(0, 10**9, n),
    "spiked": lambda g, n: np.where(g.random(n) < 0.3, 100.0, g.normal(100, 20, n)),
    "endless": lambda g, n: np.where(g.random(n) < 0.01, np.inf, g.normal(size=n)),
}


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(KINDS)),
    st.sampled_from(sorted(KINDS)),
    st.integers(20, 900),
    st.integers(0, 2**32),
    st.sampled_from([8, 60, exact.MOST]),
)
@example("spiked", "normal", 900, 1, 60)
@example("endless", "endless", 327, 337, 8)
def test_each_share_is_the_share_of_the_rows_that_it_names(now, before, rows, seed, most):
    """Whether each value is counted, or intervals are."""
    generator = np.random.default_rng(seed)
    old = KINDS[before](generator, rows)
    new = np.append(KINDS[now](generator, rows), [np.nan] * (seed % 7))
    if KINDS[now](generator, 1).dtype == old.dtype == int:
        new = new[~np.isnan(new)].astype(int)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exact, "MOST", most)
        found = apart(new, old)["jensen_shannon"]
    assert not found.estimated
    for label, was, share in found.moved:
        assert was == pytest.approx(held(label, old))
        assert share == pytest.approx(held(label, new))
    if match := re.fullmatch("(.*%) of values are now (.*), none before", found.changed):
        share, label = match.groups()
        assert (share, 0.0) == (percent(held(label, new)), held(label, old))
    if match := re.fullmatch("x (.*) (?:rose|fell) from (.*%) to (.*%) of values", found.changed):
        label, *shares = match.groups()
        assert shares == percents(held(label, old), held(label, new))


def test_one_row_beyond_is_one_row():
    """It was told as 0.9 %, a hundredth of the quantiles."""
    before = np.random.default_rng(3).normal(size=26_940)
    now = before.copy()
    now[:2500] += 0.2
    now[0] = 40.0
    found = apart(now, before)["jensen_shannon"]
    labels = {label: (old, new) for label, old, new in found.moved}
    for label, shares in labels.items():
        assert shares == pytest.approx((held(label, before), held(label, now)))


def test_shares_without_counts_are_said_to_be_about():
    def sketched(values, span):
        made = of({"x": values}, span)
        for feature in made.split().features:
            exact.drop(feature)
        return made

    some = normal(1, 4000)
    found = compare(sketched(some + 0.05, "2"), sketched(some, "1"), contract())[0]
    assert found.estimated
    assert re.search("from about [0-9.]+% to about [0-9.]+% of values", found.changed)
    assert found.moves[0][1].startswith("about ")
