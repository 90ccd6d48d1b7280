"""Rows without a key are told apart by object and ordinal."""

import json

import duckdb
import pytest

from tidegate import schema, statistics, validation
from tidegate.contract import Contract
from tidegate.core.errors import SourceError
from tidegate.data.examples import Examples, ingest

LOOKUP = "joins: [{uri: look.csv, format: csv, on: [x], columns: [y], unmatched: drop}]\n"


@pytest.fixture
def home(tmp_path):
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "a.csv").write_text("x,z\n" + "".join(f"{i},{i % 7}\n" for i in range(60)))
    (tmp_path / "1" / "b.csv").write_text("x,z\n" + "".join(f"{i},{i % 5}\n" for i in range(40)))
    (tmp_path / "look.csv").write_text("x,y\n" + "".join(f"{i},{-i}\n" for i in range(0, 60, 2)))
    return tmp_path


def contract(home, more=""):
    text = "dataset: d\nsource: {uri: '{SPAN}/*.csv', format: csv}\ngates: {min_examples: 1}\n"
    (home / "contract.yaml").write_text(text + more)
    return Contract.load(home / "contract.yaml")


def places(made):
    files = [str(f) for split in made.splits for f in made.files(split)]
    found = 'SELECT "(object)", "(row)", x'
    return sorted(duckdb.sql(f"{found} FROM read_parquet({files})").fetchall())


def test_every_row_has_its_place_and_readers_do_not_see_it(home):
    made = ingest(contract(home), span="1", out=home / "out")
    wanted = [("1/a.csv", i + 1, i) for i in range(60)] + [("1/b.csv", i + 1, i) for i in range(40)]
    assert places(made) == wanted
    assert Examples.open(made.path) == made
    assert made.schema.names == ["x", "z"]
    assert next(made.batches("train")).schema.names == ["x", "z"]
    assert set(statistics.compute(made).features()) == {"x", "z"}
    manifest = json.loads((made.path / "manifest.json").read_text())
    assert {o["name"] for o in manifest["objects"]} == {"1/a.csv", "1/b.csv"}


def test_a_join_that_drops_rows_keeps_the_places(home):
    made = ingest(contract(home, LOOKUP), span="1", out=home / "out")
    assert made.schema.names == ["x", "z", "y"]
    assert {(row, x) for _, row, x in places(made)} == {(i + 1, i) for i in range(0, 60, 2)}


def test_with_a_key_no_place_is_kept(home):
    made = ingest(contract(home, "key: [x, z]\n"), span="1", out=home / "out")
    assert not made.positions
    with pytest.raises(duckdb.Error, match="object"):
        places(made)


def test_a_failing_row_is_named_by_its_place(home):
    rule = "rules: [{name: small, check: x < 59}, {name: odd, select: SELECT * FROM examples "
    rules = contract(home, rule + "WHERE x = 59}]\n")
    made = ingest(rules, span="1", out=home / "out")
    measured = statistics.compute(made)
    promised = schema.infer(measured, rules)
    judged = validation.validate(measured, promised, rules, baseline=None, examples=made)
    small, odd = judged.verdict.messages("rule_failed")
    assert "for example (object) 1/a.csv, (row) 60, x 59" in small
    assert "(object) 1/a.csv, (row) 60" in odd


def test_a_column_of_the_same_name_is_refused(home):
    (home / "1" / "a.csv").write_text("x,(row)\n1,2\n")
    (home / "1" / "b.csv").unlink()
    with pytest.raises(SourceError, match=r"has a column '\(row\)'.* rename it, or name a key"):
        ingest(contract(home), span="1", out=home / "out")
    assert not (home / "out").exists()
    assert ingest(contract(home, "key: [x]\n"), span="1", out=home / "out").num_rows() == 1
