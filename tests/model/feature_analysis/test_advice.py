"""Suspects, and what to leave out."""

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv

from tests.support.modelling import contract_of, ingested, normal
from tests.support.signals import ROWS, by_name, coin, contract, measured
from tidegate.model import feature_analysis


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
