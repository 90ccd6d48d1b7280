"""What KFP's cache may give back: the work on these very bytes by this very contract, else none."""

import contextlib
import json
import re
import shutil
from pathlib import Path

import pytest
from kfp import compiler, dsl

import tidegate
from tests.pipelines.test_run import run
from tidegate.platform import lineage
from tidegate_kfp import cache, components, local

CONTRACT = """\
dataset: shop
source: {uri: "data/{YYYY}-{MM}/*.csv", format: csv}
key: [id]
"""
SPAN = "2013-01"
INGESTED = {"resolve-inputs": "succeeded", "ingest-examples": "succeeded"}
MISS = {**INGESTED, "compute-statistics": "succeeded"}
HIT = {**MISS, "ingest-examples": "cached", "compute-statistics": "cached"}


def ingested(contract_uri, registry_uri, span):
    resolved = (
        components.resolve_inputs(contract_uri=contract_uri, span=span, registry_uri=registry_uri)
        .set_caching_options(enable_caching=False)
        .outputs
    )
    return components.ingest_examples(
        contract_uri=contract_uri,
        contract_digest=resolved["contract_digest"],
        span=resolved["span"],
        content_digest=resolved["content_digest"],
    ).outputs["examples"]


@dsl.pipeline(name="measure")
def measure(contract_uri: str, registry_uri: str, span: str):
    components.compute_statistics(examples=ingested(contract_uri, registry_uri, span))


@dsl.pipeline(name="ingest")
def ingest(contract_uri: str, registry_uri: str, span: str):
    ingested(contract_uri, registry_uri, span)


@pytest.fixture(scope="module")
def specs(tmp_path_factory):
    """Compiled: the first three components, and the first two, which takes half as long."""
    folder = tmp_path_factory.mktemp("specs")
    for pipeline in (measure, ingest):
        compiler.Compiler().compile(pipeline, str(folder / f"{pipeline.name}.yaml"))
    return folder


class Shop:
    """A contract, one object, and runs over it that share what KFP keeps."""

    def __init__(self, home, specs):
        self.home, self.specs, self.runs = home, specs, 0
        self.contract = home / "contract.yaml"
        self.object = home / "data" / SPAN / "a.csv"
        self.object.parent.mkdir(parents=True)
        self.contract.write_text(CONTRACT)
        self.object.write_text("id,x\n" + "".join(f"{i},{i % 7}\n" for i in range(50)))

    def run(self, pipeline):
        self.runs += 1
        arguments = {
            "contract_uri": str(self.contract),
            "registry_uri": str(self.home / "registry"),
            "span": SPAN,
        }
        return local.run(
            self.specs / f"{pipeline.name}.yaml",
            arguments,
            root=self.home / "runs" / str(self.runs),
            on_change=lambda _: None,
            kept=self.home / "kept",
        )

    @contextlib.contextmanager
    def changed(self, path, old, new):
        before = path.read_text()
        assert before.count(old) == 1
        path.write_text(before.replace(old, new))
        yield
        path.write_text(before)


@pytest.fixture(scope="module")
def shop(tmp_path_factory, specs):
    """Run once: everything was done, nothing was cached."""
    made = Shop(tmp_path_factory.mktemp("shop"), specs)
    made.first = made.run(measure)
    assert states(made.first) == MISS
    return made


def states(done):
    assert done.ok, [task.lines for task in done.tasks]
    return {task.name: task.state for task in done.tasks}


def manifest(done):
    return json.loads((done.artifact("ingest-examples", "examples") / "manifest.json").read_text())


def statistics(done):
    return (done.artifact("compute-statistics", "statistics") / "statistics.pb").read_bytes()


