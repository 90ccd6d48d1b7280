"""Lineage: a graph that merges without conflict, reads back whole, and notices edits."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.core.errors import LineageError
from tidegate.platform import lineage
from tidegate.platform.lineage import Lineage, Making, Node

texts = st.text(max_size=5)
facts = st.dictionaries(texts, st.none() | st.integers() | texts, max_size=2)
makings = st.none() | st.builds(Making, texts, texts, texts, texts, texts)
leaves = st.builds(
    lambda *given: Lineage.of(Node(*given)), st.sampled_from(["object", "contract"]), texts, texts
)
trees = st.recursive(
    leaves,
    lambda below: st.builds(
        lambda name, told, made, parents: Lineage.of(
            Node("examples", name, "d", told, made=made), parents
        ),
        texts,
        facts,
        makings,
        st.lists(below, min_size=1, max_size=3),
    ),
    max_leaves=12,
)


@given(trees, trees, trees)
def test_merging_is_a_union(a, b, c):
    assert (a | b) | c == a | (b | c)
    assert a | b == b | a
    assert a | a == a | Lineage() == a
    assert set((a | b).nodes) == set(a.nodes) | set(b.nodes)


@given(trees)
def test_reads_back_what_was_written(tree):
    text = json.dumps(tree.to_json())
    assert Lineage.from_json(json.loads(text), where="x") == tree
    assert tree.above(tree.root) == tree


@given(trees, st.data())
def test_an_edit_does_not_read_back(tree, data):
    plain = json.loads(json.dumps(tree.to_json()))
    node = plain["nodes"][data.draw(st.sampled_from(sorted(plain["nodes"])))]
    node["digest"] += "0"
    with pytest.raises(LineageError, match="x was changed"):
        Lineage.from_json(plain, where="x")


@given(trees, st.data())
def test_a_node_that_was_taken_out_is_missed(tree, data):
    plain = json.loads(json.dumps(tree.to_json()))
    gone = data.draw(st.sampled_from(sorted(plain["nodes"])))
    if gone == tree.root.id:
        return
    del plain["nodes"][gone]
    with pytest.raises(LineageError, match="x lacks what"):
        Lineage.from_json(plain, where="x")


@pytest.mark.parametrize(
    "plain", [None, [], {}, {"format": 9}, {"format": 1, "nodes": {"a": {}}}, {"format": 1}]
)
def test_what_is_no_lineage(plain):
    with pytest.raises(LineageError, match="x is"):
        Lineage.from_json(plain, where="x")


def test_an_ancestor_may_be_a_parent_too():
    source = Lineage.of(Node("object", "o", "1"))
    examples = Lineage.of(Node("examples", "e", "2"), [source])
    statistics = Lineage.of(Node("statistics", "s", "3"), [examples])
    model = Lineage.of(Node("model", "m", "4"), [examples, statistics])
    assert {n.kind for n in model.parents(model.root)} == {"examples", "statistics"}
    assert model.above(statistics.root) == statistics
    with pytest.raises(LineageError, match="of 2 things"):
        _ = (model | Lineage.of(Node("object", "other", "5"))).root


def artifact(tmp_path, **files):
    folder = tmp_path / "artifact"
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def test_record_and_read(tmp_path, monkeypatch):
    monkeypatch.setenv("TIDEGATE_RUN_ID", "run-1")
    monkeypatch.setenv("TIDEGATE_IMAGE", "r/ml@sha256:1")
    folder = artifact(tmp_path, a="1")
    before = lineage.directory_digest(folder)
    source = Lineage.of(Node("object", "s3://b/k", "1", {"size": 3}))
    with lineage.collecting() as made:
        written = lineage.record(folder, "statistics", name="2013-01", parents=[source])
    assert made == [written]
    assert lineage.read(folder, "statistics") == written
    assert lineage.directory_digest(folder) == before == written.root.digest
    root = written.root.made
    assert (root.run, root.image, root.code) == ("run-1", "r/ml@sha256:1", lineage.code_digest())
    monkeypatch.setenv("TIDEGATE_LOCAL", "1")
    assert Making.now().image == ""


def test_lineage_of_other_content_is_refused(tmp_path):
    folder = artifact(tmp_path, a="1")
    lineage.record(folder, "model", name="m", parents=[])
    with pytest.raises(LineageError, match="of another schema"):
        lineage.read(folder, "schema")
    artifact(tmp_path, a="2")
    with pytest.raises(LineageError, match=r"lineage\.json is the lineage of another model"):
        lineage.read(folder, "model")
    (folder / "lineage.json").write_text("{")
    with pytest.raises(LineageError, match=r"lineage\.json is not a lineage"):
        lineage.read(folder, "model")


def test_what_was_made_elsewhere_has_no_lineage(tmp_path):
    folder = artifact(tmp_path, a="1")
    root = lineage.read(folder, "model").root
    assert root.facts == {"recorded": False}
    assert root.digest == lineage.directory_digest(folder)
