"""Serving held against training, all of it together."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv
import pytest

from tests.support.skews import (
    ROWS,
    codes,
    compared,
    contract,
    feature,
    served,
    side_statistics,
    table,
    told,
)
from tidegate import schema as schemas
from tidegate.comparison import skew
from tidegate.core.codes import ELSEWHERE, of_family
from tidegate.core.errors import ContractError, SchemaError


def test_equal_data_pass():
    result = compared(table(), served())
    assert result.verdict.status == "pass"
    assert result.verdict.findings == ()
    assert (result.keys.pairs, result.keys.differing) == (ROWS, 0)
    assert [f.feature for f in result.features] == ["carrier", "distance", "temp"]
    assert all(f.equal == ROWS and f.status == "same" for f in result.features)
    assert [(c.column, c.status) for c in result.columns][-1] == ("late", "label")
    assert {d.feature for d in result.distances} == {"id", "carrier", "distance", "temp"}


def test_a_known_truth_made_of_flights(flights_csv):
    """Kilometres, lower case, 32 bits, lost rows, repeated rows and a lost value, all counted."""
    rows = pcsv.read_csv(flights_csv)
    at = np.arange(rows.num_rows)
    carriers = np.array(rows["carrier"].to_pylist())
    miles = rows["distance"].to_numpy()
    delay = at / 7
    training = {
        "id": [f"f{i}" for i in at],
        "carrier": carriers,
        "distance": miles,
        "delay": delay,
        "origin": rows["origin"].to_pylist(),
    }
    lower, lost, twice, emptied = at % 4 == 0, at % 10 == 9, at % 100 == 1, 42
    serving = {
        **training,
        "carrier": np.where(lower, np.char.lower(carriers), carriers),
        "distance": np.round(miles * 1.609344).astype(int),
        "delay": delay.astype("float32").astype(float),
        "origin": [None if i == emptied else o for i, o in enumerate(training["origin"])],
    }
    logs = pa.table(serving)
    logs = pa.concat_tables([logs.filter(pa.array(~lost)), logs.filter(pa.array(twice))])
    result = compared(pa.table(training), logs, contract(label=None))

    paired = ~lost & ~twice
    keys = result.keys
    assert (keys.training_keys, keys.serving_keys) == (len(at), (~lost).sum())
    assert (keys.training_duplicates, keys.serving_duplicates) == (0, twice.sum())
    assert (keys.missing_in_serving, keys.missing_in_training) == (lost.sum(), 0)
    assert (keys.pairs, keys.ambiguous, keys.differing) == (paired.sum(), twice.sum(), paired.sum())
    carrier = feature(result, "carrier")
    assert (carrier.mismatched, carrier.equal) == ((paired & lower).sum(), (paired & ~lower).sum())
    assert carrier.pattern.startswith("differs in upper and lower case or spaces only in 100%")
    assert all(c.serving == c.training.lower() for c in carrier.confusion)
    counts = {c.training: c.count for c in carrier.confusion}
    assert counts["UA"] == (paired & lower & (carriers == "UA")).sum()
    distance = feature(result, "distance")
    assert (distance.mismatched, distance.binned) == (paired.sum(), True)
    assert "1.609 times training (as from mile to kilometre)" in distance.pattern
    assert sum(c.count for c in distance.confusion) == paired.sum()
    assert feature(result, "delay").equal == paired.sum()
    origin = feature(result, "origin")
    assert (origin.missing_in_serving, origin.mismatched) == (1, 0)
    assert origin.confusion == (skew.Confusion(training["origin"][emptied], None, 1),)
    held = {s for c, s in codes(result, "hold") if c == "feature_skew"}
    assert held == {"carrier", "distance"}


@pytest.mark.parametrize("empty", ["training", "serving"])
def test_no_rows_hold(empty):
    tables = {"training": table(), "serving": served()}
    schema = schemas.infer(side_statistics(table()), contract())
    tables[empty] = tables[empty].slice(0, 0)
    result = compared(tables["training"], tables["serving"], schema=schema)
    assert [f.code for f in result.verdict.findings] == ["no_examples"]
    assert result.verdict.status == "hold"
    assert f"the {empty} data" in result.verdict.reasons[0]


def test_distributions_have_limits_of_their_own():
    moved = served(distance=np.arange(ROWS) * 7 % 1000 + 400)
    drift_only = contract("gates: {drift: report}\n")
    assert ("distribution_skew", "distance") in codes(compared(table(), moved, drift_only), "hold")
    loose = contract("gates: {skew: {default: 1, mismatch: report}}\n")
    result = compared(table(), moved, loose)
    assert result.verdict.status == "pass"
    (distance,) = [d for d in result.distances if d.feature == "distance"]
    assert (distance.threshold, distance.status) == (1.0, "ok")
    assert distance.value > 0.1


def test_a_limit_for_a_measure_that_numbers_have_not_is_an_error():
    by = contract("gates: {skew: {features: {distance: {l_infinity: 0.1}}}}\n")
    with pytest.raises(ContractError, match=r"gates\.skew\.features\.distance limits l_infinity"):
        compared(table(), served(), by)
    text = contract("gates: {skew: {features: {carrier: {l_infinity: 0.1}}}}\n")
    assert compared(table(), served(), text).verdict.status == "pass"


@pytest.mark.parametrize(
    ("extra", "key"),
    [
        ("gates: {skew: {features: {tmp: report}}}\n", "gates.skew.features"),
        ("gates: {skew: {mismatch: {features: {tmp: 0}}}}\n", "gates.skew.mismatch.features"),
        ("gates: {skew: {tolerance: {features: {tmp: {}}}}}\n", "gates.skew.tolerance.features"),
        ("serving: {source: {uri: x, format: csv}, columns: {tmp: t}}\n", "serving.columns"),
        ("serving: {source: {uri: x, format: csv}, key: [tmp]}\n", "serving.key"),
    ],
)
def test_a_column_that_is_not_there_is_an_error(extra, key):
    schema = schemas.infer(side_statistics(table()), contract())
    with pytest.raises(ContractError, match=rf"^{key} names the column 'tmp'.*mean 'temp'\?"):
        compared(table(), served(), contract(extra), schema=schema)


def test_a_schema_without_serving_is_an_error():
    schema = schemas.infer(side_statistics(table()), contract())
    schema.default_environment[:] = ["TRAINING"]
    with pytest.raises(SchemaError, match="does not know the environment 'SERVING'"):
        compared(table(), served(), schema=schema)


def test_every_code_is_documented():
    page = (Path(__file__).parents[3] / "docs" / "skew.md").read_text()
    elsewhere = {code for code, key in ELSEWHERE.items() if key.startswith("gates.skew")}
    codes = {*of_family("keys", "pairs", "columns"), *elsewhere}
    codes |= {"no_examples", "quarantined_records"}
    assert {code for code in codes if f"`{code}`" not in page} == set()
    assert {"feature_skew", "distribution_skew"} < elsewhere


def test_severities_of_skew_can_be_set():
    by = contract("gates: {findings: {duplicate_join_keys: 'off', label_in_serving: hold}}\n")
    logs = pa.concat_tables([table(), table().slice(0, 3)])
    result = compared(table(), logs, by)
    assert not told(result, "duplicate_join_keys")
    assert codes(result, "hold") == {("label_in_serving", "late")}
    assert result.keys.serving_duplicates == 3
