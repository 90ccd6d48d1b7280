"""Distribution skew beyond distances: missing and new values, slices, and what is told once."""

from dataclasses import replace

import numpy as np
import pytest

from tests.support.skews import codes, compared, contract, told
from tests.support.skews_of_places import (
    KINDS,
    PLACES,
    ROWS,
    THIRD,
    X,
    loose,
    served,
    share,
    table,
    unjoined,
    where,
)
from tidegate import schema as schemas
from tidegate.comparison import skew


def test_equal_data_have_shares_within_and_nothing_to_tell():
    result = compared(table(), served(), loose())
    assert result.verdict.findings == ()
    assert {(s.feature, s.kind) for s in result.shares if not s.slice} == {
        ("place", "missing"), ("place", "unseen"), ("kind", "missing"), ("kind", "unseen"),
        ("x", "missing"),
    }  # fmt: skip
    assert {s.status for s in result.shares} == {"ok"}
    assert {d.slice for d in result.distances} == {"", "place=A", "place=B", "place=C"}
    assert "late" not in {s.feature for s in result.shares}


def test_more_missing_values_hold_and_fewer_warn():
    emptied = where(THIRD, None, X)
    result = compared(table(), unjoined(x=emptied), loose())
    assert codes(result, "hold") == {("no_common_keys", ""), ("distribution_skew_missing", "x")}
    assert told(result, "distribution_skew_missing")["x"].message == (
        "feature 'x' is empty in 33.4% of the serving rows, and in 0% of the training rows: a "
        "change of more than 10.0%; fix the logs, or set gates.skew.features.x to report"
    )
    found = share(result, "x", "missing")
    assert (found.baseline, found.status, found.n_current) == (0.0, "more", ROWS)
    assert found.current == pytest.approx(THIRD.mean())
    fewer = compared(table(x=emptied), unjoined(), loose())
    assert told(fewer, "distribution_skew_missing")["x"].severity == "warn"
    shown = compared(table(), unjoined(x=emptied), loose(", features: {x: report}"))
    warned = told(shown, "distribution_skew_missing")["x"]
    assert warned.severity == "warn"
    assert warned.message.endswith("shown only, as the contract says")


def test_a_tenth_may_be_missing_or_new_and_in_few_rows_more():
    tenth = np.arange(ROWS) % 11 == 0
    result = compared(
        table(), unjoined(x=where(tenth, None, X), kind=where(tenth, "new", KINDS)), loose()
    )
    assert codes(result, "hold") == {("no_common_keys", "")}
    few = [t.slice(0, 60) for t in (table(), unjoined(x=where(np.arange(ROWS) % 8 == 0, None, X)))]
    found = share(compared(*few, loose()), "x", "missing")
    assert (found.status, found.current > 0.1) == ("ok", True)
    assert found.threshold > found.current


def test_new_values_hold_even_if_each_is_rare():
    rare = [f"new{i % 700}" if i % 7 == 0 else k for i, k in enumerate(KINDS)]
    result = compared(table(), unjoined(kind=rare), loose())
    assert codes(result, "hold") == {("no_common_keys", ""), ("distribution_skew_unseen", "kind")}
    message = told(result, "distribution_skew_unseen")["kind"].message
    assert message.startswith("14.3% of the values of feature 'kind' in serving are not in the tra")
    assert "such as 'new" in message
    shown = compared(table(), unjoined(kind=rare), loose(", features: {kind: report}"))
    assert not told(shown, "distribution_skew_unseen")
    assert share(shown, "kind", "unseen").status == "more"


def test_what_a_distance_tells_of_is_no_second_reason():
    new = where(THIRD, "new", KINDS)
    result = compared(table(), unjoined(kind=new), loose())
    assert codes(result, "hold") == {("no_common_keys", ""), ("distribution_skew", "kind")}
    assert told(result, "distribution_skew_unseen")["kind"].severity == "info"


