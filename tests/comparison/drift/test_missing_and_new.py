"""Missing and new values of features between two spans."""

import numpy as np
import pyarrow as pa

from tests.support.drift import apart, contract, of
from tidegate.comparison.drift.compare import compare
from tidegate.comparison.drift.findings import share_findings


def test_values_nobody_has_seen_hold_even_if_each_is_rare():
    known = [f"v{i % 80}" for i in range(8000)]
    some = [f"new{i % 50}" if i < 1000 else v for i, v in enumerate(known)]
    baseline, current = of({"x": known}), of({"x": some}, "2")
    assert {d.status for d in compare(current, baseline, contract())} == {"ok"}
    (finding,) = share_findings(current, baseline, contract())
    assert (finding.code, finding.severity) == ("drift", "hold")
    assert "12.5% of its values are not in the baseline" in finding.message
    assert share_findings(current, baseline, contract("{drift: report}")) == []
    few = [f"new{i}" if i < 400 else v for i, v in enumerate(known)]
    assert share_findings(of({"x": few}), baseline, contract()) == []
    # Where a baseline has one of almost everything, new values are no news.
    often = [f"w{i}" for i in np.random.default_rng(1).integers(0, 700, 600)]
    again = [f"w{i}" for i in np.random.default_rng(2).integers(0, 700, 600)]
    assert share_findings(of({"x": again}), of({"x": often}), contract()) == []
    assert dict(apart(again, often)["jensen_shannon"].reported_metrics)["unseen"] > 0.3


def test_to_a_baseline_without_values_nothing_is_new():
    empty = of({"x": pa.nulls(800, pa.string())})
    (finding,) = share_findings(of({"x": ["a", "b"] * 400}, "2"), empty, contract())
    assert (finding.code, finding.severity) == ("missing_rate", "warn")
