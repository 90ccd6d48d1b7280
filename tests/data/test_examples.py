"""Examples: whole, vouched for, and split by nothing but their key."""

import csv
import datetime as dt
import hashlib
import itertools
import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.hashing import hash_one
from tidegate.contract import Contract
from tidegate.core.errors import ContractError, ExamplesError, SourceError
from tidegate.data import examples, sources
from tidegate.data.examples import Examples, ingest
from tidegate.data.hashing import assign


@pytest.fixture
def february(flights, tmp_path):
    return ingest(flights, span="2013-02", out=tmp_path / "out")


@pytest.fixture
def small_groups(monkeypatch):
    """Row groups and parts small enough that real data of 991 rows fills several."""
    monkeypatch.setattr(examples, "ROW_GROUP_ROWS", 100)
    monkeypatch.setattr(examples, "ROW_GROUPS_PER_PART", 3)


def rows(made, split):
    return pa.Table.from_batches(made.batches(split), made.schema)


# What is written


def test_every_row_is_in_one_split(flights, february):
    source = pa.Table.from_batches(sources.read(sources.resolve(flights, "2013-02"), flights))
    kept = pa.concat_tables([rows(february, s) for s in february.splits])
    assert february.splits == ("train", "eval")
    assert february.num_rows() == source.num_rows == kept.num_rows
    assert february.num_rows() == february.num_rows("train") + february.num_rows("eval")
    order = [("time_hour", "ascending"), ("flight", "ascending")]
    assert kept.sort_by(order).equals(source.sort_by(order))


def test_rows_keep_their_order(february):
    for split in february.splits:
        source = iter([int(r["flight"]) for r in _source_rows(february)])
        # `in` consumes the iterator: true for all only if this is a subsequence.
        assert all(f in source for f in rows(february, split)["flight"].to_pylist())


