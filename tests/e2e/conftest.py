"""A cluster, whichever KUBECONFIG points at, with `manifests/overlays/kind` applied.

Needs the images (`make images`) in the cluster, and in the namespace the Secret tidegate-storage.
TIDEGATE_E2E_S3_ENDPOINT: how this machine reaches the same object storage.
TIDEGATE_E2E_BUCKET: a bucket in it; `mlpipeline`, as KFP's own, by default.
"""

import base64
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from kubernetes import client, config

from tidegate.platform.storage import open_store

ROOT = Path(__file__).parents[2]
NAMESPACE = os.environ.get("TIDEGATE_E2E_NAMESPACE", "tidegate")


@pytest.fixture(scope="session")
def core():
    config.load_kube_config()
    return client.CoreV1Api()


@pytest.fixture(scope="session")
def namespace():
    return NAMESPACE


@pytest.fixture(scope="session")
def bucket(core):
    """A place in object storage, which this process can reach as the pods do."""
    try:
        secret = core.read_namespaced_secret("tidegate-storage", NAMESPACE).data
    except client.ApiException as error:
        pytest.exit(
            f"cannot read the Secret tidegate-storage in namespace {NAMESPACE} ({error.reason}); "
            "apply manifests/overlays/kind and create the Secret (docs/kubernetes.md)",
            returncode=1,
        )
    for key, value in secret.items():
        os.environ[key] = base64.b64decode(value).decode()
    if endpoint := os.environ.get("TIDEGATE_E2E_S3_ENDPOINT"):
        os.environ["S3_ENDPOINT"] = endpoint
    name = os.environ.get("TIDEGATE_E2E_BUCKET", "mlpipeline")
    return f"s3://{name}/tidegate-e2e/{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="session")
def data(bucket, tmp_path_factory):
    """January and February of the flights, a broken February, and their contracts."""
    home = tmp_path_factory.mktemp("flights")
    prepare = [sys.executable, ROOT / "examples/flights/prepare.py", "--out", home]
    subprocess.run(prepare, check=True)
    contract = (ROOT / "examples/flights/contract.yaml").read_text()
    (home / "contract.yaml").write_text(contract.replace("../../build/flights/", ""))
    store = open_store(bucket)
    for path in home.rglob("*"):
        name = path.relative_to(home).as_posix()
        if path.is_file() and ("2013-01" in name or "2013-02" in name or "contract" in name):
            store.upload(path, name)
    return bucket
