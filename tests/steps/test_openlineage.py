"""OpenLineage events: what is sent, to whom, and what it costs when nobody listens."""

import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from datetime import datetime

import pytest

from tidegate import steps
from tidegate.data import sources
from tidegate.platform import lineage
from tidegate.platform.lineage import Lineage, Node
from tidegate.steps import openlineage

RUN = "0b5bd3f2-5f3c-4a53-9f0e-6f2b1d0f3c11"


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith("OPENLINEAGE")]:
        monkeypatch.delenv(name)
    yield
    # The client writes variables of its own.
    for name in [name for name in os.environ if name.startswith("OPENLINEAGE")]:
        del os.environ[name]


@pytest.fixture
def events(tmp_path, monkeypatch):
    """Reads what was sent to a file so far."""
    file = tmp_path / "events.jsonl"
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__TYPE", "file")
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__LOG_FILE_PATH", str(file))
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__APPEND", "true")
    return lambda: [json.loads(line) for line in file.read_text().splitlines()]


@pytest.fixture
def server():
    """A catalogue on a port of this machine, and what it was sent."""
    received = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.path, self.headers, body))
            self.send_response(401 if "refused" in self.path else 201)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    found = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=found.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{found.server_port}", received
    found.shutdown()


def ingest(contract, tmp_path, **changed):
    given = {
        "contract_uri": str(tmp_path / "contract.yaml"),
        "contract_digest": contract.digest,
        "span": "2013-02..2013-03",
        "content_digest": sources.resolve(contract, "2013-02..2013-03").digest,
        "out": tmp_path / "examples",
    }
    return steps.ingest_examples(**{**given, **changed})


def valid(event):
    """Check what the OpenLineage specification requires of any run event."""
    assert datetime.fromisoformat(event["eventTime"]).tzinfo
    assert event["eventType"] in {"START", "COMPLETE", "FAIL", "ABORT"}
    assert event["producer"].startswith("urn:tidegate:")
    assert "RunEvent" in event["schemaURL"]
    uuid.UUID(event["run"]["runId"])
    assert event["job"]["namespace"]
    assert event["job"]["name"]
    facets = [*event["run"]["facets"].values(), *event["job"]["facets"].values()]
    for dataset in (*event["inputs"], *event["outputs"]):
        assert dataset["namespace"]
        assert dataset["name"]
        facets += dataset["facets"].values()
        facets += dataset.get("inputFacets", {}).values()
    for facet in facets:
        assert facet["_producer"]
        assert facet["_schemaURL"].startswith("https://openlineage.io/spec/facets/")
    return event


def test_a_run_of_steps(flights, tmp_path, events, monkeypatch):
    monkeypatch.setenv("TIDEGATE_RUN_ID", RUN)
    made = ingest(flights, tmp_path)
    steps.compute_statistics(examples=tmp_path / "examples", out=tmp_path / "statistics")
    sent = [valid(event) for event in events()]
    assert [(e["eventType"], e["job"]["name"]) for e in sent] == [
        ("START", "flights.ingest_examples"),
        ("COMPLETE", "flights.ingest_examples"),
        ("START", "flights.compute_statistics"),
        ("COMPLETE", "flights.compute_statistics"),
    ]
    begun, ingested, other, computed = sent
    assert begun["run"]["runId"] == ingested["run"]["runId"] != other["run"]["runId"]
    for event in sent:
        parent = event["run"]["facets"]["parent"]
        assert parent["run"]["runId"] == RUN
        assert (parent["job"]["namespace"], parent["job"]["name"]) == (
            "tidegate",
            "flights.pipeline",
        )
        assert event["job"]["facets"]["jobType"]["processingType"] == "BATCH"
    assert begun["inputs"] == begun["outputs"] == []

    by_name = {dataset["name"]: dataset for dataset in ingested["inputs"]}
    assert len(by_name) == 3
    for month in ("2013-02", "2013-03"):
        folder = tmp_path / "flights" / month
        dataset = by_name[str(folder)]
        assert dataset["namespace"] == "file"
        assert dataset["facets"]["dataSource"]["uri"] == folder.as_uri()
        counted = dataset["inputFacets"]["inputStatistics"]
        assert counted["fileCount"] == 1
        assert counted["size"] == (folder / "part.csv").stat().st_size
    contract = by_name[str(tmp_path / "contract.yaml")]
    assert contract["facets"]["version"]["datasetVersion"] == flights.digest

    (examples,) = ingested["outputs"]
    assert (examples["namespace"], examples["name"]) == ("tidegate", "flights.examples")
    assert examples["facets"]["dataQualityMetrics"]["rowCount"] == made["rows"] > 100
    columns = {f["name"]: f["type"] for f in examples["facets"]["schema"]["fields"]}
    assert columns["carrier"] == "string"
    found = lineage.read(tmp_path / "examples", "examples").root
    assert examples["facets"]["version"]["datasetVersion"] == found.digest
    (again,) = computed["inputs"]
    assert again["name"] == examples["name"]
    assert again["facets"]["version"] == examples["facets"]["version"]
    assert [d["name"] for d in computed["outputs"]] == ["flights.statistics"]


