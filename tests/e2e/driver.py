"""A stand-in for KFP's driver and launcher, for tests only.

It runs a compiled pipeline's tasks one after the other as pods of a real cluster, with the
compiled command, image, resources and security context, and carries artifacts through object
storage. What KFP's backend does besides (its metadata store, caching, parallel tasks, its user
interface) is not here, so a pass says nothing of those.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from kubernetes import client

ARTIFACTS = "/tmp/artifacts"  # noqa: S108 (of the pod)
OUTPUTS = "/tmp/outputs"  # noqa: S108 (of the pod)
_MARK = "executor-output:"

_FETCH = f"""
import json, sys
from pathlib import Path
from tidegate.platform.storage import open_store
for uri, name in json.loads(sys.argv[1]):
    store = open_store(uri)
    for item in store.list(name):
        target = Path("{ARTIFACTS}", item.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        store.download(item.name, target)
"""
_KEEP = f"""
import sys
from pathlib import Path
from tidegate.platform.storage import open_store
uri, task = sys.argv[1:]
for path in Path("{ARTIFACTS}", task).rglob("*"):
    if path.is_file():
        open_store(uri).upload(path, path.relative_to("{ARTIFACTS}").as_posix())
output = Path("{OUTPUTS}/executor_output.json")
print("{_MARK}" + (output.read_text() if output.exists() else "{{}}"))
"""


@dataclass
class TaskPod:
    """How one task ended."""

    task: str
    phase: str
    seconds: float
    logs: str
    reason: str = ""
    parameters: dict = field(default_factory=dict)


class PodFailedError(Exception):
    """A task's pod failed; `pod` says how."""

    def __init__(self, pod):
        super().__init__(f"{pod.task}: {pod.reason}: {pod.logs[-2000:]}")
        self.pod = pod


class Driver:
    """Runs one pipeline run.

    Args:
        spec: A compiled pipeline's YAML.
        namespace: Where pods run.
        root: Object storage URI for artifacts, as pods reach it.
        run_id: Names the run.
        overrides: Memory limits by task, in place of the compiled ones.
        on_start: Called with a task's name and its pod's when the component is about to start.
    """

    def __init__(self, spec: Path, *, namespace, root, run_id, overrides=None, on_start=None):
        self._spec, platform = yaml.safe_load_all(spec.read_text())
        self._platform = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
        self._core = client.CoreV1Api()
        self._namespace, self._root, self._run_id = namespace, root, run_id
        self._overrides = overrides or {}
        self._on_start = on_start
        self.pods: list[TaskPod] = []

    def run(self, arguments):
        """Run every task, the exit task last; raises PodFailedError after it if one failed."""
        root = self._spec["root"]
        parameters = {
            name: arguments.get(name, spec.get("defaultValue"))
            for name, spec in root["inputDefinitions"]["parameters"].items()
        }
        self._dag(root["dag"], parameters, {})

    def _dag(self, dag, parameters, artifacts):
        outputs, made, failed = {}, {}, None
        for name in _order(dag["tasks"]):
            task = dag["tasks"][name]
            policy = task.get("triggerPolicy", {})
            last = policy.get("strategy") == "ALL_UPSTREAM_TASKS_COMPLETED"
            if failed and not last:
                continue
            values, inputs = self._inputs(task, parameters, artifacts, outputs, made, failed)
            if "condition" in policy and not _holds(policy["condition"], values):
                continue
            component = self._spec["components"][task["componentRef"]["name"]]
            try:
                if "dag" in component:
                    self._dag(component["dag"], values, inputs)
                else:
                    outputs[name], made[name] = self._task(name, component, values, inputs)
            except PodFailedError as error:
                failed = error
        if failed:
            raise failed

    def _inputs(self, task, parameters, artifacts, outputs, made, failed):
        values, inputs = {}, {}
        for name, source in task.get("inputs", {}).get("parameters", {}).items():
            if "runtimeValue" in source:
                value = source["runtimeValue"]["constant"]
                if value == "{{$.pipeline_job_uuid}}":
                    value = self._run_id
            elif "taskFinalStatus" in source:
                value = {
                    "state": "FAILED" if failed else "COMPLETE",
                    "pipelineJobResourceName": self._run_id,
                    "pipelineTaskName": source["taskFinalStatus"]["producerTask"],
                }
            elif "componentInputParameter" in source:
                value = parameters[source["componentInputParameter"]]
            else:
                where = source["taskOutputParameter"]
                value = outputs[where["producerTask"]][where["outputParameterKey"]]
            values[name] = value
        for name, source in task.get("inputs", {}).get("artifacts", {}).items():
            if "componentInputArtifact" in source:
                inputs[name] = artifacts[source["componentInputArtifact"]]
            else:
                where = source["taskOutputArtifact"]
                inputs[name] = made[where["producerTask"]][where["outputArtifactKey"]]
        return values, inputs

    def _task(self, name, component, values, inputs):
        label = component["executorLabel"]
        container = self._spec["deploymentSpec"]["executors"][label]["container"]
        definitions = component.get("outputDefinitions", {})
        produced = {
            key: {
                "name": key,
                "type": spec["artifactType"],
                "uri": f"{ARTIFACTS}/{name}/{key}",
                "metadata": {},
            }
            for key, spec in definitions.get("artifacts", {}).items()
        }
        executor_input = {
            "inputs": {
                "parameterValues": values,
                "artifacts": {key: {"artifacts": [a]} for key, a in inputs.items()},
            },
            "outputs": {
                "parameters": {
                    key: {"outputFile": f"{OUTPUTS}/{key}"}
                    for key in definitions.get("parameters", {})
                },
                "artifacts": {key: {"artifacts": [a]} for key, a in produced.items()},
                "outputFile": f"{OUTPUTS}/executor_output.json",
            },
        }
        wanted = [[self._root, a["uri"].removeprefix(ARTIFACTS + "/")] for a in inputs.values()]
        args = [json.dumps(executor_input) if a == "{{$}}" else a for a in container["args"]]
        manifest = self._manifest(name, label, container, args, wanted)
        done = self._run_pod(name, manifest)
        self.pods.append(done)
        if done.phase != "Succeeded":
            raise PodFailedError(done)
        for key, found in done.parameters.get("artifacts", {}).items():
            produced[key]["metadata"] = found["artifacts"][0].get("metadata", {})
        return done.parameters.get("parameterValues", {}), produced

    def _manifest(self, name, label, container, args, wanted):
        pod = self._platform[label]
        resources = container["resources"]
        memory = self._overrides.get(name, resources["resourceMemoryLimit"])
        secret = pod["secretAsEnv"][0]
        environment = [
            {
                "name": key["envVar"],
                "valueFrom": {
                    "secretKeyRef": {
                        "name": secret["secretName"],
                        "key": key["secretKey"],
                        "optional": secret["optional"],
                    }
                },
            }
            for key in secret["keyToEnv"]
        ]
        environment += [
            {"name": f["name"], "valueFrom": {"fieldRef": {"fieldPath": f["fieldPath"]}}}
            for f in pod["fieldPathAsEnv"]
        ]
        environment += container["env"]
        mounts = [{"name": "scratch", "mountPath": str(Path(ARTIFACTS).parent)}]
        size = pod["emptyDirMounts"][0]["sizeLimit"]
        volumes = [{"name": "scratch", "emptyDir": {"sizeLimit": size}}]
        for each in pod["configMapAsVolume"]:
            source = {"name": each["configMapName"], "optional": each["optional"]}
            mounts.append({"name": source["name"], "mountPath": each["mountPath"]})
            volumes.append({"name": source["name"], "configMap": source})
        common = {
            "image": container["image"],
            "imagePullPolicy": pod["imagePullPolicy"],
            "env": environment,
            "volumeMounts": mounts,
            "securityContext": {
                # What KFP gives by itself; a read-only root it leaves to the cluster's policy.
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "seccompProfile": {"type": "RuntimeDefault"},
                "readOnlyRootFilesystem": True,
                "runAsUser": int(pod["securityContext"]["runAsUser"]),
                "runAsGroup": int(pod["securityContext"]["runAsGroup"]),
                "runAsNonRoot": True,
            },
        }
        component = {
            **common,
            "name": "component",
            "command": container["command"],
            "args": args,
            "resources": {
                "limits": {"cpu": resources["resourceCpuLimit"], "memory": memory},
                "requests": {"cpu": resources["resourceCpuRequest"], "memory": min_memory(memory)},
            },
        }
        fetch = {
            **common,
            "name": "fetch",
            "command": ["python3", "-c", _FETCH],
            "args": [json.dumps(wanted)],
        }
        keep = {
            **common,
            "name": "keep",
            "command": ["python3", "-c", _KEEP],
            "args": [self._root, name],
        }
        return {
            "metadata": {
                "generateName": f"{name}-",
                "labels": {**pod["podMetadata"]["labels"], "pipeline/runid": self._run_id},
            },
            "spec": {
                "serviceAccountName": "tidegate-runner",
                "automountServiceAccountToken": False,
                "restartPolicy": "Never",
                "activeDeadlineSeconds": int(pod["activeDeadlineSeconds"]),
                "initContainers": [fetch, component],
                "containers": [keep],
                "volumes": volumes,
            },
        }

    def _run_pod(self, task, manifest):
        started = time.monotonic()
        pod = self._core.create_namespaced_pod(self._namespace, manifest)
        name, told = pod.metadata.name, False
        while True:
            try:
                pod = self._core.read_namespaced_pod(name, self._namespace)
            except client.ApiException as error:
                if error.status != 404:
                    raise
                return TaskPod(task, "Gone", time.monotonic() - started, "", "the pod was deleted")
            states = {s.name: s.state for s in pod.status.init_container_statuses or ()}
            running = states.get("fetch") and states["fetch"].terminated
            if running and not told and self._on_start:
                self._on_start(task, name)
                told = True
            if pod.status.phase in ("Succeeded", "Failed"):
                break
            time.sleep(0.3)
        ended = states["component"].terminated if states.get("component") else None
        logs = self._core.read_namespaced_pod_log(name, self._namespace, container="component")
        done = TaskPod(
            task,
            pod.status.phase,
            time.monotonic() - started,
            logs,
            f"{ended.reason} (exit {ended.exit_code})" if ended else pod.status.reason or "",
        )
        if done.phase == "Succeeded":
            kept = self._core.read_namespaced_pod_log(name, self._namespace, container="keep")
            done.parameters = json.loads(kept[kept.index(_MARK) + len(_MARK) :])
        return done


def min_memory(limit):
    """A request that fits under a limit."""
    return "128Mi" if not limit.endswith("Mi") else f"{min(128, int(limit[:-2]))}Mi"


def _order(tasks):
    left = dict(tasks)
    while left:
        ready = [n for n, t in left.items() if not set(t.get("dependentTasks", ())) & left.keys()]
        # The exit task depends on what it waits for; otherwise the order is the file's.
        for name in ready:
            del left[name]
            yield name


def _holds(condition, values):
    found = re.fullmatch(
        r"(?P<negated>!\()?inputs\.parameter_values\['(?P<name>[^']+)'\] == '(?P<text>[^']*)'\)?",
        condition,
    )
    if not found:
        raise ValueError(f"this driver cannot read the condition {condition!r}")
    return (values[found["name"]] == found["text"]) != bool(found["negated"])
