"""Runs on a server, as far as they can be tested without one; tests/e2e has one."""

import json
import socket
from pathlib import Path

import kfp_server_api
import pytest

from tidegate.cli import main
from tidegate.core.errors import TidegateError
from tidegate_kfp import compilation, compiled, pods, server, submission
from tidegate_kfp.gitops import version_name

DATA = Path(__file__).parents[1] / "files" / "kfp"


def _told(name):
    """A run as KFP 2.17.0 told of it."""

    class Response:
        data = (DATA / f"{name}.json").read_text()

    return server.as_run(kfp_server_api.ApiClient().deserialize(Response, "V2beta1Run"))


@pytest.fixture
def nobody():
    """An address of this machine at which nobody answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


ASKED = ["--contract", "s3://data/flights.yaml", "--registry", "s3://models/registry"]


@pytest.mark.parametrize(
    "command",
    [
        ["submit", "training", *ASKED, "--span", "2013-01"],
        ["schedule", "training", *ASKED, "--cron", "0 6 2 * *"],
        ["status"],
        ["status", "68002b61", "--wait"],
    ],
)
def test_a_server_that_does_not_answer_is_one_line(command, nobody, capsys):
    assert main([*command, "--host", nobody]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert told.startswith(f"error: no Kubeflow Pipelines server answers at {nobody}: ")
    assert "--host" in told


def test_logs_without_a_cluster_say_so(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", "/nowhere")
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    assert main(["logs", "68002b61"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("error: no Kubernetes to ask: ")
    assert told.count("\n") == 1


def test_a_run_that_published():
    run = _told("published")
    assert [task.name for task in run.tasks] == [
        "resolve-inputs",
        "ingest-examples",
        "compute-statistics",
        "infer-schema",
        "validate-examples",
        "train-model",
        "evaluate-model",
        "publish-model",
        "notify",
    ]
    cached = [task for task in run.tasks if task.state == "cached"]
    assert [task.name for task in cached] == ["ingest-examples", "compute-statistics"]
    assert {task.state for task in run.tasks if task not in cached} == {"succeeded"}
    assert all((task.seconds > 0) != (task in cached) for task in run.tasks)
    assert run.ended
    assert not run.held


def test_a_run_that_was_held():
    run = _told("held")
    assert run.state == "FAILED"
    assert run.held
    assert [task.name for task in run.tasks if task.state == "failed"] == ["hold-run-2"]
    assert "train-model" not in {task.name for task in run.tasks}


def test_a_run_that_failed_is_not_one_that_was_held():
    run = _told("failed")
    assert run.state == "FAILED"
    assert not run.held
    assert [task.name for task in run.tasks if task.state == "failed"] == ["validate-examples"]


def test_the_task_that_turns_a_held_run_red_is_not_told_of_as_a_failure():
    pod = pods.Pod("p", "kubeflow", "hold-run-2", "Failed", "", {})
    assert submission._telling("r", pod, "held") == []


def test_a_log_is_shown_without_what_kfp_and_argo_say():
    lines = (DATA / "validate-examples.log").read_text().splitlines()
    assert list(pods.own(lines)) == [
        "data: hold",
        "  - it has {braces}",
        "Traceback (most recent call last):",
        '  File "x.py", line 1',
        "ValueError: no",
    ]


@pytest.mark.parametrize(
    ("given", "taken"), [("0 6 2 * *", "0 0 6 2 * *"), ("30 0 6 2 * *", "30 0 6 2 * *")]
)
def test_cron_expressions_may_lack_seconds(given, taken):
    assert submission.cron(given) == taken


@pytest.mark.parametrize("text", ["", "daily", "0 6 2 *", "0 0 0 6 2 * *"])
def test_a_cron_expression_of_another_length_is_refused(text):
    with pytest.raises(TidegateError, match="fields; write minute, hour, day"):
        submission.cron(text)


def test_the_version_of_a_pipeline_says_what_is_in_it():
    golden = compiled.TRAINING.read_bytes()
    name = version_name(golden)
    assert version_name(compilation.compiled_training()) == name
    assert version_name(golden + b"\n") != name


def test_the_golden_pipeline_names_reports_that_are_told(tmp_path):
    outputs = {
        "validation_report": {"type": {"schemaTitle": "system.HTML"}, "uri": "s3://b/report"},
        "validation": {"type": {"schemaTitle": "system.Artifact"}, "uri": "s3://b/validation"},
    }
    told = {"outputs": {"artifacts": {k: {"artifacts": [v]} for k, v in outputs.items()}}}
    command = ["launch", "--executor_input", json.dumps(told), "--", "sh"]
    assert pods.reports([command]) == {"validation_report": "s3://b/report"}
    assert pods.reports([["launch", "--", "sh"]]) == {}
