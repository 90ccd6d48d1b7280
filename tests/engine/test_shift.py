"""What tells two sets of rows apart, and how their labels differ."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.engine.modelling import contract_of, ingested, normal
from tests.engine.test_report import HOSTILE, HOSTILE_VALUE, Page
from tidegate.cli import main
from tidegate.comparison.shift import Side, compare, meaningless
from tidegate.comparison.shift.labels import label_shift
from tidegate.contract import Contract
from tidegate.core.errors import SignalError
from tidegate.report import pages

ROWS = 3000


def contract(label="y", **sections):
    text = {"dataset": "d", "source": {"uri": "x", "format": "csv"}, "key": ["id"], "label": label}
    return Contract.parse(json.dumps(text | sections))


def rows(seed, *, size=ROWS, move=0.0, city=(0.5, 0.3, 0.2), late=0.2):
    random = np.random.default_rng(seed)
    return pa.table(
        {
            "id": random.permutation(size) + seed * size,
            "temp": random.normal(move, 1, size),
            "wind": random.normal(0, 1, size),
            "city": random.choice(["EWR", "JFK", "LGA"], size, p=city),
            "y": (random.random(size) < late).astype(int),
        }
    )


def shift(now, before, rules=None, **options):
    def named(name, table):
        return Side(name, table, table.num_rows)

    return compare(named("now", now), named("before", before), rules or contract(), **options)


def by_name(found):
    return {f.name: f for f in found.features}


def test_one_distribution_cannot_be_told_apart():
    found = shift(rows(3), rows(4))
    assert found.auc.low < 0.5 < found.auc.high
    assert not found.told
    assert not any(f.told for f in found.features)
    assert not found.label.told
    assert set(by_name(found)) == {"temp", "wind", "city"}


def test_the_interval_holds_a_coin_as_often_as_it_says():
    held = 0
    for seed in range(60):
        found = shift(rows(2 * seed, size=400), rows(2 * seed + 1, size=400), seed=seed)
        held += found.auc.low <= 0.5 <= found.auc.high
    assert held >= 54


def test_covariate_shift():
    found = shift(rows(3, move=1.0), rows(4))
    # Two normals a standard deviation apart: AUC 0.760.
    assert found.auc.value == pytest.approx(0.760, abs=0.02)
    assert found.auc.high - found.auc.low < 0.05
    assert found.told
    first, *others = found.features
    assert (first.name, first.told) == ("temp", True)
    assert first.auc.value == pytest.approx(0.76, abs=0.02)
    assert first.weight > 0.8
    assert not any(f.told for f in others)
    assert not found.label.told


def test_what_moved_is_named():
    found = by_name(shift(rows(1, city=(0.2, 0.3, 0.5)), rows(2)))
    assert {cell for cell, *_ in found["city"].moved[:2]} == {"EWR", "LGA"}
    moved = {cell: (before, now) for cell, before, now in found["city"].moved}
    assert moved["EWR"] == pytest.approx((0.5, 0.2), abs=0.03)


def test_several_features_tell_more_than_one():
    def pair(seed, move):
        columns = {f"x{i}": normal(ROWS, seed * 10 + i) + move for i in range(4)}
        return pa.table(columns)

    found = shift(pair(1, 0.5), pair(2, 0), contract(None))
    # Four shifts of half a standard deviation are one of a whole: AUC 0.760, each alone 0.638.
    assert found.auc.value == pytest.approx(0.760, abs=0.025)
    assert max(f.auc.value for f in found.features) < 0.67
    assert all(0.15 < f.weight < 0.35 for f in found.features)


def test_missing_values_are_a_shift():
    before, now = rows(1), rows(2)
    wind = [None if i % 3 == 0 else v for i, v in enumerate(now["wind"].to_pylist())]
    found = shift(now.set_column(2, "wind", pa.array(wind)), before)
    first = found.features[0]
    assert (first.name, first.moved[0][0]) == ("wind", "missing")


def test_label_shift():
    found = shift(rows(1, late=0.3), rows(4))
    label = found.label
    assert not found.told
    assert (label.task, label.subject, label.told) == ("binary", "1", True)
    assert label.change.low < 0.1 < label.change.high
    assert label.value_before == pytest.approx(0.2, abs=0.02)
    assert label.p < 1e-9
    # 0.2 and 0.3: by hand from the definition.
    assert label.jensen_shannon == pytest.approx(0.0097, abs=0.005)


def test_labels_of_every_kind():
    now = np.repeat([False, True], 1000)

    def of(values):
        return label_shift(pa.chunked_array([values]), "y", now, None, seed=0)

    moved = of(np.r_[normal(1000), normal(1000, 1) + 0.5])
    assert (moved.task, moved.subject, moved.told) == ("regression", "", True)
    assert moved.change.low < 0.5 < moved.change.high
    same = of(np.r_[normal(1000), normal(1000, 1)])
    assert same.change.low < 0 < same.change.high
    assert not same.told
    random = np.random.default_rng(0)
    words = np.r_[
        random.choice(["a", "b", "c"], 1000, p=[0.5, 0.3, 0.2]),
        random.choice(["a", "b", "c"], 1000, p=[0.1, 0.4, 0.5]),
    ]
    classes = of(words)
    assert (classes.task, classes.subject) == ("multiclass", "a")
    assert classes.change.value == pytest.approx(-0.4, abs=0.07)
    assert classes.change.low < classes.change.value < classes.change.high


def test_false_alarms_of_the_label():
    random = np.random.default_rng(3)
    now = np.repeat([False, True], 300)
    told = [
        label_shift(
            pa.chunked_array([(random.random(600) < 0.3).astype(int)]), "y", now, None, seed=seed
        ).told
        for seed in range(300)
    ]
    assert 0.02 < np.mean(told) < 0.09


def test_columns_that_cannot_be_compared_are_named():
    before = rows(1).append_column("gone", pa.array(["a"] * ROWS))
    now = rows(2).append_column("new", pa.array(normal(ROWS)))
    now = now.set_column(2, "wind", pa.array(["calm"] * ROWS))
    found = shift(now, before.drop(["y"]))
    assert found.label is None
    assert found.left_out["gone"] == "now does not have it"
    assert found.left_out["new"] == "before does not have it"
    assert "of another type (double before, string now)" in found.left_out["wind"]
    assert found.left_out["y"] == "the label is not there before"
    assert set(by_name(found)) == {"temp", "city"}


def test_an_empty_column_is_compared_with_a_full_one():
    now = rows(2).set_column(2, "wind", pa.nulls(ROWS))
    found = shift(now, rows(1))
    assert found.auc.value > 0.99
    assert found.features[0].name == "wind"


def test_excluded_columns_and_the_key_are_not_compared():
    rules = contract(features={"exclude": ["temp"]})
    found = shift(rows(1, move=3.0), rows(2), rules)
    assert set(by_name(found)) == {"wind", "city"}
    assert not found.told


def test_many_features_are_bounded():
    def wide(seed):
        random = np.random.default_rng(seed)
        return pa.table({f"f{i}": random.normal(size=300) for i in range(120)})

    found = shift(wide(1), wide(2), contract(None))
    assert found.joined == 50
    assert len(found.features) == 120
    assert found.auc.low < 0.5 < found.auc.high


def test_what_no_contract_says_is_guessed():
    def table(start):
        days = [f"2013-0{start}-{1 + i % 28:02}" for i in range(ROWS)]
        names = [f"{start}-{i}" for i in range(ROWS)]
        moments = np.arange(ROWS).astype("datetime64[us]")
        return pa.table(
            {
                "day": days, "name": names, "at": moments, "n": np.arange(ROWS) + start * ROWS,
                "x": normal(ROWS, start), "k": np.arange(ROWS) % 7,
            }
        )  # fmt: skip

    found = meaningless(table(1), table(2), set())
    assert found == {
        "day": "times",
        "at": "times",
        "name": "a different value in nearly every row",
        "n": "a different value in nearly every row",
    }
    assert "day" not in meaningless(table(1), table(2), {"day"})


def test_errors_name_the_remedy():
    with pytest.raises(SignalError, match="now has 10 rows; 50 are the fewest"):
        shift(rows(1).slice(0, 10), rows(2))
    with pytest.raises(SignalError, match="no feature in common"):
        shift(pa.table({"a": normal(99)}), pa.table({"b": normal(99)}), contract(None))
    with pytest.raises(SignalError, match="label 'late' is in neither"):
        shift(rows(1), rows(2), contract("late"))


def test_the_page_is_one_inert_file():
    def hostile(table):
        values = np.where(np.arange(ROWS) % 2, HOSTILE_VALUE, "b")
        return table.append_column(HOSTILE, pa.array(values))

    found = shift(hostile(rows(1, move=1, late=0.4)), hostile(rows(2)))
    html = pages.shift_page(found, contract())
    page = Page(html)
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert not [k for _, k, _ in page.attributes if k.startswith("on")]
    assert "What tells them apart most: temp." in page.plain
    assert "The share of y = 1 went from" in page.plain
    calm = pages.shift_page(shift(rows(1), rows(2)), contract(None))
    assert "0.5 is a coin" in Page(calm).plain


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for seed, name, move in ((1, "january", 0.0), (2, "february", 0.0), (3, "july", 2.0)):
        table = rows(seed, move=move).to_pydict()
        lines = [",".join(table)] + [",".join(map(str, r)) for r in zip(*table.values())]  # noqa: B905
        Path(f"{name}.csv").write_text("\n".join(lines) + "\n")

    def call(*arguments):
        code = main([str(a) for a in arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def test_on_the_command_line(call):
    code, out, _ = call("shift", "july.csv", "--against", "january.csv", "--label", "y")
    lines = out.splitlines()
    assert code == 0
    assert lines[0] == "july.csv (3,000 rows) against january.csv (3,000 rows)"
    assert "What tells them apart most: temp." in lines[2]
    assert lines[3].startswith("The share of y = 1 went from")
    assert lines[5].split()[:2] == ["feature", "AUC"]
    assert lines[6].split()[0] == "temp"
    february = call("shift", "february.csv", "--against", "january.csv", "--label", "y")[1]
    assert "Nothing in the features tells a row of february.csv" in february


def test_a_shift_can_hold(call):
    arguments = ("--against", "january.csv", "--label", "y", "--hold-above", "0.6")
    assert call("shift", "july.csv", *arguments)[0] == 3
    assert call("shift", "february.csv", *arguments)[0] == 0


def test_formats_and_examples(call, tmp_path):
    code, out, _ = call("shift", "july.csv", "--against", "january.csv", "--format", "json")
    found = json.loads(out, parse_constant=pytest.fail)
    assert (code, found["told"], found["label"]) == (0, True, None)
    assert found["rows"] == [ROWS, ROWS]
    arguments = ("--against", "january.csv", "--format", "html", "--out", "s.html")
    assert call("shift", "july.csv", *arguments)[0] == 0
    assert Path("s.html").read_text().startswith("<!doctype html>")
    rules = contract_of(tmp_path)
    made = [
        ingested(tmp_path, rules, {"x": normal(ROWS, s) + s, "y": np.arange(ROWS) % 2}, span=s)
        for s in (1, 2)
    ]
    code, out, _ = call(
        "shift", made[1].path, "--against", made[0].path, "--contract", "contract.yaml"
    )
    assert code == 0
    assert "What tells them apart most: x." in out
