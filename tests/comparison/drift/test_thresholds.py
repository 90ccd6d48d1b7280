"""When a distance is drift, and where its limit comes from."""

import pytest

from tests.support.drift import apart, contract, normal, of
from tidegate.comparison.distance_findings import DRIFT, check_measures
from tidegate.comparison.drift.compare import compare
from tidegate.comparison.drift.findings import drift_findings
from tidegate.comparison.drift.learned import Learned
from tidegate.comparison.drift.thresholds import limit
from tidegate.core.errors import ContractError


def test_auto_is_the_practical_effect_or_the_noise():
    many = apart(normal(1), normal(2))["jensen_shannon"]
    assert (many.threshold, many.status) == (0.1, "ok")
    assert many.origin == "auto: the practical effect size 0.1"
    few = apart(normal(1, 40), normal(2))["jensen_shannon"]
    assert few.status == "too_few"
    rare = [f"v{i}" for i in range(200)] * 2
    noisy = apart(rare, rare)["jensen_shannon"]
    assert noisy.threshold == noisy.noise > 0.1
    assert noisy.status == "too_few"
    assert noisy.origin == "auto: the noise floor of 400 and 400 values"
    (finding,) = drift_findings([noisy], contract())
    assert (finding.code, finding.severity) == ("drift_too_few", "warn")
    assert "400 and 400 values are too few to tell drift from chance" in finding.message


def test_more_features_and_fewer_false_alarms_leave_each_less_room():
    table = {f"f{i}": normal(i, 150) for i in range(40)}
    noise = {
        (width, rate): compare(
            of(dict(list(table.items())[:width])),
            of(dict(list(table.items())[:width])),
            contract(f"{{drift: {{false_alarms: {rate}}}}}"),
        )[0].noise
        for width, rate in ((1, 0.01), (40, 0.01), (1, 0.1))
    }
    assert noise[1, 0.1] < noise[1, 0.01] < noise[40, 0.01]
    judged = "{drift: {default: report, features: {f0: auto}}}"
    alone = compare(of(table), of(table), contract(judged))[0]
    assert alone.noise == noise[1, 0.01]


def test_a_number_limits_jensen_shannon_alone():
    current, baseline = ["a"] * 700 + ["b"] * 300, ["a"] * 300 + ["b"] * 700
    auto = apart(current, baseline)
    assert auto["jensen_shannon"].status == "drift"
    assert auto["l_infinity"].value == pytest.approx(0.4)
    assert auto["l_infinity"].status == "drift"
    number = apart(current, baseline, "{drift: {features: {x: 0.9}}}")
    assert (number["jensen_shannon"].status, number["l_infinity"].status) == ("ok", "report")
    strict = apart(current, baseline, "{drift: 0.01}")
    assert (strict["jensen_shannon"].status, strict["l_infinity"].status) == ("drift", "report")
    report = apart(current, baseline, "{drift: report}")
    assert {d.status for d in report.values()} == {"report"}
    assert {d.threshold for d in report.values()} == {None}


def test_a_limit_for_each_measure():
    current, baseline = ["a"] * 560 + ["b"] * 440, ["a"] * 500 + ["b"] * 500
    found = apart(current, baseline, "{drift: {features: {x: {l_infinity: 0.05}}}}")
    assert (found["jensen_shannon"].status, found["l_infinity"].status) == ("report", "drift")
    assert found["l_infinity"].threshold == 0.05
    both = "{drift: {features: {x: {l_infinity: 0.1, jensen_shannon: 0.001}}}}"
    found = apart(current, baseline, both)
    assert (found["jensen_shannon"].status, found["l_infinity"].status) == ("drift", "ok")


def test_l_infinity_of_numbers_is_a_mistake_in_the_contract():
    asked = contract("{drift: {features: {x: {l_infinity: 0.05}}}}")
    check_measures(asked.gates.drift.features, [], DRIFT)
    check_measures(asked.gates.drift.features, ["y"], DRIFT)
    with pytest.raises(ContractError, match=r"features\.x limits l_infinity, and 'x' is a column"):
        check_measures(asked.gates.drift.features, ["x"], DRIFT)
    with pytest.raises(ContractError, match="limits l_infinity, which numbers do not have"):
        contract("{drift: {features: {x: {l_infinity: 0.05}}}}", "features: {numeric: [x]}\n")


def test_a_limit_from_the_contract_tells_when_chance_exceeds_it():
    found = limit(0.01, 0.02, n_current=500, n_baseline=500)
    assert (found.threshold, found.telling) == (0.01, False)
    assert limit(0.03, 0.02, n_current=500, n_baseline=500).telling
    assert not limit(0.03, 0.02, n_current=49, n_baseline=500).telling


def test_where_a_learned_limit_comes_from_is_said():
    sizes = {"n_current": 9000, "n_baseline": 9000}
    found = limit("learned", 0.02, learned=Learned(0.04, 11), **sizes)
    assert (found.threshold, found.telling) == (0.04, True)
    assert found.origin == "learned from 11 steps between accepted spans"
    wide = limit("learned", 0.02, learned=Learned(0.7, 11), **sizes)
    assert wide.threshold == 0.7
    noisy = limit("learned", 0.05, learned=Learned(0.04, 11), **sizes)
    assert noisy.threshold == 0.05
    assert "noise floor of 9,000 and 9,000 values, which is larger" in noisy.origin
    least = limit("learned", 0.001, learned=Learned(0.0002, 11), **sizes)
    assert (least.threshold, least.origin.split(": ")[1]) == (0.01, "the least that is learned")
    few = limit("learned", 0.02, learned=Learned(None, 3), **sizes)
    assert few.threshold == 0.1
    assert few.origin.endswith("(learning needs 8 steps between accepted spans, there are 3)")


def test_a_learned_limit_sees_what_the_practical_effect_size_lets_pass():
    gates = "{drift: {features: {x: learned}}}"
    steps = {
        ("x", "jensen_shannon", ""): [0.001, 0.002, 0.001, 0.0015, 0.001, 0.002, 0.001, 0.0013]
    }
    moved = normal(3, 20_000, 0.6)
    assert apart(moved, normal(4, 20_000))["jensen_shannon"].status == "ok"
    learned = apart(moved, normal(4, 20_000), gates, steps=steps)["jensen_shannon"]
    assert learned.status == "drift"
    assert learned.threshold < 0.02
    same = apart(normal(3, 20_000), normal(4, 20_000), gates, steps=steps)["jensen_shannon"]
    assert same.status == "ok"
