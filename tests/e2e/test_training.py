"""The training pipeline as pods of a real cluster, in a namespace that enforces `restricted`."""

import time
import uuid
from pathlib import Path

import pytest
from driver import Driver, PodFailedError
from kubernetes import client

from tidegate.platform.registry import Registry

ROOT = Path(__file__).parents[2]
TRAINING = ROOT / "pipelines" / "training.yaml"
STAGES = [
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


@pytest.fixture
def run(data, namespace):
    def run(span, *, contract="contract.yaml", **options):
        run_id = str(uuid.uuid4())
        driver = Driver(
            TRAINING,
            namespace=namespace,
            root=f"{data}/artifacts/{run_id}",
            run_id=run_id,
            **options,
        )
        arguments = {
            "contract_uri": f"{data}/{contract}",
            "registry_uri": f"{data}/registry",
            "span": span,
        }
        failed = None
        try:
            driver.run(arguments)
        except PodFailedError as error:
            failed = error.pod
        for pod in driver.pods:
            print(f"{pod.task:<22}{pod.phase:<11}{pod.seconds:6.1f} s  {pod.reason}")
        return driver.pods, failed

    return run


def test_the_namespace_refuses_what_is_not_restricted(core, namespace):
    pod = {
        "metadata": {"generateName": "root-"},
        "spec": {"containers": [{"name": "c", "image": "tidegate/light:0.1.0"}]},
    }
    with pytest.raises(client.ApiException, match="violates PodSecurity"):
        core.create_namespaced_pod(namespace, pod)


def test_every_component_runs_and_a_model_is_published(run, data):
    pods, failed = run("2013-01")
    assert failed is None
    assert [pod.task for pod in pods] == STAGES
    assert {pod.phase for pod in pods} == {"Succeeded"}
    registry = Registry(f"{data}/registry", "flights")
    assert registry.current("model").span == "2013-01"


def test_a_pod_over_its_memory_limit_says_so(run):
    _, failed = run("2013-02", overrides={"compute-statistics": "150Mi"})
    assert failed.task == "compute-statistics"
    assert "OOMKilled" in failed.reason


def test_a_pod_killed_while_publishing_loses_nothing(run, data, core, namespace):
    registry = Registry(f"{data}/registry", "flights")
    before = registry.current("model")

    def kill(task, pod):
        if task == "publish-model":
            # Python has started by then, and the upload has not ended.
            time.sleep(1.2)
            core.delete_namespaced_pod(pod, namespace, grace_period_seconds=0)

    _, failed = run("2013-02", on_start=kill)
    assert failed.task == "publish-model"
    after = registry.current("model")
    assert after.version == before.version or after.span == "2013-02"
    _, failed = run("2013-02")
    assert failed is None
    assert [e.span for e in registry.versions("model")] == ["2013-01", "2013-02"]
    assert registry.current("model").span == "2013-02"


def test_broken_data_are_held_and_the_run_is_red(run, data):
    registry = Registry(f"{data}/registry", "flights")
    before = registry.versions("model")
    pods, failed = run("2013-02", contract="bad/contract.yaml")
    assert failed.task == "hold-run-2"
    assert "held at the data gate" in failed.logs
    assert pods[-1].task == "notify"
    assert registry.versions("model") == before


ALLOWED = [
    ("tidegate-submitter", "list", "pods", ""),
    ("tidegate-submitter", "get", "pods/log", ""),
    ("tidegate-submitter", "create", "pipelineversions", "pipelines.kubeflow.org"),
]
REFUSED = [
    ("tidegate-submitter", "get", "secrets", ""),
    ("tidegate-submitter", "create", "pods", ""),
    ("tidegate-submitter", "delete", "pipelines", "pipelines.kubeflow.org"),
    ("tidegate-runner", "get", "secrets", ""),
    ("tidegate-runner", "list", "pods", ""),
    ("tidegate-runner", "create", "pods", ""),
]


@pytest.mark.parametrize(
    ("account", "verb", "resource", "group", "allowed"),
    [(*row, True) for row in ALLOWED] + [(*row, False) for row in REFUSED],
)
def test_who_may_do_what(core, namespace, account, verb, resource, group, allowed):
    name, _, sub = resource.partition("/")
    review = client.V1SubjectAccessReview(
        spec=client.V1SubjectAccessReviewSpec(
            user=f"system:serviceaccount:{namespace}:{account}",
            resource_attributes=client.V1ResourceAttributes(
                namespace=namespace, verb=verb, resource=name, subresource=sub, group=group
            ),
        )
    )
    answer = client.AuthorizationV1Api().create_subject_access_review(review)
    assert answer.status.allowed is allowed
