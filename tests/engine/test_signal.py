"""What features tell of a label: information against chance, suspects, redundancy, advice."""

import json
import math
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.modelling import contract_of, ingested, normal
from tidegate.contract import Contract
from tidegate.core.errors import ExamplesError, SignalError
from tidegate.model import feature_analysis
from tidegate.model.feature_analysis import sampling
from tidegate.model.feature_analysis.result import FILE
from tidegate.numerics import information
from tidegate.numerics.binning import MISSING, RARE, coded

ROWS = 4000


def contract(label="y", **sections):
    text = {"dataset": "d", "source": {"uri": "x", "format": "csv"}, "key": ["id"], "label": label}
    return Contract.parse(json.dumps(text | sections))


def measured(columns, label="y", **sections):
    rows = feature_analysis.of_batches("f", pa.table(columns).to_batches())
    return feature_analysis.measure(rows, contract(label, **sections))


def by_name(found):
    return {f.name: f for f in found.features}


def coin(rows=ROWS, seed=0, p=0.5):
    return (np.random.default_rng(seed).random(rows) < p).astype(int)


# -- information ---------------------------------------------------------------------------------


def test_information_of_known_tables():
    determined = information.dependence(np.diag([300.0, 500.0, 200.0]), level=0.01, seed=0)
    assert determined.share == pytest.approx(1)
    assert determined.bits == pytest.approx(information.entropy(np.array([3.0, 5, 2])), abs=0.01)
    independent = information.dependence(np.outer([30, 50], [40.0, 60]), level=0.01, seed=0)
    assert (independent.share, independent.bits) == (0, 0)
    assert independent.p > 0.9
    # A noisy channel that flips a fair bit one time in ten: 1 - H(0.1) bits.
    flipped = information.dependence(np.array([[4500.0, 500], [500, 4500]]), level=0.01, seed=0)
    assert flipped.bits == pytest.approx(1 - 0.468996, abs=0.002)


def test_chance_is_that_of_shuffled_labels():
    random = np.random.default_rng(0)
    feature, label = random.integers(0, 7, 900), random.choice(3, 900, p=[0.1, 0.3, 0.6])
    drawn = np.concatenate(
        [
            information._under_chance(information.table(feature, label, 7, 3), seed)
            for seed in range(10)
        ]
    )
    shuffled = [
        information.mutual_information(information.table(feature, random.permutation(label), 7, 3))
        for _ in range(1000)
    ]
    assert drawn.mean() == pytest.approx(np.mean(shuffled), rel=0.05)
    assert drawn.std() == pytest.approx(np.std(shuffled), rel=0.1)
    assert np.quantile(drawn, 0.99) == pytest.approx(np.quantile(shuffled, 0.99), rel=0.1)


def test_false_alarms_are_as_promised():
    random = np.random.default_rng(1)
    p = []
    for seed in range(400):
        feature, label = random.integers(0, 12, 500), random.random(500) < 0.1
        counts = information.table(feature, label.astype(int), 12, 2)
        p.append(information.dependence(counts, level=0.05, seed=seed).p)
    assert 0.02 < np.mean(np.array(p) < 0.05) < 0.085
    assert np.mean(np.array(p) < 0.001) < 0.0075


@settings(max_examples=60)
@given(st.lists(st.lists(st.integers(0, 40), min_size=3, max_size=3), min_size=1, max_size=12))
def test_every_table_has_a_share(counts):
    found = information.dependence(np.array(counts, float), level=0.01, seed=0)
    assert 0 <= found.share <= 1
    assert 0 <= found.floor <= 1
    assert 0 <= found.p <= 1
    assert found.bits >= 0


# -- cells ---------------------------------------------------------------------------------------


def test_numbers_fall_into_quantile_cells():
    values = np.r_[np.arange(10_000.0), np.nan, 1e308]
    column = coded("x", pa.chunked_array([pa.array(values), pa.array([None], pa.float64())]))
    assert column.labels[-1] == MISSING
    assert (column.missing, column.distinct) == (2, 10_001)
    sizes = np.bincount(column.codes)[:-1]
    assert sizes.max() - sizes.min() <= 1
    few = coded("x", pa.chunked_array([[3, 1, 3, 2]]))
    assert (few.labels, few.codes.tolist()) == (("1", "2", "3"), [2, 0, 2, 1])


def test_rare_texts_share_a_cell():
    column = coded("x", pa.chunked_array([["b"] * 20 + ["a"] * 30 + ["c", None, "d"]]))
    assert column.labels == ("a", "b", RARE, MISSING)
    assert column.codes[-3:].tolist() == [2, 3, 2]
    assert coded("x", pa.chunked_array([pa.nulls(3)])).labels == (MISSING,)
    assert coded("x", pa.chunked_array([pa.array([None], pa.float64())])).labels == (MISSING,)


