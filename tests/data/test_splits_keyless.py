"""Data without a key: the row itself decides its split."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.splitting import judged, times, write
from tidegate.core.errors import SourceError
from tidegate.data.examples import ingest

ROW = st.tuples(st.integers(0, 3) | st.none(), st.sampled_from(["a", "b", ""]), st.booleans())


def ingested(folder, table, contract=""):
    made = ingest(write(folder, table, contract), span="1", out=folder / "out")
    rows = {s: pa.Table.from_batches(made.batches(s), made.schema).to_pylist() for s in made.splits}
    return made, rows


def table(rows, order=("x", "name", "seen")):
    columns = dict(zip(("x", "name", "seen"), zip(*rows, strict=True), strict=True))
    return pa.table({name: list(columns[name]) for name in order})


@settings(max_examples=40)
@given(st.lists(ROW, min_size=1, max_size=40))
def test_equal_rows_are_in_one_split_in_any_order(tmp_path_factory, rows):
    _, found = ingested(tmp_path_factory.mktemp("one"), table(rows))
    split = {tuple(sorted(map(repr, r.items()))): s for s, kept in found.items() for r in kept}
    assert sum(map(len, found.values())) == len(rows)
    for name, kept in found.items():
        assert {split[tuple(sorted(map(repr, r.items())))] for r in kept} <= {name}
    turned = table(rows[::-1], order=("seen", "x", "name"))
    _, again = ingested(tmp_path_factory.mktemp("two"), turned)
    for name in found:
        key = [sorted(map(repr, r.items())) for r in found[name]]
        assert sorted(key) == sorted(sorted(map(repr, r.items())) for r in again[name])


def test_both_splits_have_about_their_shares(tmp_path):
    _, found = ingested(tmp_path, pa.table({"x": list(range(5000))}))
    assert 900 < len(found["eval"]) < 1100


def test_no_key_is_counted_and_the_manifest_says_what_is_hashed(tmp_path):
    made, _ = ingested(tmp_path, pa.table({"x": [1, 1, 2]}))
    assert made.leakage == ()
    assert '"by": "hash(all columns)"' in (made.path / "manifest.json").read_text()


def test_columns_to_hash_need_no_key(tmp_path):
    rows = pa.table({"x": list(range(200)), "day": [i % 20 for i in range(200)]})
    made, found = ingested(tmp_path, rows, "splits: {by: hash(day)}\n")
    days = [{r["day"] for r in found[s]} for s in ("train", "eval")]
    assert not days[0] & days[1]
    assert [f.columns for f in made.leakage] == [("day",)]


def test_a_row_without_a_time_is_named_without_a_key(tmp_path):
    rows = pa.table({"x": [1, 2], "t": pa.array([None, *times([1]).to_pylist()], times([1]).type)})
    with pytest.raises(SourceError, match=r"'t' has no value in a row; fill it"):
        ingested(tmp_path, rows, "time: t\nsplits: {by: time}\n")


def test_the_gate_judges_no_key(tmp_path):
    rows = pa.table({"x": [i % 7 for i in range(300)], "y": [i % 2 for i in range(300)]})
    result, *_ = judged(tmp_path, rows, "label: y\ngates: {min_examples: 100}\n")
    assert result.verdict.status == "pass"
    assert not result.verdict.messages("duplicate_keys")
    # Fourteen different rows can only repeat.
    assert not result.verdict.messages("repeated_rows")


@pytest.mark.parametrize(("copies", "status"), [(40, "pass"), (301, "hold")])
def test_repeated_rows_warn_and_hold(tmp_path, copies, status):
    x = [i * 0.37 for i in range(300)]
    x += [x[i % 300] for i in range(copies)]
    rows = pa.table({"x": x, "z": [v * 2 + 1 for v in x], "y": [round(v) % 2 for v in x]})
    result, *_ = judged(tmp_path, rows, "label: y\ngates: {min_examples: 100}\n")
    (message,) = result.verdict.messages("repeated_rows")
    assert message.startswith(f"{copies} of {300 + copies} rows (")
    assert result.verdict.status == status
