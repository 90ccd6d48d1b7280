"""Serving held against training: columns, values by key, distributions."""

import math
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate import schema as schemas
from tidegate.comparison import skew
from tidegate.comparison.skew.join import joined
from tidegate.comparison.skew.key_findings import pairs_needed
from tidegate.comparison.skew.pairs import compare_pairs
from tidegate.contract import Contract, Serving
from tidegate.contract.sections import Source
from tidegate.core.codes import ELSEWHERE, of_family
from tidegate.core.errors import ContractError, SchemaError, SourceError, StatisticsError

CONTRACT = "dataset: d\nsource: {uri: x, format: csv}\nkey: [KEY]\n"
ROWS = 600


def contract(extra="", *, key="id", label="late"):
    named = f"label: {label}\n" if label else ""
    return Contract.parse(CONTRACT.replace("KEY", key) + named + extra)


def table(rows=ROWS, **changed):
    """Rows of a key, a text, two numbers and a label."""
    at = np.arange(rows)
    columns = {
        "id": [f"r{i:05}" for i in at],
        "carrier": np.array(["AA", "UA", "DL"])[at % 3],
        "distance": at * 7 % 1000 + 100,
        "temp": np.round(at % 50 * 1.7 + 0.013 * (at % 11), 3),
        "late": at % 2,
        **changed,
    }
    return pa.table({k: v for k, v in columns.items() if v is not None})


def served(**changed):
    return table(**{"late": None, **changed})


def compared(training, serving, by=None, *, schema=None):
    """The skew of two tables."""
    by = by or contract()
    with tempfile.TemporaryDirectory() as scratch:
        sides = []
        for name, rows in (("2013", training), ("logs", serving)):
            Path(scratch, name).mkdir()
            batches = rows.to_batches(max_chunksize=250) or [
                pa.RecordBatch.from_arrays([pa.array([], f.type) for f in rows.schema],
                                           schema=rows.schema)
            ]  # fmt: skip
            directory = Path(scratch, name)
            made = skew.recorded(batches, name=name, directory=directory, slices=by.slices)
            sides.append(made)
        inferred = schemas.infer(sides[0].statistics, by) if schema is None else schema
        return skew.measure(*sides, inferred, by)


def feature(result, name):
    (found,) = [f for f in result.features if f.feature == name]
    return found


def told(result, code):
    return {f.subject: f for f in result.verdict.findings if f.code == code}


def codes(result, severity):
    return {(f.code, f.subject) for f in result.verdict.findings if f.severity == severity}


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


def test_rounding_is_named_and_single_values_are_counted():
    training = table()
    temp = training["temp"].to_numpy()
    lacking = pa.array([None if i == 5 else v for i, v in enumerate(np.round(temp, 1))])
    distance = training["distance"].to_numpy().copy()
    distance[7] += 1
    result = compared(training, served(temp=lacking, distance=distance))
    differing = int((np.round(temp, 1) != temp).sum())
    found = feature(result, "temp")
    assert (found.mismatched, found.missing_in_serving) == (differing - (temp[5] != 8.5), 1)
    assert found.pattern.startswith("serving is rounded to 1 decimal in 100%")
    one = feature(result, "distance")
    assert (one.status, one.differing) == ("tolerated", 1)
    assert one.sample == (("r00007", "149", "150"),)
    assert one.confusion == (skew.Confusion("149", "150", 1),)
    assert told(result, "feature_skew_tolerated")["distance"].severity == "warn"


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


@pytest.mark.parametrize(
    ("tolerance", "off", "same"),
    [
        ("{}", 9e-7, True),
        ("{}", 2e-6, False),
        ("{relative: 0}", 1e-9, False),
        ("{relative: 0, absolute: 0.2}", 0.19, True),
        ("{relative: 0, absolute: 0.2}", 0.21, False),
        ("{features: {temp: {relative: 0.01}}}", 0.9, True),
        ("{relative: 0.01, features: {temp: {relative: 1.0e-9}}}", 0.5, False),
    ],
)
def test_tolerance(tolerance, off, same):
    """`temp` is 100 here, so that a share of it is read off at once where it is not absolute."""
    hundred = np.full(ROWS, 100.0)
    scale = 1 if "absolute" in tolerance or "features" in tolerance else 100
    by = contract(f"gates: {{skew: {{tolerance: {tolerance}}}}}\n")
    result = compared(table(temp=hundred), served(temp=hundred + off * scale), by)
    assert feature(result, "temp").equal == (ROWS if same else 0)