def test_one_fault_holds_once_and_again_where_nothing_else_holds():
    by = contract()
    emptied = served(x=where(THIRD, None, X))
    result = compared(table(), emptied, by)
    assert codes(result, "hold") == {
        ("feature_skew", "x"),
        ("feature_type_low_fraction_present", "x"),
    }
    assert codes(result, "info") == {("distribution_skew_missing", "x")}
    by_key = contract("gates: {findings: {feature_type_low_fraction_present: warn}}\n")
    assert codes(compared(table(), emptied, by_key), "hold") == {("feature_skew", "x")}
    assert codes(compared(table(), emptied, loose()), "hold") == {
        ("distribution_skew_missing", "x")
    }


def test_other_values_by_key_do_not_excuse_missing_ones():
    """Of `x` a third is gone where no key is shared, and in the pairs the values are other ones."""
    mine = [f"r{i}" if i % 3 else f"s{i}" for i in range(ROWS)]
    result = compared(table(), served(id=mine, x=where(THIRD, None, [v + 1 for v in X])), loose())
    assert ("distribution_skew_missing", "x") in codes(result, "hold")
    strict = contract("gates: {findings: {feature_type_low_fraction_present: warn}}\n")
    result = compared(table(), served(id=mine, x=where(THIRD, None, [v + 1 for v in X])), strict)
    assert codes(result, "hold") == {("feature_skew", "x"), ("distribution_skew_missing", "x")}


@pytest.mark.parametrize(
    ("place", "extra", "severity"),
    [
        ("C", "", "hold"),
        ("C", ", min_slice_share: 0.5", "warn"),
        ("C", ", min_slice_share: 1", "warn"),
        ("B", ", min_slice_share: 0.3", "hold"),
    ],
)
def test_a_skew_that_one_slice_hides_is_found(place, extra, severity):
    here = place == PLACES
    # Of B only a few rows move, or all rows would show it.
    few = here & (np.arange(ROWS) % 5 == 0) if place == "B" else here
    moved = [v + 400 if yes else v for v, yes in zip(X, few, strict=True)]
    result = compared(table(), unjoined(x=moved), loose(extra))
    assert not {d.feature for d in result.distances if d.status == "drift" and not d.slice}
    (finding,) = [f for f in result.verdict.findings if f.code == "distribution_skew"]
    assert (finding.subject, finding.severity) == ("x", severity)
    assert finding.slice == f"place={place}"
    assert (
        f"in slice place={place} ({here.sum():,} values, {here.sum():,} in training), not over"
        in finding.message
    )


def test_missing_and_new_values_of_one_slice_are_found():
    here = PLACES == "C"
    logs = unjoined(
        x=where(here, None, X), kind=where(here & (np.arange(ROWS) % 2 == 0), "new", KINDS)
    )
    result = compared(table(), logs, loose(", default: report, features: {kind: 0.9, x: auto}"))
    held = {(f.code, f.subject, f.slice) for f in result.verdict.findings if f.severity == "hold"}
    assert held == {
        ("no_common_keys", "", ""),
        ("distribution_skew_missing", "x", "place=C"),
        ("distribution_skew_unseen", "kind", "place=C"),
    }
    assert told(result, "distribution_skew_missing")["x"].message.startswith("in slice place=C, fe")
    assert share(result, "x", "missing").status == "ok"
    assert share(result, "x", "missing", "place=C").current == 1.0


def test_what_is_missing_everywhere_is_not_told_of_slices():
    result = compared(table(), unjoined(x=where(THIRD, None, X)), loose())
    assert len([f for f in result.verdict.findings if f.code == "distribution_skew_missing"]) == 1
    assert share(result, "x", "missing", "place=A").holds


def test_a_slice_says_where_and_holds_nothing_that_values_by_key_hold_already():
    moved = [v + 400 if yes else v for v, yes in zip(X, PLACES == "C", strict=True)]
    by = contract("slices: [[place]]\n")
    result = compared(table(), served(x=moved), by)
    assert codes(result, "hold") == {("feature_skew", "x")}
    (where_,) = [f for f in result.verdict.findings if f.slice]
    assert (where_.code, where_.severity, where_.slice) == ("distribution_skew", "info", "place=C")