def test_the_same_content_is_a_hit(shop):
    again = shop.run(measure)
    assert states(again) == HIT
    for task, name in (("ingest-examples", "examples"), ("compute-statistics", "statistics")):
        assert again.artifact(task, name) == shop.first.artifact(task, name)
        assert again.artifact(task, name).is_dir()
        # Nothing ran: KFP made no directory for the task, and says which entry it took.
        assert not list(again.root.glob(f"*/{task}"))
        log = (again.root / "logs" / f"{task}.log").read_text()
        (key,) = re.findall(rf"Task {task} cache hit \(key=([0-9a-f]+)\)", log)
        assert list((shop.home / "kept").glob(f"{key}*.json"))
    assert again.tasks[1].message == "cached: made by 1"


def test_a_changed_byte_under_the_same_name_is_a_miss(shop):
    with shop.changed(shop.object, "\n11,4\n", "\n11,5\n"):
        other = shop.run(measure)
    assert states(other) == MISS
    before, after = manifest(shop.first), manifest(other)
    (old,), (new,) = before["objects"], after["objects"]
    assert (old["name"], old["size"]) == (new["name"], new["size"])
    assert before["content_digest"] != after["content_digest"]
    assert statistics(shop.first) != statistics(other)
    # The old bytes are back, and with them the old results.
    back = shop.run(measure)
    assert states(back) == HIT
    assert manifest(back) == before
    assert statistics(back) == statistics(shop.first)


def test_a_changed_contract_is_a_miss(shop):
    with shop.changed(shop.contract, "key: [id]\n", "key: [id]\nsplits: {train: 1, eval: 1}\n"):
        other = shop.run(ingest)
    assert states(other) == INGESTED
    assert manifest(other)["splits"] != manifest(shop.first)["splits"]


def test_the_same_content_under_another_name_is_a_miss(shop):
    # The lineage of a result names its objects: one of another name would be a false one.
    renamed = shop.object.rename(shop.object.with_name("b.csv"))
    other = shop.run(ingest)
    renamed.rename(shop.object)
    assert states(other) == INGESTED
    before, after = manifest(shop.first), manifest(other)
    assert [o["name"] for o in after["objects"]] == [f"{SPAN}/b.csv"]
    assert before["objects"][0]["sha256"] == after["objects"][0]["sha256"]
    assert before["splits"] == after["splits"]


def test_results_that_were_deleted(tmp_path, specs):
    shop = Shop(tmp_path, specs)
    examples = shop.run(ingest).artifact("ingest-examples", "examples")
    for part in examples.rglob("*.parquet"):
        part.unlink()
    # KFP sees that the directory is there and does not look into it.
    broken = shop.run(measure)
    assert not broken.ok
    assert [task.state for task in broken.tasks] == ["succeeded", "cached", "failed"]
    assert re.fullmatch(
        rf"compute_statistics: {examples}/\S+ is missing; ingest the span again, with caching off",
        broken.tasks[-1].message,
    )
    shutil.rmtree(examples)
    assert states(shop.run(ingest)) == INGESTED


def test_what_another_engine_made_is_not_taken(tmp_path, monkeypatch, request):
    request.addfinalizer(lineage.code_digest.cache_clear)

    def directory():
        lineage.code_digest.cache_clear()
        return cache.directory(tmp_path)

    kept = directory()
    copy = tmp_path / "tidegate"
    shutil.copytree(Path(tidegate.__file__).parent, copy)
    monkeypatch.setattr(tidegate, "__file__", str(copy / "__init__.py"))
    assert directory() == kept
    with (copy / "data" / "hashing.py").open("a") as file:
        file.write("\n")
    assert directory() != kept


def test_on_the_command_line(tmp_path, specs):
    shop = Shop(tmp_path, specs)
    shop.contract.write_text(CONTRACT + "label: x\n")
    done = "ingest-examples|compute-statistics|infer-schema"
    for mark in ("✓", "="):
        # Too few rows: held at the data gate, with the reports of the tasks that were cached.
        code, printed = run(shop.contract, tmp_path / "r", tmp_path / "out", SPAN, cache=True)
        assert code == 3, printed
        assert len(re.findall(rf"^  {mark} ({done}) ", printed, re.M)) == 3, printed
    for root in (tmp_path / "out").glob("*-shop-*"):
        assert {"index.html", "data.html", "validation.html"} <= {p.name for p in root.iterdir()}