def test_whole_numbers_have_no_tolerance():
    big = np.full(ROWS, 2**53)
    by = contract("gates: {skew: {tolerance: {relative: 0.5}}}\n")
    result = compared(table(distance=big), served(distance=big + 1), by)
    assert feature(result, "distance").mismatched == ROWS
    assert feature(result, "distance").tolerance == ""


def test_what_is_no_number():
    odd = [math.nan, math.inf, -math.inf, 0.0] * 150
    again = [math.nan, math.inf, -math.inf, -0.0] * 150
    assert feature(compared(table(temp=odd), served(temp=again)), "temp").equal == ROWS
    other = [math.inf, -math.inf, math.nan, 1.0] * 150
    assert feature(compared(table(temp=odd), served(temp=other)), "temp").mismatched == ROWS
    close = [1.0, 1e308, -1e308, math.inf] * 150
    assert feature(compared(table(temp=odd), served(temp=close)), "temp").mismatched == ROWS


@pytest.mark.parametrize(
    "key",
    [
        np.arange(ROWS),
        np.arange(ROWS, dtype=float),
        [str(i) for i in range(ROWS)],
    ],
    ids=["int", "float", "text"],
)
def test_a_key_is_the_same_whatever_its_type(key):
    result = compared(table(id=np.arange(ROWS)), served(id=key))
    assert result.keys.pairs == ROWS
    assert compared(table(id=key), served(id=[str(i) for i in range(ROWS)])).keys.pairs == ROWS


def test_rows_without_a_key_are_counted():
    key = [None if i < 4 else f"r{i:05}" for i in range(ROWS)]
    result = compared(table(), served(id=key))
    assert (result.keys.serving_without_key, result.keys.pairs) == (4, ROWS - 4)
    assert told(result, "rows_without_key")["serving"].severity == "warn"


def test_nan_is_no_key():
    key = [math.nan if i < 4 else float(i) for i in range(ROWS)]
    result = compared(table(id=key), served(id=key))
    keys = result.keys
    assert (keys.training_without_key, keys.serving_without_key) == (4, 4)
    assert (keys.training_keys, keys.training_duplicates, keys.pairs) == (ROWS - 4, 0, ROWS - 4)


def test_a_key_of_several_columns():
    by = contract("serving: {source: {uri: y, format: csv}, key: [carrier, distance]}\n")
    training = table(distance=np.arange(ROWS), carrier=["A|B", "A"] * 300)
    result = compared(training, training.drop(["late"]), by)
    assert (result.keys.columns, result.keys.pairs) == (("carrier", "distance"), ROWS)
    assert [f.feature for f in result.features] == ["id", "temp"]


def test_nothing_in_common_holds():
    result = compared(table(), served(id=[f"s{i}" for i in range(ROWS)]))
    found = told(result, "no_common_keys")[""]
    assert found.severity == "hold"
    assert "training has r0" in found.message
    assert "serving has s" in found.message
    assert result.features == ()


def test_a_key_that_tells_no_row_apart_holds():
    result = compared(table(), served(id=["r00001"] * ROWS))
    assert (
        "none of the 1 keys (id) that both sides have" in told(result, "no_common_keys")[""].message
    )


def test_a_missing_key_column_holds_and_the_rest_is_measured():
    result = compared(table(), served(id=None, carrier=["aa"] * ROWS))
    assert "the serving data has no column 'id'" in told(result, "no_common_keys")[""].message
    assert ("distribution_skew", "carrier") in codes(result, "hold")


@pytest.mark.parametrize("empty", ["training", "serving"])
def test_no_rows_hold(empty):
    tables = {"training": table(), "serving": served()}
    schema = schemas.infer(side_statistics(table()), contract())
    tables[empty] = tables[empty].slice(0, 0)
    result = compared(tables["training"], tables["serving"], schema=schema)
    assert [f.code for f in result.verdict.findings] == ["no_examples"]
    assert result.verdict.status == "hold"
    assert f"the {empty} data" in result.verdict.reasons[0]


