"""What every pod of a pipeline is allowed, given and asked for: the one place that decides."""

from __future__ import annotations

from kfp import dsl, kubernetes

from pipelines.defaults import CREDENTIALS, SCRATCH, STORAGE_SECRET, USER, Size
from tidegate.lineage import IMAGE_VARIABLE, RUN_VARIABLE


def apply(task: dsl.PipelineTask, size: Size, *, cache: bool = True) -> dsl.PipelineTask:
    """Give a task its resources, and no more rights than the `restricted` Pod Security level.

    KFP itself drops all capabilities, forbids privilege escalation and sets the default seccomp
    profile; the rest stands here. Through KFP a root file system cannot be made read-only, though
    the images work with one; that is for a cluster's own policy.

    Args:
        task: Of one of Tidegate's components.
        size: Its resources, scratch space and timeout.
        cache: Whether KFP may take the outputs of an earlier run with the same inputs.
    """
    task.set_cpu_request(size.cpu_request).set_cpu_limit(size.cpu_limit)
    task.set_memory_request(size.memory_request).set_memory_limit(size.memory_limit)
    task.set_caching_options(enable_caching=cache)
    kubernetes.set_security_context(task, run_as_user=USER, run_as_group=USER, run_as_non_root=True)
    kubernetes.set_image_pull_policy(task, "IfNotPresent")
    kubernetes.set_timeout(task, size.timeout_seconds)
    kubernetes.empty_dir_mount(task, "scratch", SCRATCH, size_limit=size.scratch)
    # Optional: on a cloud the pod's own identity stands in for it.
    kubernetes.use_secret_as_env(
        task, STORAGE_SECRET, {name: name for name in CREDENTIALS}, optional=True
    )
    # A parameter would make every run's cache key another one.
    kubernetes.use_field_path_as_env(task, RUN_VARIABLE, "metadata.labels['pipeline/runid']")
    # A container cannot see what image it was started from; lineage tells it.
    task.set_env_variable(IMAGE_VARIABLE, task.container_spec.image)
    kubernetes.add_pod_label(task, "app.kubernetes.io/part-of", "tidegate")
    kubernetes.add_pod_label(task, "app.kubernetes.io/component", task.name)
    return task