def test_no_repository_and_no_secret_is_told(flights, tmp_path, events, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    remote = "https://user:s3cret@git.example/team/repository"
    subprocess.run(["git", "-C", tmp_path, "remote", "add", "origin", remote], check=True)
    monkeypatch.chdir(tmp_path)
    ingest(flights, tmp_path)
    assert "s3cret" not in json.dumps(events())
    assert all("sourceCodeLocation" not in e["job"]["facets"] for e in events())


def test_a_step_that_fails_says_why(flights, tmp_path, events):
    with pytest.raises(SystemExit):
        ingest(flights, tmp_path, content_digest="0" * 64)
    begun, failed = (valid(event) for event in events())
    assert (begun["eventType"], failed["eventType"]) == ("START", "FAIL")
    told = failed["run"]["facets"]["errorMessage"]
    assert told["message"].startswith("the objects of span 2013-02..2013-03 changed")
    assert told["programmingLanguage"] == "Python"
    assert failed["outputs"] == []


def test_what_nobody_has_looked_at_is_not_told(events):
    with pytest.raises(ValueError, match="s3cret"), openlineage.reported("notify", {}):
        raise ValueError("s3cret")
    with pytest.raises(KeyboardInterrupt), openlineage.reported("notify", {}):
        raise KeyboardInterrupt
    sent = [valid(event) for event in events()]
    assert [e["eventType"] for e in sent] == ["START", "FAIL", "START", "ABORT"]
    assert sent[1]["run"]["facets"]["errorMessage"]["message"] == (
        "ValueError; the task's log says more"
    )


def test_a_contract_that_cannot_be_read_fails_as_without(tmp_path, events):
    with pytest.raises(SystemExit, match=r"absent\.yaml"):
        steps.resolve_inputs(
            contract_uri=str(tmp_path / "absent.yaml"), span="1", registry_uri=str(tmp_path)
        )
    assert [e["job"]["name"] for e in events()] == ["resolve_inputs"] * 2


def test_objects_of_a_folder_are_one_dataset(events):
    objects = [
        Lineage.of(Node("object", f"s3://b/data/{i:04}.csv", f"{i}", {"size": 10}))
        for i in range(1000)
    ]
    joined = Lineage.of(Node("lookup", "gs://c/planes.csv", "1", {"size": 7}))
    with openlineage.reported("ingest_examples", {}):
        lineage.announce(
            Lineage.of(Node("examples", "1", "d", {"rows": {"a": 1}}), [*objects, joined])
        )
    planes, data = valid(events()[1])["inputs"]
    assert (planes["namespace"], planes["name"]) == ("gs://c", "/")
    assert (data["namespace"], data["name"]) == ("s3://b", "data")
    assert data["inputFacets"]["inputStatistics"]["fileCount"] == 1000
    assert data["inputFacets"]["inputStatistics"]["size"] == 10_000


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("s3://bucket/a/b.csv", ("s3://bucket", "a/b.csv")),
        ("gs://bucket/a", ("gs://bucket", "a")),
        ("s3://bucket", ("s3://bucket", "/")),
        ("file:///a/b.csv", ("file", "/a/b.csv")),
    ],
)
def test_places(uri, expected):
    assert openlineage.place(uri) == expected