def side_statistics(rows):
    from tidegate.statistics import compute_table

    return compute_table(rows.to_batches(), schema=rows.schema, span="1")


def test_no_batches_is_an_error(tmp_path):
    with pytest.raises(SourceError, match="logs has no rows"):
        skew.recorded([], name="logs", directory=tmp_path)


def test_few_pairs_hold_and_say_how_many_are_needed():
    assert pairs_needed(0.01) == 381
    few = table(380), table(380, late=None)
    result = compared(*few)
    assert codes(result, "hold") == {("too_few_pairs", "")}
    assert "380 pairs of rows" in result.verdict.reasons[0]
    assert "at least 381" in result.verdict.reasons[0]
    assert compared(table(381), table(381, late=None)).verdict.status == "pass"
    warned = contract("gates: {findings: {too_few_pairs: warn}}\n")
    assert compared(*few, warned).verdict.status == "pass"
    exact = contract("gates: {skew: {mismatch: 0}}\n")
    assert not told(compared(*few, exact), "too_few_pairs")


def test_a_sparse_feature_is_said_to_be_too_few_to_tell():
    temp = pa.array([1.5 if i < 50 else None for i in range(ROWS)])
    result = compared(table(temp=temp), served(temp=temp))
    assert feature(result, "temp").compared == 50
    assert "95% interval up to" in told(result, "feature_skew_too_few")["temp"].message
    assert result.verdict.status == "pass"


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


def test_columns_that_one_side_lacks():
    result = compared(table(), served(temp=None, wind=np.arange(ROWS)))
    statuses = {c.column: c.status for c in result.columns}
    assert statuses == {
        "id": "same",
        "carrier": "same",
        "distance": "same",
        "temp": "training_only",
        "late": "label",
        "wind": "serving_only",
    }
    assert ("schema_missing_column", "temp") in codes(result, "hold")
    warned = told(result, "schema_training_serving_skew")
    assert (set(warned), warned["wind"].severity) == ({"wind"}, "warn")


def test_a_column_that_the_schema_does_not_know_is_told_too():
    schema = schemas.infer(side_statistics(table(temp=None)), contract())
    result = compared(table(), served(temp=None), schema=schema)
    assert ("schema_training_serving_skew", "temp") in codes(result, "hold")


def test_excluded_columns_may_lack_and_the_label_is_not_expected():
    by = contract("features: {exclude: [temp]}\n")
    result = compared(table(), served(temp=None), by)
    assert {c.column: c.status for c in result.columns}["temp"] == "expected"
    assert result.verdict.status == "pass"
    result = compared(table(), table(), by)
    assert codes(result, "warn") == {("label_in_serving", "late")}


def test_a_type_that_differs():
    text = [str(v) for v in table()["distance"].to_pylist()]
    result = compared(table(), served(distance=text))
    assert {c.column: (c.training_type, c.serving_type) for c in result.columns}["distance"] == (
        "int",
        "string",
    )
    assert ("unexpected_data_type", "distance") in codes(result, "hold")
    # The values themselves are the same numbers.
    assert feature(result, "distance").equal == ROWS
    text[3] = "far"
    found = feature(compared(table(), served(distance=text)), "distance")
    assert (found.mismatched, found.confusion[0].serving) == (1, "far")


def test_whole_numbers_for_floats_and_empty_columns_are_no_difference():
    whole = served(temp=np.round(table()["temp"].to_numpy()).astype(int))
    by = contract("gates: {skew: {default: report, mismatch: report}}\n")
    assert {c.status for c in compared(table(), whole, by).columns} == {"same", "label"}
    result = compared(table(), served(temp=pa.nulls(ROWS)), by)
    found = {c.column: (c.serving_type, c.status) for c in result.columns}
    assert found["temp"] == ("", "same")
    assert feature(result, "temp").missing_in_serving == ROWS


def test_times_are_compared_and_an_offset_is_named():
    day = np.datetime64("2013-01-01T00:00:00", "us") + np.arange(ROWS) * np.timedelta64(1, "h")
    later = day + np.timedelta64(5, "h")
    by = contract("time: at\ngates: {skew: {mismatch: {features: {at: 0}}}}\n")
    times = {"times": (day, later), "texts": (day.astype(str), later.astype(str))}
    for training, serving in times.values():
        result = compared(table(at=training), served(at=serving), by)
        assert feature(result, "at").pattern.startswith("serving is 5:00:00 later in 100%")
    mixed = compared(table(at=day), served(at=day.astype(str)), by)
    assert feature(mixed, "at").equal == ROWS


