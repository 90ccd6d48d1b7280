"""What steps refuse, and what they need to run."""

import http.server
import json
import subprocess
import sys
import threading

import pytest

from tests.pipelines.conftest import write_contract, write_span
from tidegate import steps
from tidegate.contract import Contract
from tidegate.core.verdict import Finding, Verdict
from tidegate.model.evaluation import Evaluation, Metric, SliceResult
from tidegate.platform import lineage
from tidegate.platform.lineage import Lineage, Node, directory_digest
from tidegate.platform.registry import Registry
from tidegate.steps import parents

HOLD = Verdict((Finding("threshold", "auc", "hold", "auc 0.5 is below 0.6"),))


@pytest.fixture
def home(tmp_path):
    """A contract, a model directory, and an evaluation that blesses it."""
    write_span(tmp_path / "data", "2013-01", [["flight_id", "late"], ["a", "1"]])
    write_contract(tmp_path, tmp_path / "data")
    (tmp_path / "model" / "saved_model").mkdir(parents=True)
    (tmp_path / "model" / "saved_model" / "saved_model.pb").write_bytes(b"weights")
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema" / "schema.pbtxt").write_text("feature {}")
    judge(tmp_path, Verdict())
    return tmp_path


def judge(home, verdict):
    overall = SliceResult("all", 100, {"auc": Metric(0.7, 0.6, 0.8)})
    Evaluation(
        span="2013-01",
        split="eval",
        task="binary",
        label="late",
        classes=("0", "1"),
        metric="auc",
        overall=overall,
        verdict=verdict,
    ).write(home / "evaluation")
    (home / "evaluation" / "model.sha256").write_text(directory_digest(home / "model"))


def trace(home, *, content="c0ffee", judged=None, objects=True, other=None):
    """Say of model and evaluation what they came from; returns the model's lineage."""
    uri = str(home / "contract.yaml")
    contract = parents.of_contract(Contract.load(uri), uri)
    source = [Lineage.of(Node("object", "s3://b/1.csv", content, {"size": 1}))]

    def examples(content):
        node = Node("examples", "2013-01", f"of {content}", {"content": content, "rows": {}})
        return Lineage.of(node, [*(source if objects else []), contract])

    made_from = [examples(content), contract]
    model = lineage.record(home / "model", "model", name="m", parents=made_from)
    if other:
        model = Lineage.of(Node("model", "m", other), made_from)
    made_from = [model, examples(judged or content), contract]
    lineage.record(home / "evaluation", "evaluation", name="e", parents=made_from)
    return model


def publish(home, *, champion="", content="c0ffee", traced=True, run_id="run-1"):
    contract = home / "contract.yaml"
    if traced:
        trace(home, content=content)
    return steps.publish_model(
        model=home / "model",
        evaluation=home / "evaluation",
        schema=home / "schema",
        contract_uri=str(contract),
        contract_digest=Contract.load(contract).digest,
        content_digest=content,
        registry_uri=str(home / "registry"),
        champion_version=champion,
        run_id=run_id,
    )


def models(home):
    return [e.version for e in Registry(str(home / "registry"), "flights").versions("model")]


def test_a_blessed_model_is_published_once(home):
    version = publish(home)
    assert publish(home) == version
    assert models(home) == [version]
    entry = Registry(str(home / "registry"), "flights").current("model")
    assert entry.lineage["content_digest"] == "c0ffee"
    assert entry.lineage["champion_before"] == ""


def test_no_blessing_no_publishing(home):
    judge(home, HOLD)
    with pytest.raises(SystemExit, match="holds this model back"):
        publish(home)
    assert models(home) == []


def test_the_blessing_is_of_this_model_only(home):
    (home / "model" / "saved_model" / "saved_model.pb").write_bytes(b"other weights")
    with pytest.raises(SystemExit, match="another model"):
        publish(home)
    assert models(home) == []


def test_an_evaluation_that_is_gone_blesses_nothing(home):
    (home / "evaluation" / "evaluation.json").unlink()
    with pytest.raises(SystemExit, match=r"evaluation\.json"):
        publish(home)
    assert models(home) == []