@settings(max_examples=60)
@given(
    st.lists(st.one_of(st.none(), st.floats(), st.integers(-3, 3).map(float)), min_size=1),
)
def test_every_cell_has_a_row_and_its_values_in_order(values):
    column = coded("x", pa.chunked_array([pa.array(values, pa.float64())]))
    assert np.bincount(column.codes, minlength=column.cells).all()
    there = [v for v in values if v is not None and not math.isnan(v)]
    codes = [
        c for c, v in zip(column.codes, values, strict=True) if v is not None and not math.isnan(v)
    ]
    assert sorted(codes) == [c for _, c in sorted(zip(there, codes, strict=True))]
    assert (column.missing > 0) == (column.labels[-1] == MISSING)


def test_times_are_ordered():
    moments = np.arange("2013-01-01", "2014-01-01", dtype="datetime64[D]").astype("datetime64[us]")
    column = coded("t", pa.chunked_array([pa.array(moments)]))
    assert column.kind == "time"
    assert column.labels[0].startswith("2013-01-01 00:00 to ")
    assert (np.diff(column.codes) >= 0).all()


# -- what features tell ----------------------------------------------------------------------------


def test_signal_is_told_from_noise():
    y = coin()
    found = measured({"strong": normal(ROWS) + y, "noise": normal(ROWS, 1), "y": y})
    strong, noise = found.features
    assert (strong.name, noise.name) == ("strong", "noise")
    # Two normals a standard deviation apart: 0.161 bits (by quadrature), AUC 0.760.
    assert strong.bits == pytest.approx(0.161, abs=0.03)
    assert strong.auc == pytest.approx(0.760, abs=0.02)
    assert strong.held_out == pytest.approx(0.161, abs=0.04)
    assert strong.informative
    assert not noise.informative
    assert (noise.code, noise.drop) == ("no_signal", True)
    assert found.label_entropy == pytest.approx(1, abs=0.001)
    assert [f.name for f in found.dropped] == ["noise"]


