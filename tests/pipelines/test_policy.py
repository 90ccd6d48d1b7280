"""Every task of every compiled pipeline is what `tidegate_kfp/policy.py` promises."""

import re
from pathlib import Path

import pytest
import yaml

from tidegate_kfp import compilation, defaults
from tidegate_kfp.settings import DEFAULT, Settings

ROOT = Path(__file__).parents[2]
PIPELINES = sorted((ROOT / "pipelines").glob("*.yaml"))
SET = {
    "own": DEFAULT,
    "registry": DEFAULT.at("registry.example/team"),
    "example": Settings.load(ROOT / "deploy" / "settings.example.yaml"),
}


def compiled():
    """Each pipeline as it is kept, and compiled with settings."""
    for path in PIPELINES:
        yield f"{path.stem}-own", SET["own"], path.read_bytes()
    for name in ("registry", "example"):
        for path, content in compilation.targets(SET[name], Path("out")):
            if path.parent.name == "pipelines":
                yield f"{path.stem}-{name}", SET[name], content


def tasks():
    for name, settings, content in compiled():
        spec, platform = yaml.safe_load_all(content)
        executors = spec["deploymentSpec"]["executors"]
        pods = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
        for executor, spec in executors.items():
            yield pytest.param(
                spec["container"], pods.get(executor, {}), settings, id=f"{name}-{executor}"
            )


TASKS = list(tasks())
every_task = pytest.mark.parametrize(("container", "pod", "settings"), TASKS)


def test_every_pipeline_is_compiled_with_settings():
    names = {param.id.partition("-exec-")[0] for param in TASKS}
    assert names == {f"{path.stem}-{name}" for path in PIPELINES for name in SET}
    assert PIPELINES


@every_task
def test_a_pod_has_no_more_rights_than_restricted(container, pod, settings):
    assert pod["securityContext"] == {
        "runAsUser": str(defaults.USER),
        "runAsGroup": str(defaults.USER),
        "runAsNonRoot": True,
    }


@every_task
def test_a_pod_has_limits_a_timeout_and_scratch_space(container, pod, settings):
    resources = container["resources"]
    assert {"resourceCpuLimit", "resourceCpuRequest"} <= resources.keys()
    assert {"resourceMemoryLimit", "resourceMemoryRequest"} <= resources.keys()
    assert 0 < int(pod["activeDeadlineSeconds"]) <= 24 * 3600
    (scratch,) = pod["emptyDirMounts"]
    assert scratch["mountPath"] == defaults.SCRATCH
    assert scratch["sizeLimit"]


@every_task
def test_an_image_is_the_settings_and_has_a_version(container, pod, settings):
    name, _, version = container["image"].rpartition(":")
    assert version not in {"", "latest"}
    assert pod["imagePullPolicy"] == settings.image_pull_policy
    if settings is not SET["example"]:
        prefix = f"{settings.registry}/" if settings.registry else ""
        assert name in {f"{prefix}tidegate/{kind}" for kind in ("light", "data", "ml")}
    else:
        assert name.startswith("registry.example/team/")
        assert name.endswith("@sha256")


@every_task
def test_contracts_of_the_namespace_are_files_and_need_not_be_there(container, pod, settings):
    (mount,) = pod["configMapAsVolume"]
    assert mount["configMapName"] == defaults.CONTRACTS
    assert mount["mountPath"] == defaults.CONTRACTS_FOLDER
    assert mount["optional"] is True
    # Kubernetes' name of the volume is the ConfigMap's.
    assert re.fullmatch("[a-z0-9-]{1,63}", defaults.CONTRACTS)


@every_task
def test_credentials_come_from_the_secret_and_from_nowhere_else(container, pod, settings):
    # The image is no secret: lineage tells it.
    assert container["env"] == [{"name": "TIDEGATE_IMAGE", "value": container["image"]}]
    (secret,) = pod["secretAsEnv"]
    assert secret["secretName"] == settings.secret
    assert secret["optional"] is True
    # The run's identity is read from the pod's labels, so that it is in no cache key.
    (field,) = pod["fieldPathAsEnv"]
    assert field["fieldPath"] == "metadata.labels['pipeline/runid']"


@every_task
def test_a_pod_is_placed_and_named_by_the_settings(container, pod, settings):
    del container
    labels = pod["podMetadata"]["labels"]
    assert labels.pop("app.kubernetes.io/part-of") == "tidegate"
    assert labels.pop("app.kubernetes.io/component")
    assert labels == settings.labels
    pulled = [each["secretName"] for each in pod.get("imagePullSecret", [])]
    assert pulled == list(settings.image_pull_secrets)
    selectors = [settings.node_selector, settings.gpu.node_selector if settings.gpu else {}]
    assert pod.get("nodeSelector", {}).get("labels", {}) in selectors
    tolerated = [each["key"] for each in pod.get("tolerations", [])]
    assert set(tolerated) >= {each.key for each in settings.tolerations}
