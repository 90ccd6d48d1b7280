"""Read the logs and reports of a run's pods from Kubernetes."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import urllib3
from kubernetes import client, config

from tidegate.core.errors import TidegateError

_RUN = "pipeline/runid"
_TASK = "app.kubernetes.io/component"
#: The container that runs the component; KFP's and Argo's own run beside it.
_CONTAINER = "main"
_HTML = "system.HTML"
#: Lines of Argo, KFP's launcher and KFP's executor in the same log; some continue as JSON.
_FOREIGN = re.compile(r"time=\S+ level=|[IWEF]\d{4} \d\d:|\[KFP Executor ")
_TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Pod:
    """A pod that ran one of Tidegate's components.

    Attributes:
        name: The pod's name.
        namespace: The pod's namespace.
        task: The component's task in the pipeline, e.g. `train-model`.
        phase: Kubernetes' phase: Pending, Running, Succeeded, Failed.
        reason: Why Kubernetes ended it (OOMKilled, DeadlineExceeded, Evicted); empty if it did not.
        reports: The HTML reports it writes, by name.
    """

    name: str
    namespace: str
    task: str
    phase: str
    reason: str
    reports: dict[str, str]


def of_run(run_id: str, namespace: str) -> list[Pod]:
    """The existing pods of a run, in the order of creation.

    Raises:
        TidegateError: Kubernetes cannot be reached, or not by this user.
    """
    with _Kubernetes() as core:
        listed = core.list_namespaced_pod(
            namespace,
            label_selector=f"{_RUN}={run_id},{_TASK}",
            _request_timeout=_TIMEOUT_SECONDS,
        )
    pods = sorted(listed.items, key=lambda pod: pod.metadata.creation_timestamp)
    return [
        Pod(
            name=pod.metadata.name,
            namespace=namespace,
            task=pod.metadata.labels[_TASK],
            phase=pod.status.phase,
            reason=_reason(pod),
            reports=reports([*(c.command or ()), *(c.args or ())] for c in pod.spec.containers),
        )
        for pod in pods
    ]


def log(pod: Pod) -> str:
    """Read the log of a pod's component so far.

    Raises:
        TidegateError: Kubernetes has no log of it, or cannot be reached.
    """
    with _Kubernetes() as core:
        log = core.read_namespaced_pod_log(
            pod.name, pod.namespace, container=_CONTAINER, _request_timeout=_TIMEOUT_SECONDS
        )
    return str(log)


def follow(pod: Pod) -> Iterator[str]:
    """Follow a pod's log until its component ends.

    Raises:
        TidegateError: Kubernetes has no log of it, or cannot be reached.
    """
    with _Kubernetes() as core:
        stream = core.read_namespaced_pod_log(
            pod.name, pod.namespace, container=_CONTAINER, follow=True, _preload_content=False
        )
        for line in stream:
            yield line.decode(errors="replace").rstrip("\n")


def own(lines: Iterable[str]) -> Iterator[str]:
    """The component's lines of a log, without KFP's and Argo's lines."""
    inside = False
    for line in lines:
        if _FOREIGN.match(line):
            inside = line.endswith("{")
        elif inside:
            inside = line != "}"
        elif line == "{":
            inside = True
        else:
            yield line


class _Kubernetes:
    """The Kubernetes API, with errors in one line.

    The kubeconfig or the pod's own account names it.
    """

    def __enter__(self) -> client.CoreV1Api:
        try:
            config.load_kube_config()
        except config.ConfigException as error:
            try:
                config.load_incluster_config()
            except config.ConfigException:
                raise TidegateError(f"no Kubernetes to ask: {error}; set KUBECONFIG") from None
        return client.CoreV1Api()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, client.ApiException):
            try:
                phrase = json.loads(error.body)["message"]
            except (TypeError, ValueError, KeyError):
                phrase = error.reason
            raise TidegateError(f"Kubernetes refused: {phrase}") from None
        if isinstance(error, urllib3.exceptions.HTTPError):
            raise TidegateError(f"Kubernetes does not answer: {error}") from None


def _reason(pod: Any) -> str:
    for status in pod.status.container_statuses or ():
        ended = status.state.terminated
        if status.name == _CONTAINER and ended and ended.reason not in ("Completed", "Error"):
            return str(ended.reason)
    return pod.status.reason or ""


def reports(commands: Iterable[Sequence[str]]) -> dict[str, str]:
    """The URIs of HTML reports in container commands, by name."""
    for command in commands:
        for flag, value in itertools.pairwise(command):
            if flag == "--executor_input":
                outputs = json.loads(value).get("outputs", {}).get("artifacts", {})
                return {
                    name: each["artifacts"][0]["uri"]
                    for name, each in sorted(outputs.items())
                    if each["artifacts"][0]["type"].get("schemaTitle") == _HTML
                }
    return {}