def test_a_registered_model_says_what_it_came_from(home, monkeypatch):
    monkeypatch.setenv("TIDEGATE_RUN_ID", "run-1")
    monkeypatch.setenv("TIDEGATE_IMAGE", "registry/tidegate/light@sha256:0123")
    model = trace(home)
    publish(home, traced=False)
    registry = Registry(str(home / "registry"), "flights")
    entry = registry.current("model")
    assert not any("lineage.json" in file.name for file in entry.files)
    assert entry.lineage["run"] == "run-1"
    found = registry.lineage(entry)
    assert found.root.made.run == "run-1"
    assert found.root.made.image == "registry/tidegate/light@sha256:0123"
    assert found.root.digest == entry.digest
    assert set(model.nodes) < set(found.nodes)
    assert [node.name for node in found.of_kind("object")] == ["s3://b/1.csv"]


def untraced(home):
    """A home as the fixture leaves it: nothing says what anything came from."""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (untraced, "not recorded what the model 'model' was made from"),
        (lambda home: trace(home, objects=False), "does not reach source objects"),
        (lambda home: trace(home, judged="more"), "judged the model on other examples"),
        (lambda home: trace(home, other="beef"), "the evaluation is of another model"),
        (lambda home: trace(home, content="beef"), r"other data than .* \(beef and not c0ffee\)"),
        (
            lambda home: (trace(home), (home / "model" / "lineage.json").write_text("{}")),
            r"lineage\.json is not a lineage",
        ),
        (
            lambda home: (trace(home), (home / "evaluation" / "lineage.json").unlink()),
            "not recorded what the evaluation",
        ),
    ],
)
def test_a_model_of_unknown_origin_is_not_published(home, change, message):
    change(home)
    with pytest.raises(SystemExit, match=message):
        publish(home, traced=False)
    assert models(home) == []


def test_the_evaluation_is_of_the_model_as_it_was_made(home):
    trace(home)
    (home / "model" / "saved_model" / "saved_model.pb").write_bytes(b"other weights")
    judge(home, Verdict())
    with pytest.raises(SystemExit, match="lineage of another"):
        publish(home, traced=False)
    assert models(home) == []


def test_a_champion_that_changed_since_is_not_overruled(home):
    first = publish(home)
    with pytest.raises(SystemExit, match=f"from none to {first}"):
        publish(home, content="other")
    assert models(home) == [first]
    second = publish(home, content="other", champion=first)
    assert models(home) == [first, second]


def test_an_old_run_started_again_meets_the_champion_of_its_time(home):
    pinned = {"contract_uri": str(home / "contract.yaml"), "registry_uri": str(home / "registry")}
    found = steps.resolve_inputs(span="2013-01", **pinned)
    assert found.champion_version == ""
    first = publish(home, content=found.content_digest)
    second = publish(home, content="later", champion=first)
    assert steps.resolve_inputs(span="2013-01", **pinned).champion_version == ""
    assert Registry(str(home / "registry"), "flights").current("model").version == second


def test_a_range_is_compared_with_what_shares_no_span_with_it(home):
    pinned = {"contract_uri": str(home / "contract.yaml"), "registry_uri": str(home / "registry")}
    for span in ("2013-02", "2013-03"):
        write_span(home / "data", span, [["flight_id", "late"], [span, "1"]])
    registry = Registry(str(home / "registry"), "flights")

    def baseline():
        return steps.resolve_inputs(span="2013-02..2013-03", **pinned).baseline_version

    assert baseline() == ""
    registry.commit("statistics", "inside", home / "schema", span="2013-02", lineage={})
    assert baseline() == "inside"
    registry.commit("statistics", "before", home / "schema", span="2013-01", lineage={})
    assert baseline() == "before"


def test_hold_run_is_red_unless_asked(home, capfd):
    held = {
        "stage": "data",
        "reasons": ["late is null in 3 rows"],
        "contract_uri": str(home / "contract.yaml"),
        "registry_uri": str(home / "registry"),
        "run_id": "run-7",
    }
    with pytest.raises(SystemExit, match="held at the data gate:\n  - late is null in 3 rows"):
        steps.hold_run(on_hold="fail", **held)
    steps.hold_run(on_hold="succeed", **held)
    assert "late is null in 3 rows" in capfd.readouterr().err
    record = Registry(str(home / "registry"), "flights").run("run-7")
    assert record["hold_run"]["reasons"] == ["late is null in 3 rows"]


