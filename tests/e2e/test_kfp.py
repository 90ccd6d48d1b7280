"""The training pipeline on a Kubeflow Pipelines server, whose address is TIDEGATE_E2E_KFP.

TIDEGATE_E2E_NAMESPACE is where its runs' pods are: `kubeflow` where it has one user. The
ServiceAccount tidegate-runner and the Secret tidegate-storage must be there.
"""

import os
import time
import uuid
from pathlib import Path

import pytest

from tidegate.platform.registry import Registry
from tidegate.platform.storage import open_store
from tidegate_kfp.server import Server

HOST = os.environ.get("TIDEGATE_E2E_KFP")
#: Where KFP puts artifacts unless its ConfigMap `kfp-launcher` says otherwise.
ARTIFACTS = "s3://mlpipeline/v2/artifacts/tidegate-training"
TRAINING = Path(__file__).parents[2] / "pipelines" / "training.yaml"
ACCOUNT = "tidegate-runner"
PATIENCE_SECONDS = 1800

pytestmark = pytest.mark.skipif(not HOST, reason="TIDEGATE_E2E_KFP names no server")


@pytest.fixture(scope="module")
def server(namespace):
    return Server(host=HOST, ui=None, namespace=None, installed=namespace)


@pytest.fixture(scope="module")
def version(server):
    return server.publish(TRAINING.read_bytes())


@pytest.fixture(scope="module")
def registry(data):
    return Registry(f"{data}/registry", "flights")


def parameters(data, span, contract="contract.yaml"):
    return {
        "contract_uri": f"{data}/{contract}",
        "registry_uri": f"{data}/registry",
        "span": span,
        "on_hold": "fail",
    }


def wait(of, *, until):
    """Ask again and again for what `of` gives, until `until` is true of it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not until(found := of()):
        assert time.monotonic() < deadline, f"still {found}"
        time.sleep(5)
    return found


def show(run):
    print(f"{run.name}: {run.state}")
    for task in run.tasks:
        print(f"    {task.name:<22}{task.state:<11}{task.seconds:5.0f} s")


@pytest.fixture(scope="module")
def scheduled(server, version, data):
    """What a schedule makes up for: the second days of February and of March 2013."""
    experiment = f"e2e-{uuid.uuid4().hex[:8]}"
    at_once = []

    def runs():
        found = server.runs(experiment)
        at_once.append(sum(not run.ended for run in found))
        return found

    schedule = server.schedule(
        version,
        experiment,
        parameters(data, "before:scheduled"),
        cron="0 0 6 2 * *",
        start="2013-02-01T00:00:00Z",
        end="2013-03-03T00:00:00Z",
        catch_up=True,
        experiment=experiment,
        account=ACCOUNT,
    )
    try:
        found = wait(runs, until=lambda runs: len(runs) == 2 and all(r.ended for r in runs))
    finally:
        server.unschedule(schedule)
    found = [server.run(run.run_id) for run in sorted(found, key=lambda run: run.created)]
    for run in found:
        show(run)
    return found, max(at_once)


def test_a_schedule_makes_up_for_each_month_one_after_the_other(scheduled, registry):
    runs, at_once = scheduled
    assert [run.state for run in runs] == ["SUCCEEDED", "SUCCEEDED"]
    assert at_once == 1
    assert [each.span for each in registry.versions("model")] == ["2013-01", "2013-02"]
    assert registry.current("model").span == "2013-02"


def test_the_same_span_again_is_cached_and_broken_data_are_held(
    scheduled, server, version, data, registry
):
    before = registry.versions("model")
    # Both at once: most of a run's time KFP waits.
    started = [
        server.start(
            version, f"e2e {contract}", parameters(data, "2013-02", contract), account=ACCOUNT
        )
        for contract in ("contract.yaml", "bad/contract.yaml")
    ]
    ended = []
    for run_id in started:
        run = wait(lambda run_id=run_id: server.run(run_id), until=lambda run: run.ended)
        show(run)
        ended.append(run)
    again, bad = ended

    assert again.state == "SUCCEEDED"
    states = {task.name: task.state for task in again.tasks}
    assert states["resolve-inputs"] == "succeeded"
    for name in ("ingest-examples", "compute-statistics", "train-model"):
        assert states[name] == "cached"

    assert bad.state == "FAILED"
    assert bad.held
    kept = [
        each.name for each in open_store(f"{ARTIFACTS}/{bad.run_id}").list("validate-examples/")
    ]
    assert {Path(name).name for name in kept} >= {"validation_report", "data_report"}
    assert registry.versions("model") == before
