import numpy as np
import pyarrow as pa
import pytest

from tidegate.comparison.drift.compare import check_measures, compare
from tidegate.comparison.drift.findings import drift_findings, share_findings
from tidegate.comparison.drift.learned import Learned
from tidegate.comparison.drift.thresholds import limit
from tidegate.contract import Contract
from tidegate.core.errors import ContractError
from tidegate.statistics import compute_table


def of(columns, span="1"):
    table = pa.table(columns)
    return compute_table(table.to_batches(), schema=table.schema, span=span)


def contract(gates="{drift: auto}", more=""):
    return Contract.parse(
        f"dataset: d\nsource: {{uri: x, format: csv}}\nkey: [id]\ngates: {gates}\n{more}"
    )


def apart(current, baseline, gates="{drift: auto}", **options):
    """The distances of column `x`, by measure."""
    found = compare(of({"x": current}, "2"), of({"x": baseline}, "1"), contract(gates), **options)
    return {d.measure: d for d in found}


def normal(seed, rows=5000, mean=0.0):
    return np.random.default_rng(seed).normal(mean, 1, rows)


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
    check_measures(of({"x": ["a", "b"]}).features(), asked)
    check_measures(of({"x": pa.nulls(3, pa.string()), "y": [1, 2, 3]}).features(), asked)
    with pytest.raises(ContractError, match=r"features\.x limits l_infinity, and 'x' is a column"):
        check_measures(of({"x": [1.0, 2.0]}).features(), asked)
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
        (np.append(normal(1, 900), [np.nan] * 100), normal(2, 1000), "10.0% of rows are NaN, 0.0%"),
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


def test_what_other_tools_measure_is_recorded_and_judges_nothing():
    now, before = normal(5, 20_000, 0.5), normal(6, 20_000)
    found = dict(apart(now, before)["jensen_shannon"].customary)
    assert set(found) == {"psi", "kolmogorov_smirnov", "wasserstein"}
    ordered = np.sort(before)
    reached = np.searchsorted(np.sort(now), ordered, side="right") / len(now)
    exact = np.abs(reached - np.arange(1, len(ordered) + 1) / len(ordered)).max()
    assert found["kolmogorov_smirnov"] == pytest.approx(exact, abs=0.01)
    assert found["wasserstein"] == pytest.approx(0.5 * 0.98, abs=0.03)
    cuts = np.quantile(before, np.arange(1, 10) / 10)
    p, q = (np.bincount(np.searchsorted(cuts, x), minlength=10) / len(x) for x in (before, now))
    assert found["psi"] == pytest.approx(((q - p) * np.log(q / p)).sum(), rel=0.05)
    text = dict(apart(["a", "b", "c", "c"], ["a", "b"])["jensen_shannon"].customary)
    assert text["unseen"] == 0.5
    assert text["psi"] == pytest.approx(0.5 * np.log(2) + 0.4999 * np.log(0.5 / 0.0001), abs=1e-3)


def test_one_outlier_moves_no_measure():
    values = normal(7, 10_000)
    with_outlier = values.copy()
    with_outlier[17] = 1e8
    for now, before in ((with_outlier, values), (values, with_outlier)):
        found = apart(now, before)["jensen_shannon"]
        assert found.status == "ok"
        assert found.value < 0.006
        measured = dict(found.customary)
        assert measured["psi"] < 0.05
        assert measured["kolmogorov_smirnov"] < 0.011
        assert measured["wasserstein"] < 0.02


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
    assert dict(apart(again, often)["jensen_shannon"].customary)["unseen"] > 0.3


def test_to_a_baseline_without_values_nothing_is_new():
    empty = of({"x": pa.nulls(800, pa.string())})
    (finding,) = share_findings(of({"x": ["a", "b"] * 400}, "2"), empty, contract())
    assert (finding.code, finding.severity) == ("missing_rate", "warn")
