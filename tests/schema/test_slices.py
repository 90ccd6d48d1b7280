"""Anomalies that a slice has and all rows together have not."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tidegate import schema as schemas
from tidegate import statistics
from tidegate.contract import Contract
from tidegate.data.examples import ingest
from tidegate.report import pages
from tidegate.statistics import compute_table
from tidegate.statistics.slices import compute_slices, defines_slice
from tidegate.validation import Validation, validate

CONTRACT = """
dataset: d
source: {uri: "data/{SPAN}.csv", format: csv}
key: [id]
slices: [[place]]
gates: {min_examples: 10, drift: {default: report%s}%s}
"""
SHARES = {"A": 0.5, "B": 0.37, "C": 0.09, "D": 0.04}


def contract(drift="", gates=""):
    return Contract.parse(CONTRACT % (drift, gates))


def rows(seed, *, size=10_000, shares=SHARES):
    """`kind` is k, l or m; `n` a number that one row in ten lacks."""
    generator = np.random.default_rng(seed)
    return {
        "id": [f"{seed}-{i}" for i in range(size)],
        "place": generator.choice(list(shares), size, p=list(shares.values())),
        "kind": generator.choice(["k", "l", "m"], size).astype(object),
        "n": np.where(generator.random(size) < 0.1, None, generator.integers(0, 50, size)),
    }


def put(columns, name, place, value, share=1.0, seed=0):
    """The columns with another value of one in a share of the rows of a place."""
    chosen = np.random.default_rng([7, seed]).random(len(columns["place"])) < share
    here = (columns["place"] == place) & chosen
    return {**columns, name: np.where(here, value, columns[name])}


def of(columns, span="1", by=(("place",),)):
    types = {"n": pa.int64()}
    table = pa.table({n: pa.array(list(v), types.get(n)) for n, v in columns.items()})
    made = compute_table(table.to_batches(), schema=table.schema, span=span)

    def read(names):
        return (table if names is None else table.select(list(names))).to_batches()

    sliced, left_out = compute_slices(read, by, schema=table.schema)
    return replace(made, slices=sliced, slices_left_out=left_out)


BEFORE = of(rows(1))


def expected(**tolerated):
    """The schema of `BEFORE`: a hundredth of unseen kinds, half of the numbers may lack."""
    schema = schemas.infer(BEFORE, contract())
    for feature in schema.feature:
        if feature.name == "kind":
            feature.distribution_constraints.min_domain_mass = 1 - tolerated.get("unseen", 0.05)
        if feature.name == "n":
            feature.presence.min_fraction = 1 - tolerated.get("missing", 0.5)
    return schema


def found(now, *, before=BEFORE, rules=None, schema=None):
    result = validate(of(now, "2"), schema or expected(), rules or contract(), baseline=before)
    return [f for f in result.verdict.findings if f.slice]


def told(findings):
    return [(f.code, f.subject, f.slice, f.severity) for f in findings]


UNSEEN = "enum_type_unexpected_string_values"


@pytest.mark.parametrize(
    ("place", "drift", "severity"),
    [
        ("C", "", "hold"),
        ("D", "", "warn"),
        ("D", ", min_slice_share: 0.01", "hold"),
        ("C", ", min_slice_share: 1.0", "warn"),
    ],
)
def test_values_outside_the_domain_of_one_slice(place, drift, severity):
    now = put(rows(2), "kind", place, "x", 0.4)
    (finding,) = found(now, rules=contract(drift))
    assert told([finding]) == [(UNSEEN, "kind", f"place={place}", severity)]
    assert finding.message.startswith(f"in slice place={place} (")
    assert "'x'" in finding.message
    assert "not over all rows" in finding.message


def test_a_column_that_one_slice_lacks():
    now = put(rows(2), "n", "C", None)
    (finding,) = found(now)
    assert finding.code in ("feature_type_not_present", "feature_type_low_fraction_present")
    assert told([finding])[0][1:] == ("n", "place=C", "hold")
    assert found(now, schema=expected(missing=1.0)) == []


def test_what_was_so_in_the_baseline_is_shown_only():
    was = of(put(rows(1), "kind", "C", "x", 0.4))
    now = put(rows(2), "kind", "C", "x", 0.4)
    (finding,) = found(now, before=was)
    assert told([finding]) == [(UNSEEN, "kind", "place=C", "info")]
    assert finding.message.endswith("so it was in the baseline")


def test_far_more_than_in_the_baseline_is_not_what_was_there_before():
    was = of(put(rows(1), "kind", "C", "x", 0.08))
    assert was.by_slice()["place=C"].features()["kind"].unique == 4
    (finding,) = found(put(rows(2), "kind", "C", "x", 0.4), before=was)
    assert told([finding]) == [(UNSEEN, "kind", "place=C", "hold")]


def test_a_share_that_may_be_what_it_was_before_does_not_hold():
    """A slice that lay just below its limit, and may be as it was, is not held for it now."""
    few = {"A": 0.9, "C": 0.1}
    was = of(put(rows(1, size=4000, shares=few), "n", "C", None, 0.48, seed=1))
    now = put(rows(2, size=60_000, shares=few), "n", "C", None, 0.53, seed=2)
    assert was.by_slice()["place=C"].features()["n"].missing_fraction < 0.55
    findings = found(now, before=was, schema=expected(missing=0.55))
    assert told(findings) == [("feature_type_low_fraction_present", "n", "place=C", "info")]


def test_a_slice_that_the_baseline_has_not_warns():
    known = {"A": 0.6, "B": 0.4}
    now = put(rows(2), "kind", "C", "x", 0.4)
    findings = found(now, before=of(rows(1, shares=known)))
    assert (UNSEEN, "kind", "place=C", "warn") in told(findings)
    assert "the baseline has no such slice" in findings[-1].message
    alone = found(now, before=None)
    assert told(alone) == [(UNSEEN, "kind", "place=C", "warn")]
    assert "no such slice" not in alone[0].message


def test_the_largest_slice_is_told_and_the_others_are_named():
    now = put(put(rows(2), "kind", "C", "x", 0.3), "kind", "D", "x", 0.4)
    (finding,) = found(now, rules=contract(", min_slice_share: 0.01"))
    assert finding.slice == "place=C"
    assert finding.message.endswith("; also in place=D")


def test_what_all_rows_show_is_not_told_of_slices():
    now = put(put(rows(2), "kind", "A", "x", 0.4), "kind", "C", "x", 0.4)
    result = validate(of(now, "2"), expected(), contract(), baseline=BEFORE)
    found_of = [f.slice for f in result.verdict.findings if f.code == UNSEEN]
    assert found_of == [""]


def test_a_column_that_cuts_a_slice_is_not_judged_in_it():
    schema = expected()
    domain = next(d for d in schema.string_domain if d.name == "place")
    domain.value.remove("C")
    feature = next(f for f in schema.feature if f.name == "place")
    feature.distribution_constraints.min_domain_mass = 0.5
    assert found(rows(2), schema=schema) == []
    assert defines_slice("place=C, kind=k", "kind")
    assert defines_slice("place=C", "place")
    assert not defines_slice("place=C", "lace")


def test_what_the_schema_says_of_the_whole_is_not_asked_of_slices():
    schema = expected()
    schema.dataset_constraints.min_examples_count = 9000
    for feature in schema.feature:
        if feature.name == "kind":
            feature.unique_constraints.min = 3
            feature.unique_constraints.max = 3
        if feature.name == "n":
            feature.presence.min_count = 5000
    now = rows(2)
    now["kind"] = np.where((now["place"] == "D") & (now["kind"] == "m"), "k", now["kind"])
    assert found(now, schema=schema) == []


def test_chance_is_no_anomaly():
    """Of slices whose share is the tolerated one, half lie above it."""
    alarms = 0
    for seed in range(20):
        now = rows(100 + seed, size=4000)
        for place in SHARES:
            now = put(now, "kind", place, "x", 0.05, seed=seed)
        alarms += bool(found(now, schema=expected(unseen=0.05)))
    assert alarms == 0


def test_the_contract_settles_what_slices_show():
    now = put(rows(2), "kind", "C", "x", 0.4)
    assert found(now, rules=contract(gates=f", findings: {{{UNSEEN}: 'off'}}")) == []
    warned = found(now, rules=contract(gates=f", findings: {{{UNSEEN}: warn}}"))
    assert told(warned) == [(UNSEEN, "kind", "place=C", "warn")]
    small = put(rows(2), "kind", "D", "x", 0.4)
    held = found(small, rules=contract(gates=f", findings: {{{UNSEEN}: hold}}"))
    assert told(held) == [(UNSEEN, "kind", "place=D", "warn")]


def test_columns_no_model_sees_warn():
    now = put(rows(2), "kind", "C", "x", 0.4)
    text = CONTRACT % ("", "")
    rules = Contract.parse(text + "features: {exclude: [kind]}\n")
    assert told(found(now, rules=rules)) == [(UNSEEN, "kind", "place=C", "warn")]


def test_the_rows_of_a_slice_are_counted_and_shown(tmp_path):
    """Also where the value that cuts it has a comma, a quote and what looks like another cut."""
    place = "O'Hare, IL=k"
    text = CONTRACT.replace("data/{SPAN}.csv", str(tmp_path / "{SPAN}.parquet")) % ("", "")
    rules = Contract.parse(text.replace("format: csv", "format: parquet"))
    now = put(rows(2, shares={"A": 0.9, place: 0.1}), "kind", place, "x", 0.4)
    before = rows(1, shares={"A": 0.9, place: 0.1})
    made = []
    for span, columns in (("1", before), ("2", now)):
        table = pa.table({n: pa.array(list(v)) for n, v in columns.items()})
        pq.write_table(table, tmp_path / f"{span}.parquet")
        made.append(ingest(rules, span=span, out=tmp_path / f"examples-{span}"))
    baseline, current = (statistics.compute(each) for each in made)
    schema = schemas.infer(baseline, rules)
    for feature in schema.feature:
        if feature.name == "kind":
            feature.distribution_constraints.min_domain_mass = 0.95
    result = validate(current, schema, rules, baseline=baseline, examples=made[1])
    (found,) = [a for a in result.anomalous if a.slice]
    assert (found.code, found.subject, found.slice) == (UNSEEN, "kind", f"place={place}")
    here = now["place"] == place
    assert (found.rows.failing, found.rows.of) == ((here & (now["kind"] == "x")).sum(), here.sum())
    assert {row[1] for row in found.rows.sample} == {"x"}
    result.write(tmp_path / "v")
    assert Validation.read(tmp_path / "v") == result
    page = pages.validation_page(result, current, baseline, schema, rules)
    assert f"{found.rows.failing:,} of {found.rows.of:,} rows" in page
    assert "in this slice</a>" in page
