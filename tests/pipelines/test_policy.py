"""Every task of every compiled pipeline is what `pipelines/policy.py` promises."""

import re
from pathlib import Path

import pytest
import yaml

from pipelines import defaults

PIPELINES = sorted((Path(__file__).parents[2] / "pipelines").glob("*.yaml"))


def tasks():
    for path in PIPELINES:
        spec, platform = yaml.safe_load_all(path.read_text())
        executors = spec["deploymentSpec"]["executors"]
        pods = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
        for name, executor in executors.items():
            yield pytest.param(executor["container"], pods.get(name, {}), id=f"{path.stem}-{name}")


def test_there_are_pipelines():
    assert PIPELINES


@pytest.mark.parametrize(("container", "pod"), tasks())
def test_a_pod_has_no_more_rights_than_restricted(container, pod):
    assert pod["securityContext"] == {
        "runAsUser": str(defaults.USER),
        "runAsGroup": str(defaults.USER),
        "runAsNonRoot": True,
    }


@pytest.mark.parametrize(("container", "pod"), tasks())
def test_a_pod_has_limits_a_timeout_and_scratch_space(container, pod):
    resources = container["resources"]
    assert {"resourceCpuLimit", "resourceCpuRequest"} <= resources.keys()
    assert {"resourceMemoryLimit", "resourceMemoryRequest"} <= resources.keys()
    assert 0 < int(pod["activeDeadlineSeconds"]) <= 24 * 3600
    (scratch,) = pod["emptyDirMounts"]
    assert scratch["mountPath"] == defaults.SCRATCH
    assert scratch["sizeLimit"]


@pytest.mark.parametrize(("container", "pod"), tasks())
def test_an_image_has_a_version_and_is_not_pulled_each_time(container, pod):
    name, _, version = container["image"].rpartition(":")
    assert name in {"tidegate/light", "tidegate/ml"}
    assert version not in {"", "latest"}
    assert pod["imagePullPolicy"] == "IfNotPresent"


@pytest.mark.parametrize(("container", "pod"), tasks())
def test_contracts_of_the_namespace_are_files_and_need_not_be_there(container, pod):
    (mount,) = pod["configMapAsVolume"]
    assert mount["configMapName"] == defaults.CONTRACTS
    assert mount["mountPath"] == defaults.CONTRACTS_FOLDER
    assert mount["optional"] is True
    # Kubernetes' name of the volume is the ConfigMap's.
    assert re.fullmatch("[a-z0-9-]{1,63}", defaults.CONTRACTS)


@pytest.mark.parametrize(("container", "pod"), tasks())
def test_credentials_come_from_the_secret_and_from_nowhere_else(container, pod):
    # The image is no secret: lineage tells it.
    assert container["env"] == [{"name": "TIDEGATE_IMAGE", "value": container["image"]}]
    (secret,) = pod["secretAsEnv"]
    assert secret["secretName"] == defaults.STORAGE_SECRET
    assert secret["optional"] is True
    # The run's identity is read from the pod's labels, so that it is in no cache key.
    (field,) = pod["fieldPathAsEnv"]
    assert field["fieldPath"] == "metadata.labels['pipeline/runid']"
