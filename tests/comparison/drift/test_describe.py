"""What changed, in one sentence."""

import numpy as np
import pytest

from tests.support.drift import apart, contract, normal, of
from tidegate.comparison.drift.compare import compare
from tidegate.comparison.drift.findings import drift_findings


@pytest.mark.parametrize(
    ("current", "baseline", "said"),
    [
        (["UA"] * 12 + [*"abc"] * 29, ["UA"] * 18 + [*"abc"] * 27, "'UA' fell from 18.2% to 12.1%"),
        (["ua"] * 30 + ["AA"] * 70, ["AA"] * 70 + ["UA"] * 25 + ["B6"] * 5, "'ua' is new: 30.0%"),
        (["A"] * 50 + ["B"] * 50, ["A"] * 30 + ["B"] * 30 + ["C"] * 40, "'C' is gone: it was 40"),
        (normal(1) * 300 + 1180, normal(2) * 300 + 733, "median x rose from 7"),
        (normal(1) * 1.3, normal(2), "the middle half of x widened: -0.6"),
        (
            np.append(normal(1, 900), [99.0] * 100),
            normal(2, 1000),
            "% of rows now lie above 3.11, the greatest",
        ),
        (np.append(normal(1, 900), [np.nan] * 100), normal(2, 1000), "10.0% of rows are NaN, 0%"),
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
