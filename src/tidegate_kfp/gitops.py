"""Convert a compiled pipeline to Kubernetes objects for KFP.

KFP 2.15 and newer can keep its pipelines there (`--pipelinesStoreKubernetes`); then the user
interface shows what is applied from git.
"""

from __future__ import annotations

import hashlib
from typing import Any

import yaml

from tidegate import __version__

API_VERSION = "pipelines.kubeflow.org/v2beta1"


def version_name(compiled: bytes) -> str:
    """The name of a compiled pipeline's version, derived from its content.

    KFP does not allow changing the specification of an existing version, so content that differs by
    a byte needs a name of its own. Lower case letters, digits, dots and dashes, as Kubernetes
    requires.
    """
    return f"{__version__}-{hashlib.sha256(compiled).hexdigest()[:12]}"


def resources(compiled: bytes) -> bytes:
    """A Pipeline and its PipelineVersion, in the order of application.

    They have the same names as pipelines uploaded by `submit`, which then finds them there.

    Args:
        compiled: A pipeline's YAML: its specification, and its Kubernetes settings.
    """
    spec, *platform = yaml.safe_load_all(compiled)
    name, description = spec["pipelineInfo"]["name"], spec["pipelineInfo"]["description"]
    version = version_name(compiled)
    pipeline = _resource("Pipeline", name, {"description": description, "displayName": name})
    version_spec = {
        "description": description,
        "displayName": version,
        "pipelineName": name,
        "pipelineSpec": spec,
        "versionName": version,
    }
    if platform:
        version_spec["platformSpec"] = platform[0]
    made = [pipeline, _resource("PipelineVersion", f"{name}-{version}", version_spec)]
    return yaml.safe_dump_all(made, allow_unicode=True).encode()


def _resource(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec}
