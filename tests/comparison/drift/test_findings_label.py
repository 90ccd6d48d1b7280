"""A change of the label is a finding, as of any feature."""

import numpy as np
import pyarrow as pa
import pytest

from tests.support.drift import contract, normal, of
from tidegate.comparison.drift.compare import compare
from tidegate.comparison.drift.findings import drift_findings, share_findings

ROWS = 2000
DRESSES = {
    "words": lambda y: np.where(y, "rain", "dry"),
    "numbers": lambda y: y.astype(int),
    "floats": lambda y: y.astype(float),
}


def rain(share, seed, rows=ROWS):
    return np.random.default_rng(seed).random(rows) < share


def found(current, baseline, *, gates="{drift: auto}", more="", label="y"):
    rules = contract(gates, f"label: {label}\n{more}")
    now, before = of({"y": current}, "2"), of({"y": baseline}, "1")
    moved = drift_findings(compare(now, before, rules), rules)
    return [*moved, *share_findings(now, before, rules, moved=moved)]


def codes(findings):
    return [(f.code, f.subject, f.severity) for f in findings]


@pytest.mark.parametrize("dress", DRESSES.values(), ids=DRESSES)
@pytest.mark.parametrize(("now", "before"), [(0.16, 0.52), (0.18, 0.3), (0.5, 0.38)])
def test_a_label_that_changed_holds(dress, now, before):
    findings = found(dress(rain(now, 1)), dress(rain(before, 2)))
    assert codes(findings) == [("drift", "y", "hold")]
    assert findings[0].message.startswith("label 'y' drifted: ")
    assert "chance alone gives up to" in findings[0].message
    assert "gates.drift.features.y" in findings[0].message


@pytest.mark.parametrize("dress", DRESSES.values(), ids=DRESSES)
def test_a_label_that_did_not_change_passes(dress):
    assert found(dress(rain(0.3, 1)), dress(rain(0.31, 2))) == []


def test_few_rows_are_too_few_to_tell():
    dress = DRESSES["words"]
    findings = found(dress(rain(0.2, 1, 40)), dress(rain(0.3, 2, 40)))
    assert {(code, severity) for code, _, severity in codes(findings)} == {
        ("drift_too_few", "warn")
    }


def test_a_numeric_label_that_moved_holds():
    assert codes(found(normal(1, mean=1.5), normal(2))) == [("drift", "y", "hold")]
    assert found(normal(1), normal(2)) == []


def test_a_label_with_a_class_that_is_new_holds():
    words = np.array(["a", "b", "c"])
    spread = np.random.default_rng(0)
    findings = found(words[spread.integers(0, 3, ROWS)], words[spread.integers(0, 2, ROWS)])
    assert codes(findings) == [("drift", "y", "hold")]


def test_the_contract_may_only_record_it():
    now, before = rain(0.16, 1).astype(int), rain(0.52, 2).astype(int)
    assert found(now, before, gates="{drift: {features: {y: report}}}") == []
    assert found(now, before, label="other", more="features: {exclude: [y]}") == []


def test_serving_has_no_label_to_judge():
    rules = contract("{drift: auto}", "label: y\n").for_skew()
    now, before = of({"y": pa.array(rain(0.1, 1))}, "2"), of({"y": pa.array(rain(0.9, 2))}, "1")
    assert {d.status for d in compare(now, before, rules)} == {"report"}
