"""The steps between accepted spans."""

import itertools

import numpy as np
import pytest

from tests.support.baselines import accept, contract
from tests.support.drift import of
from tidegate.comparison.drift import baselines
from tidegate.comparison.drift.compare import compare
from tidegate.comparison.drift.history import AcceptedStatistics
from tidegate.comparison.drift.learned import OF_CHANCE
from tidegate.comparison.drift.learned import steps as learned_steps
from tidegate.comparison.drift.noise_floor import noise_floor
from tidegate.platform.registry import Registry
from tidegate.statistics.cells import of_values
from tidegate.statistics.merging import merged


@pytest.fixture
def registry(tmp_path):
    return Registry(str(tmp_path / "registry"), "d")


def test_steps_between_accepted_spans_are_what_comparing_them_gives(registry, tmp_path):
    generator = np.random.default_rng(3)
    spans = [f"2013-{m:02}" for m in range(1, 6)]
    months = {
        s: {
            "x": generator.normal(i / 10, 1, 2000),
            "c": generator.choice(list("ab"), 2000, p=[0.4 + 0.2 * (i % 2), 0.6 - 0.2 * (i % 2)]),
        }
        for i, s in enumerate(spans)
    }
    for span, columns in months.items():
        accept(registry, tmp_path, span, columns)
    learning = contract("default: learned")
    found = AcceptedStatistics(registry).steps(learning, before="2013-05")
    assert {k: len(v) for k, v in found.items()} == {
        ("x", "jensen_shannon", ""): 3, ("c", "jensen_shannon", ""): 3, ("c", "l_infinity", ""): 3,
    }  # fmt: skip
    exact = [
        {d.measure: d.value for d in compare(of(months[b]), of(months[a]), learning)[1:]}
        for a, b in itertools.pairwise(spans[:4])
    ]
    assert found["c", "l_infinity", ""] == [d["l_infinity"] for d in exact]
    calm = {"a": of({"c": ["k", "l"] * 200}), "b": of({"c": ["k", "l"] * 150})}
    key = ("c", "jensen_shannon", "")
    cells = of_values(calm["a"].features()["c"], calm["b"].features()["c"])
    median = noise_floor("jensen_shannon", cells, n_current=400, n_baseline=300, level=0.5)
    assert learned_steps([(calm["a"], calm["b"])])[key] == [OF_CHANCE * median]
    rolling = contract("default: learned, against: rolling(2)")
    pairs = baselines.pairs(baselines.accepted(registry), against="rolling(2)")
    assert [(e.span, [b.span for b in those]) for e, those in pairs][-1] == (
        "2013-05", ["2013-03", "2013-04"],
    )  # fmt: skip
    steps = AcceptedStatistics(registry).steps(rolling, before="2013-06")["x", "jensen_shannon", ""]
    both = merged([of(months["2013-03"], "2013-03"), of(months["2013-04"], "2013-04")])
    assert steps[-1] == compare(of(months["2013-05"]), both, rolling)[0].value
    assert AcceptedStatistics(registry).steps(contract("default: auto"), before="2013-06") is None
    fixed = baselines.pairs(baselines.accepted(registry), against="span(2013-02)")
    assert [e.span for e, _ in fixed] == ["2013-01", "2013-03", "2013-04", "2013-05"]
