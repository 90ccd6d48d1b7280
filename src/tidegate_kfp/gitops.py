"""A compiled pipeline as Kubernetes objects, for a KFP that keeps its pipelines there.

KFP 2.15 and newer can (`--pipelinesStoreKubernetes`); then what is applied from git is what the
user interface shows.
"""

from __future__ import annotations

import hashlib
from typing import Any

import yaml

from tidegate import __version__

API_VERSION = "pipelines.kubeflow.org/v2beta1"


def version_name(compiled: bytes) -> str:
    """The name of a compiled pipeline's version: equal content has equal names.

    KFP lets nobody change the specification of a version that is there, so what differs by a byte
    needs a name of its own. Lower case letters, digits, dots and dashes, as Kubernetes wants names.
    """
    return f"{__version__}-{hashlib.sha256(compiled).hexdigest()[:12]}"


def resources(compiled: bytes) -> bytes:
    """A Pipeline and its PipelineVersion, in the order in which they must be applied.

    They bear the names that KFP gives to what `submit` uploads, which then finds them there.

    Args:
        compiled: A pipeline's YAML: its specification, and what Kubernetes is asked for.
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
