"""Splits by hash, time and column: who goes where, and what stands in both."""

import csv
import datetime as dt
import json
import logging
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.splitting import MOMENT, times, write
from tidegate.contract import Contract
from tidegate.core.errors import ContractError, SourceError
from tidegate.data.examples import Examples, ingest
from tidegate.data.splits import Leakage


def made(table, contract):
    """For each split its rows, and the examples; in a directory that is gone afterwards."""
    with tempfile.TemporaryDirectory() as directory:
        kept = ingest(write(directory, table, contract), span="1", out=Path(directory, "out"))
        assert Examples.open(kept.path) == kept
        assert sorted(p.name for p in kept.path.iterdir() if p.is_file()) == ["manifest.json"]
        manifest = json.loads((kept.path / "manifest.json").read_text())
        tables = {s: pa.Table.from_batches(kept.batches(s), kept.schema) for s in kept.splits}
        return tables, kept, manifest


# By time
@settings(max_examples=60)
@given(
    st.lists(st.integers(-(10**7), 10**7), min_size=1, max_size=60),
    st.integers(1, 9),
    st.integers(1, 9),
    st.sampled_from([None, "1m", "30m", "12h", "1d", "2w"]),
)
def test_by_time_train_is_before_eval(seconds, train, eval_, gap):
    table = pa.table({"id": list(range(len(seconds))), "t": times(seconds)})
    width = f", gap: {gap}" if gap else ""
    contract = f"key: [id]\ntime: t\nsplits: {{train: {train}, eval: {eval_}, by: time{width}}}\n"
    tables, kept, manifest = made(table, contract)
    cut = sorted(seconds)[len(seconds) * train // (train + eval_)]
    lost = {None: 0, "1m": 60, "30m": 1800, "12h": 43200, "1d": 86400, "2w": 14 * 86400}[gap]
    order = dict(enumerate(seconds))
    assert [order[i] for i in tables["eval"]["id"].to_pylist()] == [s for s in seconds if s >= cut]
    assert [order[i] for i in tables["train"]["id"].to_pylist()] == [
        s for s in seconds if s < cut - lost
    ]
    assert kept.num_rows() + kept.dropped == len(seconds)
    assert manifest["split"] == {
        "by": "time",
        "train_before": (MOMENT + dt.timedelta(seconds=cut - lost)).isoformat() + ".000000",
        "eval_from": (MOMENT + dt.timedelta(seconds=cut)).isoformat() + ".000000",
        "dropped": kept.dropped,
    }


def test_by_time_keys_that_recur_are_counted_and_told(caplog):
    caplog.set_level(logging.INFO)
    table = pa.table({"user": [1, 2, 3, 1, 2, 4], "t": times([0, 1, 2, 3, 4, 5])})
    contract = "key: [user]\ntime: t\nsplits: {train: 1, eval: 1, by: time}\n"
    tables, kept, manifest = made(table, contract)
    assert tables["train"]["user"].to_pylist() == [1, 2, 3]
    assert kept.leakage == (Leakage(("user",), values=4, shared=2),)
    assert manifest["leakage"] == [{"columns": ["user"], "values": 4, "shared": 2}]
    assert caplog.messages == [
        "warning: 2 of 4 values of user stand in more than one split (by time)"
    ]


def test_a_gap_is_told(caplog):
    caplog.set_level(logging.INFO)
    table = pa.table({"id": list(range(10)), "t": times(range(0, 600, 60))})
    contract = "key: [id]\ntime: t\nsplits: {train: 1, eval: 1, by: time, gap: 2m}\n"
    _, kept, _ = made(table, contract)
    assert (kept.num_rows("train"), kept.num_rows("eval"), kept.dropped) == (3, 5, 2)
    assert caplog.messages == ["2 rows lie in the gap and are in no split"]


@pytest.mark.parametrize(("sep", "zone"), [(" ", ""), ("T", "Z"), ("T", "+02:00")])
def test_by_time_of_a_csv_over_several_blocks(contract_on, monkeypatch, tmp_path, sep, zone):
    monkeypatch.setattr("tidegate.data.sources.csv.BLOCK_SIZE", 300)
    # Later rows first, so that a cut by position would be seen.
    moments = [MOMENT + dt.timedelta(minutes=m) for m in reversed(range(1000))]
    text = "id,t\n" + "".join(f"{i},{m.isoformat(sep)}{zone}\n" for i, m in enumerate(moments))
    contract = contract_on({"1": text}, extra="time: t\nsplits: {by: time}\n")
    kept = ingest(contract, span="1", out=tmp_path / "out")
    assert (kept.num_rows("train"), kept.num_rows("eval")) == (800, 200)
    late = [i for b in kept.batches("eval", columns=["id"]) for i in b.column(0).to_pylist()]
    assert late == list(range(200))


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (
            pa.array([1, 2]),
            "needs column 't' to hold times, not int64; write them in ISO 8601, or split by",
        ),
        (
            pa.array(["a", "b"]),
            "needs column 't' to hold times in ISO 8601, .* without; found '[ab]'$",
        ),
        (
            times([0, 1]).filter(pa.array([True, False])).take(pa.array([0, None])),
            "'t' has no value",
        ),
        (
            pa.array(["2013-01-01T00:00Z", "2013-01-01"]),
            "either all with a zone or all without; found '",
        ),
        (pa.nulls(2), "'t' has no value where id = 0; fill it"),
    ],
)
def test_what_cannot_be_split_by_time(tmp_path, column, message):
    contract = write(
        tmp_path, pa.table({"id": [0, 1], "t": column}), "key: [id]\ntime: t\nsplits: {by: time}\n"
    )
    with pytest.raises(SourceError, match=message):
        ingest(contract, span="1", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


# By column


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["train", "eval"])), min_size=1))
def test_by_column_goes_where_the_column_says(rows):
    keys, splits = [k for k, _ in rows], [s for _, s in rows]
    tables, kept, manifest = made(
        pa.table({"id": keys, "part": splits}), "key: [id]\nsplits: {by: column(part)}\n"
    )
    for name, table in tables.items():
        assert table["id"].to_pylist() == [k for k, s in rows if s == name]
        assert set(table["part"].to_pylist()) <= {name}
    of_train, of_eval = ({k for k, s in rows if s == name} for name in ("train", "eval"))
    expected = Leakage(("id",), len({*keys}), len(of_train & of_eval))
    assert kept.leakage == (expected,)
    assert manifest["split"] == {"by": "column(part)", "dropped": 0}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            ["train", "test"],
            "column 'part' has the value 'test' in a row; it must say train or eval",
        ),
        (["train", "Eval"], "the value 'Eval'"),
        (["train", ""], "the value ''"),
        (["train", None], "column 'part' has no value in a row"),
        ([0, 1], "the value '0'"),
    ],
)
def test_another_value_in_the_split_column_is_named(tmp_path, values, message):
    table = pa.table({"id": [0, 1], "part": values})
    contract = write(tmp_path, table, "key: [id]\nsplits: {by: column(part)}\n")
    with pytest.raises(SourceError, match=message):
        ingest(contract, span="1", out=tmp_path / "out")