def test_columns_that_logs_call_otherwise(tmp_path):
    batches = served().rename_columns(["id", "carrier", "km", "temp"]).to_batches()

    def recorded(**keys):
        logs = Serving(source=Source(uri="x", format="csv"), **keys)
        return skew.recorded(batches, name="l", directory=tmp_path, logs=logs)

    side = recorded(columns={"distance": "km"}, exclude=("temp",))
    assert side.schema.names == ["id", "carrier", "distance"]
    assert (side.calls("distance"), side.calls("id")) == ("km", "id")
    with pytest.raises(ContractError, match=r"names the column 'kms'.*did you mean 'km'\?"):
        recorded(columns={"distance": "kms"})
    with pytest.raises(ContractError, match="l has both 'carrier' and 'km' for the column"):
        recorded(columns={"carrier": "km"})
    with pytest.raises(ContractError, match="leaves no column"):
        recorded(exclude=("id", "carrier", "km", "temp"))


def test_names_may_hold_anything_and_differ_in_case_only():
    odd = 'a"; DROP TABLE pairs; --'
    training = table(**{odd: np.arange(ROWS), "Temp": ["x"] * ROWS})
    result = compared(training, training.drop(["late"]))
    assert {f.feature for f in result.features} == {"carrier", "distance", "temp", odd, "Temp"}
    assert all(f.equal == ROWS for f in result.features)


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


def test_queries_reach_no_other_file(tmp_path):
    side = skew.recorded(table().to_batches(), name="a", directory=tmp_path)
    other = tmp_path / "other.csv"
    other.write_text("a\n1\n")
    with joined(side, side, contract()) as pairs:
        for sql in (
            f"FROM read_csv('{other}')",
            f"COPY pairs TO '{tmp_path / 'stolen.csv'}'",
            "SET enable_external_access = true",
        ):
            with pytest.raises(StatisticsError):
                pairs.database.run(sql)


def test_what_was_written_is_read_back(tmp_path):
    result = compared(table(), served(carrier=["XX"] * ROWS, temp=np.arange(ROWS) / 3))
    result.write(tmp_path)
    assert skew.Skew.read(tmp_path) == result
    file = tmp_path / "skew.json"
    text = file.read_text()
    for broken in (text[: len(text) // 2], text.replace('"status": "hold"', '"status": "pass"', 1)):
        file.write_text(broken)
        with pytest.raises(StatisticsError, match="measure it again"):
            skew.Skew.read(tmp_path)


def test_a_schema_without_serving_is_an_error():
    schema = schemas.infer(side_statistics(table()), contract())
    schema.default_environment[:] = ["TRAINING"]
    with pytest.raises(SchemaError, match="does not know the environment 'SERVING'"):
        compared(table(), served(), schema=schema)


def test_a_broken_file_is_an_error(tmp_path):
    side = skew.recorded(table().to_batches(), name="a", directory=tmp_path)
    side.files[0].write_bytes(b"PAR1 no Parquet PAR1")
    with (
        pytest.raises(StatisticsError, match="cannot be joined"),
        joined(side, side, contract()),
    ):
        pass


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


def test_every_code_is_documented():
    page = (Path(__file__).parents[2] / "docs" / "skew.md").read_text()
    elsewhere = {code for code, key in ELSEWHERE.items() if key.startswith("gates.skew")}
    codes = {
        *of_family("keys", "pairs", "columns"),
        *elsewhere,
        "no_examples",
        "quarantined_records",
    }
    assert {code for code in codes if f"`{code}`" not in page} == set()
    assert {"feature_skew", "distribution_skew"} < elsewhere


def test_severities_of_skew_can_be_set():
    by = contract("gates: {findings: {duplicate_join_keys: 'off', label_in_serving: hold}}\n")
    logs = pa.concat_tables([table(), table().slice(0, 3)])
    result = compared(table(), logs, by)
    assert not told(result, "duplicate_join_keys")
    assert codes(result, "hold") == {("label_in_serving", "late")}
    assert result.keys.serving_duplicates == 3
