"""`tidegate lineage`."""

import json

import pytest

from tidegate.cli import main
from tidegate.platform import lineage
from tidegate.platform.lineage import Lineage, Node
from tidegate.platform.registry import Registry
from tidegate.steps import parents


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A registry with statistics and two models, the second made of ten objects."""
    registry = Registry(str(tmp_path / "registry"), "flights")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIDEGATE_RUN_ID", "run-1")
    contract = Lineage.of(Node("contract", lineage.uri("contract.yaml"), "c" * 64))

    def artifact(kind, name, parents, **facts):
        folder = tmp_path / kind
        folder.mkdir(exist_ok=True)
        (folder / "manifest.json").write_text(name)
        return lineage.record(folder, kind, name=name, parents=parents, facts=facts)

    def objects(span, count):
        return [
            Lineage.of(Node("object", f"s3://b/{span}/{i:02}.csv", f"{i:064}", {"size": 1000 + i}))
            for i in range(count)
        ]

    def payload(text):
        folder = tmp_path / "payload"
        folder.mkdir(exist_ok=True)
        (folder / "model.json").write_text(text)
        return folder

    champion = None
    for span, count in (("2013-01", 1), ("2013-02", 10)):
        examples = artifact(
            "examples", span, [*objects(span, count), contract], rows={"train": 7000, "eval": 3000}
        )
        statistics = artifact("statistics", span, [examples], rows=10_000)
        if champion is None:
            registry.commit(
                "statistics", "s1", payload("s"), span=span, lineage={}, parents=[statistics]
            )
        monkeypatch.setenv("TIDEGATE_RUN_ID", f"run-of-{span}")
        model = artifact(
            "model", "flights", [examples, statistics, contract], task="binary", label="late"
        )
        judged = {"verdict": "pass", "metric": "auc", "split": "eval", "rows": 3000, "value": 0.7}
        made_from = [model, examples]
        if champion:
            made_from.append(parents.of_version(champion))
            judged["champion"] = 0.65
        evaluation = artifact("evaluation", span, made_from, **judged)
        champion = registry.commit(
            "model",
            f"{span}-abc",
            payload(span),
            span=span,
            lineage={},
            parents=[model, evaluation],
        )
    return tmp_path


@pytest.fixture
def call(home, capsys):
    def call(*arguments, registry="registry"):
        code = main(["lineage", "--registry", registry, "--dataset", "flights", *arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def test_the_tree_reaches_the_source_objects(call):
    code, out, err = call()
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "model 2013-02-abc (current)"
    assert "  run   run-of-2013-02" in lines
    (model,) = [n for n, line in enumerate(lines) if line.startswith("├── model flights")]
    (evaluation,) = [n for n, line in enumerate(lines) if line.startswith("└── evaluation")]
    assert model < evaluation
    assert "pass, auc 0.7000 (champion 0.6500) on 3,000 rows of eval" in lines[evaluation]
    objects = [line for line in lines if " object s3://b/2013-02/" in line]
    assert len(objects) == 5
    assert "s3://b/2013-02/00.csv  1,000 bytes  000000000000" in objects[0]
    assert "... and 5 more objects, 5,035 bytes (--all lists them)" in out
    assert "registered model 2013-01-abc" in out
    assert "s3://b/2013-01/" not in out
    assert "contract contract.yaml  cccccccccccc" in out
    assert out.count("train 7,000, eval 3,000 rows") == 3
    assert out.count("rows (as above)") == 2
    assert "made by run run-of-2013-01" in next(x for x in lines if "statistics 2013-02" in x)


def test_all_and_follow(call):
    _, out, _ = call("--all")
    assert out.count(" object s3://b/2013-02/") == 10
    assert "c" * 64 in out
    _, out, _ = call("--follow")
    assert "s3://b/2013-01/00.csv" in out


def test_a_version_or_the_beginning_of_one(call):
    for text in ("2013-01-abc", "2013-01", "2013-01-a"):
        code, out, _ = call(text)
        assert (code, out.splitlines()[0]) == (0, "model 2013-01-abc (not current)")
    assert call("latest") == call("current") == call()
    assert call("2013-02")[1] == call()[1]
    code, out, err = call("2013")
    assert (code, out) == (1, "")
    assert err == (
        "error: model '2013' begins more than one version of flights; "
        "there are: 2013-01-abc, 2013-02-abc\n"
    )
    assert "'x' is not in the registry of flights; there are: 2013-01-abc" in call("x")[2]
    assert "no schema of flights was promoted yet" in call("--kind", "schema")[2]
    assert "none yet" in call("x", registry="empty")[2]


def test_other_kinds_and_json(call):
    code, out, _ = call("--kind", "statistics")
    assert code == 0
    assert out.startswith("statistics s1 (current)\n")
    assert "s3://b/2013-01/00.csv" in out
    found = Lineage.from_json(json.loads(call("--format", "json")[1]), where="printed")
    assert found.root.name == "model 2013-02-abc"
    assert len(found.of_kind("object")) == 10


def test_the_contract_gives_the_name(home, capsys):
    (home / "contract.yaml").write_text(
        "dataset: flights\nsource: {uri: 'data/{SPAN}', format: csv}\nkey: [id]\n"
    )
    assert main(["lineage", "--registry", "registry", "--contract", "contract.yaml"]) == 0
    assert capsys.readouterr().out.startswith("model 2013-02-abc")


def test_a_version_without_lineage_says_so(call, home):
    registry = Registry(str(home / "registry"), "flights")
    registry.commit("model", "old", home / "payload", span="2013-03", lineage={})
    code, out, err = call()
    assert (code, out) == (1, "")
    assert "model old was committed before lineage was recorded" in err


def test_what_is_fetched_is_the_manifest_alone(call, home):
    for file in (home / "registry").rglob("*"):
        if file.is_file() and file.name not in ("index.json", "manifest.json"):
            file.unlink()
    assert call()[0] == 0
