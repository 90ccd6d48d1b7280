"""Values of rows with the same key, counted and explained."""

import math
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.skews import ROWS, codes, compared, contract, feature, served, table, told
from tidegate.comparison import skew
from tidegate.comparison.skew.join import joined
from tidegate.comparison.skew.pairs import compare_pairs


def test_the_samples_are_bounded_and_the_key_is_first():
    result = compared(table(), served(carrier=["XX"] * ROWS))
    found = feature(result, "carrier")
    assert len(found.sample) == 5
    assert all(len(row) == 3 and row[0].startswith("r0") and row[2] == "XX" for row in found.sample)
    assert [(c.serving, c.count) for c in found.confusion] == [("XX", 200)] * 3
    assert compared(table(), served(carrier=["XX"] * ROWS)).features == result.features


def test_long_values_are_cut():
    long = "é" * 300
    result = compared(table(), served(carrier=[long] * ROWS))
    assert {len(c.serving) for c in feature(result, "carrier").confusion} == {80}


def test_limits_by_feature():
    changed = served(carrier=["XX"] * ROWS, distance=np.zeros(ROWS, int), temp=np.zeros(ROWS))
    limits = "{default: report, features: {temp: 0.999, carrier: 0}}"
    by = contract(f"gates: {{skew: {{default: report, mismatch: {limits}}}}}\n")
    result = compared(table(), changed, by)
    assert {f.feature: (f.status, f.limit) for f in result.features} == {
        "carrier": ("skew", 0.0),
        "distance": ("report", None),
        "temp": ("too_few", 0.999),
    }
    assert not told(result, "distribution_skew")
    assert result.keys.differing == ROWS


def test_what_no_model_sees_is_recorded_unless_it_is_named():
    excluding = "features: {exclude: [carrier]}\n"
    changed = served(carrier=["XX"] * ROWS)
    result = compared(table(), changed, contract(excluding))
    assert (feature(result, "carrier").status, result.verdict.status) == ("report", "pass")
    assert feature(result, "carrier").mismatched == ROWS
    named = contract(excluding + "gates: {skew: {mismatch: {features: {carrier: 0}}}}\n")
    assert codes(compared(table(), changed, named), "hold") == {("feature_skew", "carrier")}


values = {
    "ints": st.none() | st.integers(-(2**63), 2**63 - 1),
    "floats": st.none() | st.floats(),
    "texts": st.none() | st.text(st.characters(blacklist_categories=["Cs"]), max_size=5),
    "keys": st.none() | st.integers(0, 6),
}
TYPES = {"ints": pa.int64(), "floats": pa.float64(), "texts": pa.string(), "keys": pa.int64()}


@st.composite
def tables(draw):
    rows = draw(st.integers(1, 12))
    return pa.table(
        {
            name: pa.array(draw(st.lists(v, min_size=rows, max_size=rows)), TYPES[name])
            for name, v in values.items()
        }
    )


def by_key(training, serving):
    """Keys and features alone: statistics take longer than a search should."""
    with tempfile.TemporaryDirectory() as scratch:
        sides = []
        for name, rows in (("a", training), ("b", serving)):
            Path(scratch, name).mkdir()
            sides.append(skew.recorded(rows.to_batches(), name=name, directory=Path(scratch, name)))
        with joined(*sides, contract(key="keys", label=None)) as pairs:
            return compare_pairs(pairs, contract(key="keys", label=None))


@settings(max_examples=40)
@given(tables())
def test_a_table_has_no_skew_against_itself(rows):
    keys, features = by_key(rows, rows)
    found = [k for k in rows["keys"].to_pylist() if k is not None]
    once = [k for k in found if found.count(k) == 1]
    assert (keys.pairs, keys.common, keys.differing) == (len(once), len(set(found)), 0)
    assert keys.training_duplicates == len({k for k in found if found.count(k) > 1})
    for f in features:
        assert (f.differing, f.equal + f.both_missing) == (0, len(once))


@settings(max_examples=40)
@given(tables(), tables())
def test_counts_add_up_and_agree_with_counting_by_hand(training, serving):
    keys, features = by_key(training, serving)
    sides = [side.to_pylist() for side in (training, serving)]
    by = [
        {r["keys"]: r for r in rows if [o["keys"] for o in rows].count(r["keys"]) == 1}
        for rows in sides
    ]
    paired = [k for k in by[0] if k is not None and k in by[1]]
    assert keys.pairs == len(paired)
    assert keys.training_without_key == sum(r["keys"] is None for r in sides[0])
    assert keys.training_keys == keys.common + keys.missing_in_serving
    assert keys.common == keys.pairs + keys.ambiguous
    for f in features:
        pairs = [(by[0][k][f.feature], by[1][k][f.feature]) for k in paired]
        assert f.both_missing == sum(a is None and b is None for a, b in pairs)
        assert f.missing_in_training == sum(a is None and b is not None for a, b in pairs)
        assert f.missing_in_serving == sum(a is not None and b is None for a, b in pairs)
        differ = [p for p in pairs if None not in p and not same(*p, f.feature)]
        assert f.mismatched == len(differ)
        assert f.pairs == f.equal + f.both_missing + f.differing
        assert sum(c.count for c in f.confusion) == f.differing, "ten pairs show all"
        if f.compared:
            assert 0 <= f.interval[0] <= f.share <= f.interval[1] <= 1


def same(a, b, name):
    if name != "floats":
        return a == b
    return math.isclose(a, b, rel_tol=1e-6) or (math.isnan(a) and math.isnan(b))