@pytest.fixture
def hook():
    """A webhook that keeps what it was sent."""
    received = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(500 if self.path == "/broken-s3cret" else 200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", received
    server.shutdown()


def notify(home, status, run_id):
    steps.notify(
        status=status,
        contract_uri=str(home / "contract.yaml"),
        registry_uri=str(home / "registry"),
        run_id=run_id,
    )


@pytest.mark.parametrize(
    ("broken", "dataset"),
    [("contract.yaml", None), ("registry", "d")],
)
@pytest.mark.parametrize(("status", "outcome"), [("FAILED", "failed"), ("SUCCEEDED", "unknown")])
def test_somebody_is_called_whatever_is_broken(
    home, hook, monkeypatch, broken, dataset, status, outcome
):
    url, received = hook
    monkeypatch.setenv("TIDEGATE_WEBHOOK_URL", url)
    contract = home / "contract.yaml"
    if dataset:
        dataset = Contract.load(str(contract)).dataset
    else:
        contract.write_text("dataset: [")
    registry = "s3://bucket/registry" if broken == "registry" else str(home / "registry")
    # Nobody listens there.
    monkeypatch.setenv("S3_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("TIDEGATE_STORAGE_DEADLINE", "0")
    steps.notify(status=status, contract_uri=str(contract), registry_uri=registry, run_id="run-9")
    (sent,) = received
    assert (sent["dataset"], sent["run"], sent["outcome"]) == (dataset, "run-9", outcome)
    assert "run run-9" in sent["text"]
    assert "how far it came is not known" in sent["text"]


def test_notify_tells_published_held_and_failed_apart(home, hook, monkeypatch):
    url, received = hook
    monkeypatch.setenv("TIDEGATE_WEBHOOK_URL", f"{url}/ok")
    version = publish(home)
    notify(home, "SUCCEEDED", "run-1")
    registry = Registry(str(home / "registry"), "flights")
    registry.record("run-2", "hold_run", {"stage": "data", "reasons": ["drift"]})
    notify(home, "FAILED", "run-2")
    notify(home, "FAILED", "run-3")
    assert [r["outcome"] for r in received] == ["published", "held", "failed"]
    assert received[0]["version"] == version
    assert received[1]["reasons"] == ["drift"]
    assert all(r["text"].startswith("Tidegate flights: run run-") for r in received)


def test_a_run_of_what_was_published_before_has_not_failed(home, hook, monkeypatch):
    url, received = hook
    version = publish(home)
    publish(home, run_id="run-2")
    monkeypatch.setenv("TIDEGATE_WEBHOOK_URL", f"{url}/ok")
    notify(home, "SUCCEEDED", "run-2")
    assert (received[0]["outcome"], received[0]["version"]) == ("published", version)


@pytest.mark.parametrize("path", ["/broken-s3cret", None])
def test_the_webhooks_address_is_never_told(home, hook, monkeypatch, path, capfd):
    url = hook[0] + path if path else "s3cret-and-no-url"
    monkeypatch.setenv("TIDEGATE_WEBHOOK_URL", url)
    with pytest.raises(SystemExit) as stopped:
        notify(home, "FAILED", "run-3")
    said = str(stopped.value) + capfd.readouterr().err
    assert "TIDEGATE_WEBHOOK_URL" in said
    assert "s3cret" not in said


HEAVY = ["tensorflow", "tensorflow_data_validation", "keras", "tfx_bsl", "apache_beam", "jinja2"]


def test_steps_of_the_light_image_run_without_tensorflow(home):
    """In a process where the heavy packages cannot be imported, as in that image."""
    trace(home, content="c")
    script = f"""
import sys
for name in {HEAVY!r}:
    sys.modules[name] = None
from pathlib import Path
from tidegate import steps
home = Path({str(home)!r})
contract = {{"contract_uri": str(home / "contract.yaml")}}
registry = {{"registry_uri": str(home / "registry")}}
found = steps.resolve_inputs(**contract, **registry, span="2013-01")
contract_digest = found.contract_digest
steps.ingest_examples(**contract, contract_digest=contract_digest, span="2013-01",
    content_digest=found.content_digest, out=home / "examples")
run = {{**registry, "run_id": "r"}}
steps.publish_model(**contract, **run, contract_digest=contract_digest, content_digest="c",
    model=home / "model", evaluation=home / "evaluation", schema=home / "schema",
    champion_version="")
steps.hold_run(**contract, **run, stage="data", reasons=[], on_hold="succeed")
steps.notify(**contract, **run, status="FAILED")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