def _source_rows(made):
    folder = made.path.parent / "flights" / made.span
    with (folder / "part.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_manifest_vouches(flights, february):
    manifest = json.loads((february.path / "manifest.json").read_text())
    assert manifest["span"] == february.span == "2013-02"
    assert manifest["contract_digest"] == february.contract_digest == flights.digest
    assert february.content_digest == sources.resolve(flights, "2013-02").digest
    assert [c["name"] for c in manifest["columns"]] == february.schema.names
    (part,) = manifest["splits"]["train"]
    content = (february.path / part["file"]).read_bytes()
    assert part["sha256"] == hashlib.sha256(content).hexdigest()
    assert part["bytes"] == len(content)
    assert part["rows"] == pq.read_metadata(february.path / part["file"]).num_rows
    assert Examples.open(february.path, verify=True) == february


def test_the_same_span_gives_the_same_bytes(flights, february, tmp_path):
    ingest(flights, span="latest", out=tmp_path / "again")
    again = ingest(flights, span="2013-02", out=tmp_path / "again")
    for file in sorted(p for p in february.path.rglob("*") if p.is_file()):
        assert file.read_bytes() == (again.path / file.relative_to(february.path)).read_bytes()


def test_row_groups_are_whole_whatever_the_source_blocks(
    contract_on, small_groups, monkeypatch, tmp_path
):
    text = "id,x\n" + "".join(f"{i},{i % 7}\n" for i in range(1500))
    layouts = []
    for block_size in (300, 2000, 1 << 22):
        monkeypatch.setattr("tidegate.data.sources.csv.BLOCK_SIZE", block_size)
        made = ingest(contract_on({"1": text}), span="1", out=tmp_path / "out")
        for split in made.splits:
            groups = made.row_groups(split)
            assert all(g.rows == 100 for g in groups[:-1])
            assert sum(g.rows for g in groups) == made.num_rows(split)
            for file, of_file in itertools.groupby(groups, key=lambda g: g.file):
                found = pq.read_metadata(file)
                assert [found.row_group(i).num_rows for i in range(found.num_row_groups)] == [
                    g.rows for g in of_file
                ]
                assert found.num_row_groups <= 3
        layouts.append(made.parts)
        assert len(made.files("train")) == -(-made.num_rows("train") // 300) > 2
    assert layouts[0] == layouts[1] == layouts[2]


def test_batches(contract_on, small_groups, tmp_path):
    text = "id,x,s\n" + "".join(f"{i},{i % 7},t{i}\n" for i in range(1500))
    made = ingest(contract_on({"1": text}), span="1", out=tmp_path / "out")
    whole = rows(made, "train")
    batches = list(made.batches("train", columns=["s", "id"], batch_size=64))
    assert max(b.num_rows for b in batches) == 64
    assert pa.Table.from_batches(batches).equals(whole.select(["s", "id"]))
    assert batches[0].schema.names == ["s", "id"]
    with pytest.raises(ExamplesError, match="no column 'ids'; did you mean 'id'"):
        next(made.batches("train", columns=["ids"]))
    with pytest.raises(ExamplesError, match="no split 'test'; there are: train, eval"):
        made.num_rows("test")


def test_all_types_survive(contract_on, tmp_path):
    moment = dt.datetime(2013, 2, 7, 5, 30, 1, 5)
    source = pa.table(
        {
            "id": list(range(50)),
            "x": [0.5, None] * 25,
            "s": ["a", None] * 25,
            "t": pa.array([moment, None] * 25, pa.timestamp("us")),
            "none": pa.nulls(50),
        }
    )
    pq.write_table(source, tmp_path / "raw")
    contract = contract_on({"1": (tmp_path / "raw").read_bytes()}, kind="parquet")
    made = ingest(contract, span="1", out=tmp_path / "out")
    assert made.schema == source.schema
    kept = pa.concat_tables([rows(made, s) for s in made.splits]).sort_by("id")
    assert kept.to_pydict() == source.to_pydict()


def test_a_split_may_be_empty(contract_on, tmp_path):
    made = ingest(contract_on({"1": "id\n1\n"}), span="1", out=tmp_path / "out")
    full, empty = sorted(made.splits, key=made.num_rows, reverse=True)
    assert (made.num_rows(full), made.num_rows(empty)) == (1, 0)
    assert made.files(empty) == made.row_groups(empty) == list(made.batches(empty)) == []
    assert Examples.open(made.path) == made


def test_progress(flights, tmp_path):
    told = []
    made = ingest(flights, span="2013-02", out=tmp_path / "out", on_progress=told.append)
    assert told[-1] == f"{made.num_rows():,} rows read"


# What is refused


def test_objects_that_changed_since_they_were_resolved(flights, tmp_path):
    digest = sources.resolve(flights, "2013-02").digest
    with (tmp_path / "flights" / "2013-02" / "part.csv").open("a") as file:
        file.write("\n")
    with pytest.raises(SourceError, match="span 2013-02 changed since the run resolved them"):
        ingest(flights, span="2013-02", out=tmp_path / "out", content_digest=digest)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("key", "extra", "message"),
    [
        ("idd", "", "key names the column 'idd', .*; did you mean 'id'"),
        ("id", "splits: {by: hash(ix)}\n", "splits.by names the column 'ix'"),
    ],
)
def test_a_column_to_split_by_is_missing(contract_on, tmp_path, key, extra, message):
    contract = contract_on({"1": "id,x\n1,2\n"}, key=key, extra=extra)
    with pytest.raises(ContractError, match=message):
        ingest(contract, span="1", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_column_that_vanished_is_left_to_validation(contract_on, tmp_path):
    extra = "label: gone\nfeatures: {exclude: [also_gone]}\n"
    made = ingest(contract_on({"1": "id\n1\n"}, extra=extra), span="1", out=tmp_path / "out")
    assert made.schema.names == ["id"]


def test_a_failed_ingest_leaves_what_was_there(contract_on, tmp_path):
    made = ingest(contract_on({"1": "id\n1\n"}), span="1", out=tmp_path / "out")
    with pytest.raises(SourceError):
        ingest(contract_on({"2": "id,x\n1,1\n2\n"}), span="2", out=tmp_path / "out")
    assert Examples.open(tmp_path / "out", verify=True) == made
    assert {p.name for p in tmp_path.iterdir()} == {"out", "source", "contract.yaml"}


KILLED = """
import os, signal, sys
from pathlib import Path
from tidegate.contract import Contract
from tidegate.data.examples import ingest

contract, out, step = Contract.load(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])

def hook(event, arguments):
    global step
    if event in ("open", "os.mkdir", "os.rename", "os.rmdir") and out.name in str(arguments[0]):
        step -= 1
        if step == 0:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(hook)
ingest(contract, span="2013-02", out=out)
"""


def test_an_ingest_killed_half_way_is_run_again(flights, february, tmp_path):
    def content(path):
        return {p.relative_to(path): p.read_bytes() for p in path.rglob("*") if p.is_file()}

    out = tmp_path / "killed"
    for step in (2, 4, 6, 8):
        command = [sys.executable, "-c", KILLED, str(tmp_path / "contract.yaml"), str(out)]
        assert subprocess.run([*command, str(step)]).returncode == -signal.SIGKILL
        # What is there is whole: nothing, or (killed while clearing up) all of it.
        assert not out.exists() or Examples.open(out, verify=True).num_rows()
    again = ingest(flights, span="2013-02", out=out)
    assert content(again.path) == content(february.path)
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_a_place_that_cannot_be_written(flights, tmp_path):
    (tmp_path / "file").write_text("x")
    for out in (tmp_path / "file", tmp_path / "file" / "out"):
        with pytest.raises(ExamplesError, match="cannot write examples to"):
            ingest(flights, span="2013-02", out=out)


def test_open_notices_damage(february):
    (file,) = february.files("train")
    content = file.read_bytes()
    file.write_bytes(content[:-1])
    with pytest.raises(ExamplesError, match=r"part-00000.parquet is not what the manifest says"):
        Examples.open(february.path)
    file.write_bytes(content[:50] + bytes([content[50] ^ 1]) + content[51:])
    Examples.open(february.path)
    with pytest.raises(ExamplesError, match="is not what the manifest says; ingest the span again"):
        Examples.open(february.path, verify=True)
    file.write_bytes(b"PAR1" + content[4:100] + bytes(len(content) - 100))
    with pytest.raises(ExamplesError, match=r"part-00000.parquet cannot be read: "):
        list(Examples.open(february.path).batches("train"))
    file.unlink()
    with pytest.raises(ExamplesError, match=r"part-00000.parquet is missing"):
        Examples.open(february.path)


@pytest.mark.parametrize("content", ["", "[]", "{}", "null", '{"format": 2}', '{"format": 1}'])
def test_open_refuses_what_is_no_manifest(february, content):
    (february.path / "manifest.json").write_text(content)
    with pytest.raises(ExamplesError) as caught:
        Examples.open(february.path)
    assert "manifest.json" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_open_refuses_a_directory_without_manifest(tmp_path):
    with pytest.raises(ExamplesError, match=r"holds no examples: manifest.json is missing"):
        Examples.open(tmp_path)


# The split of a row


@settings(max_examples=25)
@given(st.permutations(range(60)), st.integers(1, 5), st.sampled_from([64, 1000]), st.booleans())
def test_the_split_of_a_row_depends_on_its_key_only(order, files, block_size, as_parquet):
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        patch.setattr("tidegate.data.sources.csv.BLOCK_SIZE", block_size)
        kind = "parquet" if as_parquet else "csv"
        for number in range(files):
            mine = order[number::files]
            file = Path(directory, f"1-{number}")
            if as_parquet:
                pq.write_table(pa.table({"id": mine, "other": mine[::-1]}), file)
            else:
                file.write_text("other,id\n" + "".join(f"{order[i]},{i}\n" for i in mine))
        contract = Contract.parse(
            f"dataset: d\nsource: {{uri: '{directory}/{{SPAN}}*', format: {kind}}}\nkey: [id]\n"
        )
        made = ingest(contract, span="1", out=Path(directory, "out"))
        found = {s: set(rows(made, s)["id"].to_pylist()) for s in made.splits}
    expected = assign(np.array([hash_one(str(i)) for i in range(60)], np.uint64), [8, 2])
    assert found["train"] == {i for i in range(60) if expected[i] == 0}
    assert found["eval"] == {i for i in range(60) if expected[i] == 1}


def test_equal_keys_stay_together_and_all_stay(contract_on, tmp_path):
    text = "id,group\n" + "".join(f"{i},{i % 40 or ''}\n" for i in range(400))
    contract = contract_on({"1": text}, extra="splits: {by: hash(group)}\n")
    made = ingest(contract, span="1", out=tmp_path / "out")
    groups = {s: rows(made, s)["group"].to_pylist() for s in made.splits}
    assert not set(groups["train"]) & set(groups["eval"])
    assert len(groups["train"]) + len(groups["eval"]) == 400
    assert None in groups["train"] + groups["eval"]