def test_a_combination_that_a_side_lacks_has_no_slices():
    by = contract("slices: [[place], [half], [half, place]]\n")
    halves = np.array(["a", "b"])[np.arange(ROWS) % 2]
    result = compared(table(half=halves), served(half=halves, place=None), by)
    assert {d.slice for d in result.distances} == {"", "half=a", "half=b"}
    assert ("schema_missing_column", "place") in codes(result, "hold")


def test_a_distance_that_is_too_great_is_told_though_another_cannot_tell():
    """Of 60 values in 90 rows a divergence tells nothing, and the share of one value does."""
    at = np.arange(90)
    before = table().slice(0, 90).set_column(2, "kind", [[f"k{i % 60}" for i in at]])
    now = before.set_column(2, "kind", [["k0" if i % 3 == 0 else f"k{i % 60}" for i in at]])
    result = compared(before, now.drop(["late"]))
    found = {d.measure: d.status for d in result.distances if d.feature == "kind"}
    assert found == {"jensen_shannon": "too_few", "l_infinity": "drift"}
    assert told(result, "distribution_skew")["kind"].severity == "hold"
    assert not {f for f in told(result, "distribution_skew_too_few") if f == "kind"}


def test_records_that_could_not_be_read_are_counted_on_either_side(tmp_path):
    (tmp_path / "t").mkdir()
    training = skew.recorded(table().to_batches(), name="t", directory=tmp_path / "t")
    serving = skew.recorded(served().to_batches(), name="s", directory=tmp_path)
    schema = schemas.infer(training.statistics, contract())
    aside = replace(serving, bad_records=5, bad_reasons=(("no JSON", 3), ("a list", 2)))
    result = skew.measure(replace(training, bad_records=2), aside, schema, contract())
    assert [(s.side, s.records, s.rows) for s in result.set_aside] == [
        ("training", 2, ROWS), ("serving", 5, ROWS),
    ]  # fmt: skip
    assert result.set_aside[1].share == 5 / (ROWS + 5)
    (finding,) = result.verdict.findings
    assert (finding.code, finding.subject, finding.severity) == (
        "quarantined_records", "serving", "warn",
    )  # fmt: skip
    assert "5 records (0.1%) of the serving data could not be read" in finding.message
    assert "no JSON (3); a list (2)" in finding.message
    for said, status in (("hold", "hold"), ("'off'", "pass")):
        by = contract(f"gates: {{findings: {{quarantined_records: {said}}}}}\n")
        assert skew.measure(training, aside, schema, by).verdict.status == status
    result.write(tmp_path)
    assert skew.Skew.read(tmp_path) == result


def test_shares_and_slices_are_read_back(tmp_path):
    result = compared(table(), unjoined(kind=where(PLACES == "C", "new", KINDS)), loose())
    assert share(result, "kind", "unseen", "place=C").values == ("new",)
    result.write(tmp_path)
    assert skew.Skew.read(tmp_path) == result


def test_a_slice_is_held_against_the_schema_too():
    """Unknown values in a tenth of one place: a twentieth of all may be unknown, and is not."""
    here = (PLACES == "C") & (np.arange(ROWS) % 10 == 0)
    rules = contract("slices: [[place]]\ngates: {skew: {default: report, mismatch: report}}\n")

    def found(serving):
        result = compared(table(), serving, rules)
        return [
            (f.code, f.subject, f.severity, f.message) for f in result.verdict.findings if f.slice
        ]

    ((code, subject, severity, message),) = found(served(kind=where(here, "new", KINDS)))
    assert (code, subject, severity) == ("enum_type_unexpected_string_values", "kind", "hold")
    assert message.startswith("in slice place=C (360 rows), not over all rows: ")
    assert found(served(extra=KINDS)) == []