def test_the_split_column_is_no_feature(tmp_path):
    table = pa.table({"id": [0], "part": ["eval"]})
    contract = write(tmp_path, table, "key: [id]\nsplits: {by: column(part)}\n")
    assert contract.not_features == {"id", "part"}
    contract = write(tmp_path, table, "key: [id]\nsplits: {by: column(parts)}\n")
    with pytest.raises(ContractError, match=r"splits.by names .*'parts'.*mean 'part'"):
        ingest(contract, span="1", out=tmp_path / "out")


# By hash


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1))
def test_no_key_and_no_group_leaks_through_a_hash(rows):
    table = pa.table({"id": [k for k, _ in rows], "user": [u for _, u in rows]})
    _, kept, manifest = made(table, "key: [id]\n")
    assert kept.leakage == (Leakage(("id",), len({k for k, _ in rows}), 0),)
    assert manifest["split"] == {"by": "hash(id)", "dropped": 0}
    tables, kept, _ = made(table, "key: [id]\nsplits: {train: 1, eval: 1, by: hash(user)}\n")
    keys = {name: set(t["id"].to_pylist()) for name, t in tables.items()}
    users = {name: set(t["user"].to_pylist()) for name, t in tables.items()}
    assert not users["train"] & users["eval"]
    assert kept.leakage == (
        Leakage(("id",), len({k for k, _ in rows}), len(keys["train"] & keys["eval"])),
        Leakage(("user",), len({u for _, u in rows}), 0),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("splits: {by: time}\n", "splits.by is time, and no column is named in time; name it"),
        ("time: t\nsplits: {gap: 1d}\n", "gap has a meaning with by: time only"),
        ("time: t\nsplits: {by: time, gap: 1}\n", "splits.gap: "),
        ("time: t\nsplits: {by: time, gap: 0d}\n", "splits.gap: "),
        ("label: l\nsplits: {by: column(l)}\n", "splits.by names 'l', which is the label"),
        ("splits: {by: column(a, b)}\n", "splits.by: "),
        ("splits: {by: times}\n", "splits.by: "),
    ],
)
def test_splits_that_mean_nothing(text, message):
    with pytest.raises(ContractError) as caught:
        Contract.parse(f"dataset: d\nsource: {{uri: '{{SPAN}}', format: csv}}\nkey: [id]\n{text}")
    assert message in str(caught.value)


def test_flights_by_time_over_a_range(flights, tmp_path):
    file = tmp_path / "contract.yaml"
    file.write_text(file.read_text() + "time: time_hour\nsplits: {by: time, gap: 1d}\n")
    kept = ingest(Contract.load(file), span="2013-01..2013-03", out=tmp_path / "out")
    months = {
        split: [m for b in kept.batches(split, columns=["month"]) for m in b.column(0).to_pylist()]
        for split in kept.splits
    }
    assert set(months["train"]) == {1, 2, 3}
    assert set(months["eval"]) == {3}
    with (tmp_path / "flights" / "2013-03" / "part.csv").open(newline="") as opened:
        header = next(csv.reader(opened))
    assert kept.schema.names == header
    assert 0 < kept.dropped < 10