def test_a_run_is_the_same_uuid_each_time():
    assert openlineage.run_uuid(RUN) == RUN
    local = openlineage.run_uuid("20261124T104537Z-flights-2013-02")
    assert uuid.UUID(local).version == 5
    assert local == openlineage.run_uuid("20261124T104537Z-flights-2013-02")


# Over HTTP


def test_a_catalogue_is_sent_them(server, monkeypatch):
    url, received = server
    monkeypatch.setenv("OPENLINEAGE_URL", url)
    monkeypatch.setenv("OPENLINEAGE_API_KEY", "s3cret")
    monkeypatch.setenv("OPENLINEAGE_NAMESPACE", "airlines")
    with openlineage.reported("notify", {}):
        pass
    for path, headers, body in received:
        assert path == "/api/v1/lineage"
        assert headers["Authorization"] == "Bearer s3cret"
        event = valid(json.loads(body))
        assert event["job"]["namespace"] == "airlines"
        assert b"s3cret" not in body
    assert [json.loads(body)["eventType"] for _, _, body in received] == ["START", "COMPLETE"]


def dead_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_a_dead_catalogue_changes_nothing(flights, tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("OPENLINEAGE_URL", f"http://user:s3cret@127.0.0.1:{dead_port()}")
    began = time.monotonic()
    assert ingest(flights, tmp_path)["rows"] > 100
    assert time.monotonic() - began < 30 * openlineage.LIMIT
    told = capfd.readouterr()
    (line,) = [line for line in told.err.splitlines() if "OpenLineage" in line]
    assert line.startswith("warning: OpenLineage events of ingest_examples are not sent: ")
    assert "s3cret" not in told.err + told.out
    assert "urllib3" not in told.err
    assert "Retry" not in told.err


def test_one_that_takes_and_never_answers(monkeypatch, capfd):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setenv("OPENLINEAGE_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        with openlineage.reported("notify", {}):
            pass
        assert openlineage.LIMIT <= time.monotonic() - began < 10 * openlineage.LIMIT
    assert capfd.readouterr().err.count("no answer within 3 s") == 1


def test_one_that_refuses_is_asked_once(server, monkeypatch, capfd):
    url, received = server
    monkeypatch.setenv("OPENLINEAGE_URL", url)
    monkeypatch.setenv("OPENLINEAGE_ENDPOINT", "refused?token=s3cret")
    with openlineage.reported("notify", {}):
        pass
    assert len(received) == 1
    told = capfd.readouterr().err
    assert "are not sent: HTTPError (status 401)" in told
    assert "s3cret" not in told


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENLINEAGE__TRANSPORT__TYPE", "nonsense"),
        ("OPENLINEAGE__TRANSPORT__TYPE", "file"),
    ],
)
def test_a_wrong_setting_is_one_line(monkeypatch, capfd, name, value):
    monkeypatch.setenv(name, value)
    with openlineage.reported("notify", {}):
        pass
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("warning: OpenLineage events of notify are not sent: ")


def test_a_settings_file(tmp_path, monkeypatch, capfd):
    settings = tmp_path / "settings.yaml"
    monkeypatch.setenv("OPENLINEAGE_CONFIG", str(settings))
    with openlineage.reported("notify", {}):
        pass
    printed = capfd.readouterr()
    assert "OPENLINEAGE_CONFIG" in printed.err
    assert "eventType" not in printed.out + printed.err
    path = tmp_path / "events"
    settings.write_text(f"transport: {{type: file, log_file_path: {path}, append: true}}\n")
    with openlineage.reported("notify", {}):
        pass
    assert len(path.read_text().splitlines()) == 2


def test_nothing_is_imported_where_nothing_is_set(tmp_path):
    script = """
import sys
from tidegate import steps
from tidegate.steps import openlineage
with openlineage.reported("notify", {}):
    pass
assert not [name for name in sys.modules if name.startswith("openlineage")]
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=tmp_path)


def test_disabled(events, monkeypatch):
    assert openlineage.configured()
    monkeypatch.setenv("OPENLINEAGE_DISABLED", "true")
    assert not openlineage.configured()