def test_what_names_rows_tells_nothing():
    y = coin()
    texts = [f"n{i}" for i in np.random.default_rng(5).permutation(ROWS)]
    found = by_name(
        measured(
            {
                "text": texts,
                "number": np.random.default_rng(6).permutation(ROWS),
                "thrice": [t[: -1 or None] for t in texts],
                "few_each": np.random.default_rng(7).integers(0, ROWS // 20, ROWS).astype(str),
                "y": y,
            }
        )
    )
    assert (found["text"].code, found["text"].drop) == ("identifier", True)
    for feature in found.values():
        assert feature.share < 0.01
        assert not feature.informative
        assert feature.auc is None or 0.45 < feature.auc < 0.55


def test_an_outlier_does_not_decide():
    y = coin()
    x = normal(ROWS) + y
    spoilt = x.copy()
    spoilt[0] = 1e8
    found = by_name(measured({"x": x, "spoilt": spoilt, "y": y}))
    assert found["spoilt"].bits == pytest.approx(found["x"].bits, abs=0.005)


def test_missing_is_a_value():
    y = coin()
    x = [None if missing else v for v, missing in
         zip(normal(ROWS), coin(seed=3, p=0.5) & y, strict=True)]  # fmt: skip
    found = measured({"x": pa.array(x, pa.float64()), "y": y})
    assert found.features[0].informative
    assert found.features[0].missing == pytest.approx(0.25, abs=0.03)


def test_every_kind_of_label():
    x = normal(ROWS)
    classes = np.array(["low", "mid", "high"])[np.digitize(x + normal(ROWS, 1) / 2, [-0.5, 0.5])]
    found = measured({"x": x, "noise": normal(ROWS, 2), "y": classes})
    assert (found.task, found.label_cells) == ("multiclass", 3)
    assert found.features[0].share > 0.3
    assert found.features[0].auc is None
    found = measured({"x": x, "noise": normal(ROWS, 2), "y": 3 * x + normal(ROWS, 1)})
    assert (found.task, found.label_cells) == ("regression", 10)
    assert found.label_entropy == pytest.approx(math.log2(10), abs=0.01)
    assert [f.informative for f in found.features] == [True, False]
    many = np.random.default_rng(3).integers(0, 40, ROWS)
    found = measured({"x": many % 2 + normal(ROWS) / 3, "y": many}, task="multiclass")
    assert found.label_cells == 21
    assert found.features[0].informative


def test_rows_without_a_label_are_left_out():
    y = pa.array([None if i % 4 == 0 else int(v) for i, v in enumerate(coin())])
    found = measured({"x": normal(ROWS), "y": y})
    assert found.without_label == ROWS // 4
    assert sum(found.part_rows) == ROWS - ROWS // 4


# -- suspects, redundancy, advice ------------------------------------------------------------------


def test_suspects():
    y = coin(p=0.2)
    refunded = np.where((y == 1) & (coin(seed=4, p=0.3) == 1), "2013-01-01", "")
    found = by_name(
        measured(
            {
                "copy": np.where(coin(seed=2, p=0.02) == 1, 1 - y, y),
                "reverse": -5.0 * y + normal(ROWS),
                "refunded": [r or None for r in refunded],
                "honest": normal(ROWS) + y,
                "y": y,
            }
        )
    )
    assert {n for n, f in found.items() if f.code == "leak"} == {"copy", "reverse", "refunded"}
    assert "give away 3" in found["refunded"].reason
    assert "label 1 alone" in found["refunded"].reason
    assert found["refunded"].share < 0.4


def test_a_rare_label_is_given_away_by_rank():
    y = coin(40_000, p=0.005)
    x = normal(40_000) + 2.6 * y
    found = measured({"x": x, "y": y})
    assert found.features[0].share < 0.5
    assert found.features[0].auc > 0.95
    assert found.features[0].code == "leak"


def test_arrival_delay_is_found_in_flights(flights_csv):
    options = pcsv.ConvertOptions(null_values=["", "NA"], strings_can_be_null=True)
    table = pcsv.read_csv(flights_csv, convert_options=options)
    late = [None if v is None else int(v > 15) for v in table["arr_delay"].to_pylist()]
    table = table.append_column("late", pa.array(late))
    found = feature_analysis.measure(
        feature_analysis.of_batches("flights", table.to_batches()), contract("late")
    )
    assert {f.name for f in found.suspects} == {"arr_delay", "dep_delay"}
    assert by_name(found)["year"].code == "constant"


def test_redundant_pairs():
    y = coin()
    x = normal(ROWS) + y
    drawn = np.random.default_rng(3).integers(0, 8, (2, ROWS))
    city = np.where(y, drawn.min(axis=0), drawn[0])
    found = measured(
        {
            "x": x,
            "kelvin": 273.15 + x,
            "falling": -np.exp(x) + normal(ROWS, 8) / 100,
            "other": normal(ROWS, 9) + y,
            "city": city.astype(str),
            "coast": np.where(city < 3, "east", "west"),
            "y": y,
        }
    )
    pairs = {frozenset((p.first, p.second)): p for p in found.pairs}
    numbers = [{"x", "kelvin"}, {"x", "falling"}, {"kelvin", "falling"}, {"city", "coast"}]
    assert set(pairs) == {frozenset(pair) for pair in numbers}
    assert pairs[frozenset({"x", "falling"})].rank_correlation == pytest.approx(-1, abs=0.02)
    told = pairs[frozenset({"city", "coast"})]
    assert (told.first, told.second) == ("city", "coast")
    assert told.told == pytest.approx(1, abs=0.001)
    assert told.back < 0.6
    dropped = {f.name: f.reason for f in found.dropped}
    assert set(dropped) == {"coast", *({"x", "kelvin", "falling"} & set(dropped))}
    assert len(dropped) == 3
    assert dropped["coast"].startswith("city tells")


def test_rank_correlation_is_spearmans():
    x, y = normal(ROWS), coin()
    there = coin(seed=5, p=0.8) == 1
    z = np.where(there, x**3 + 0.1 * normal(ROWS, 1), np.nan)
    (pair,) = measured({"x": x, "z": z, "y": y}).pairs
    ranks = [np.argsort(np.argsort(v[there])) for v in (x, z)]
    assert pair.rank_correlation == pytest.approx(np.corrcoef(*ranks)[0, 1], abs=0.005)


def test_an_excluded_column_is_measured_and_never_advised_on():
    y = coin()
    columns = {"after": y + normal(ROWS) / 9, "twin": y + normal(ROWS) / 9, "y": y, "id": y}
    found = measured(columns, features={"exclude": ["after"]})
    after, twin = by_name(found)["after"], by_name(found)["twin"]
    assert (after.role, after.code, after.drop) == ("excluded", "leak", False)
    assert (twin.code, twin.drop) == ("leak", True)
    assert [f.name for f in found.suspects] == ["twin"]
    assert not found.pairs
    assert "id" not in by_name(found)


def test_too_few_rows_are_said():
    y = coin(120)
    (feature,) = measured({"x": np.arange(120) % 11, "y": y}).features
    assert (feature.code, feature.drop) == ("too_few_rows", False)
    assert feature.floor > 0.02


def test_what_knows_groups_does_not_carry_over(tmp_path):
    random = np.random.default_rng(0)
    day = random.integers(0, 40, ROWS)
    y = (random.random(ROWS) < random.random(40)[day]).astype(int)
    rules = contract_of(tmp_path, splits={"by": "hash(day)"})
    made = ingested(tmp_path, rules, {"day": day, "x": normal(ROWS) + y, "y": y})
    rows = feature_analysis.of_examples(made)
    assert rows.divided
    found = by_name(feature_analysis.measure(rows, rules))
    assert found["day"].share > 0.1
    assert found["day"].held_out < 0
    assert (found["day"].code, found["day"].drop) == ("not_carried", False)
    lost = dict.fromkeys(["day", "x"], feature_analysis.Importance(0.1, 0.05, 0.15))
    shuffled = feature_analysis.Shuffled("auc", 0.8, 100, 5, lost)
    assert by_name(feature_analysis.measure(rows, rules, shuffled=shuffled))["day"].code == ""
    assert found["x"].held_out > 0.1
    assert found["x"].code == ""


def test_pairs_are_of_the_columns_that_tell_most(monkeypatch):
    monkeypatch.setattr(feature_analysis.measure.__globals__["pairs"], "MAX_PAIRED", 2)
    y = coin()
    found = measured({"a": normal(ROWS) + y, "b": normal(ROWS) + y, "c": normal(ROWS, 3), "y": y})
    assert found.paired == 2
    assert len(found.pairs) == 1


# -- rows and files --------------------------------------------------------------------------------


def test_rows_are_bounded_by_columns():
    assert sampling.row_limit(19) == 500_000
    assert sampling.row_limit(500) == 40_000
    assert sampling.row_limit(10_000) == 10_000


def test_a_sample_says_so(monkeypatch):
    monkeypatch.setattr(sampling, "MAX_ROWS", 1000)
    found = measured({"x": normal(ROWS), "y": coin()})
    assert (found.rows, found.measured, sum(found.part_rows)) == (ROWS, 1000, 1000)


def test_written_and_read(tmp_path):
    y = coin()
    found = measured({"x": normal(ROWS) + y, "twin": normal(ROWS) + y, "one": [1] * ROWS, "y": y})
    feature = replace(found.features[0], importance=feature_analysis.Importance(0.1, 0.05, 0.15))
    found = replace(found, features=(feature, *found.features[1:]))
    found.write(tmp_path)
    assert feature_analysis.Signal.read(tmp_path) == found
    json.loads((tmp_path / FILE).read_text(), parse_constant=pytest.fail)
    (tmp_path / FILE).write_text("{}")
    with pytest.raises(SignalError, match=r"signal.json is no measurement"):
        feature_analysis.Signal.read(tmp_path)
    with pytest.raises(SignalError, match="cannot read"):
        feature_analysis.Signal.read(tmp_path / "none")


def test_errors_name_the_remedy():
    columns = {"x": normal(ROWS), "late": coin()}
    with pytest.raises(SignalError, match=r"name the column with --label"):
        measured(columns, None)
    with pytest.raises(SignalError, match=r"'lat' is no column .* did you mean 'late'"):
        measured(columns, "lat")
    with pytest.raises(SignalError, match="single value in all rows"):
        measured({**columns, "y": [1] * ROWS})
    with pytest.raises(SignalError, match="has 0 rows with a label"):
        measured({**columns, "y": pa.nulls(ROWS, pa.int64())})
    with pytest.raises(SignalError, match="the contract says binary"):
        measured({**columns, "y": np.arange(ROWS) % 3}, task="binary")
    with pytest.raises(SignalError, match="regression needs numbers"):
        measured({**columns, "y": ["a", "b"] * (ROWS // 2)}, task="regression")
    with pytest.raises(SignalError, match="is of type timestamp"):
        measured({**columns, "y": np.arange(ROWS).astype("datetime64[us]")})
    with pytest.raises(SignalError, match="no column beside"):
        measured({"late": coin()}, "late")
    with pytest.raises(ExamplesError, match="f has no rows"):
        feature_analysis.of_batches("f", [])


def test_an_empty_split_is_an_error(tmp_path):
    rules = contract_of(tmp_path, splits={"by": "hash(x)"})
    made = ingested(tmp_path, rules, {"x": [1] * 100, "y": [0, 1] * 50})
    with pytest.raises(ExamplesError, match="split of 1 is empty"):
        feature_analysis.of_examples(made)
