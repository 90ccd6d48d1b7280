"""Set the rights and resources of every pod of a pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from kfp import dsl, kubernetes

from tidegate.platform.lineage import IMAGE_VARIABLE, RUN_VARIABLE
from tidegate_kfp.defaults import CONTRACTS, CONTRACTS_FOLDER, CREDENTIALS, SCRATCH, USER, Size
from tidegate_kfp.settings import DEFAULT, Settings

_settings: ContextVar[Settings] = ContextVar("settings", default=DEFAULT)


@contextmanager
def using(settings: Settings) -> Iterator[None]:
    """Apply `settings` to pipelines built within the block."""
    token = _settings.set(settings)
    try:
        yield
    finally:
        _settings.reset(token)


def apply(task: dsl.PipelineTask, size: Size, *, cache: bool = True) -> dsl.PipelineTask:
    """Set a task's resources and minimal rights.

    The rights are those of the `restricted` Pod Security level. KFP itself drops all capabilities,
    forbids privilege escalation and sets the default seccomp profile; the rest is set here. Through
    KFP a root file system cannot be made read-only, though the images work with one; a cluster's
    own policy can do that.

    Args:
        task: A task of one of Tidegate's components.
        size: Its resources, scratch space and timeout, unless the settings have others.
        cache: Whether KFP may take the outputs of an earlier run with the same inputs.

    Raises:
        SettingsError: The settings request more than they allow.
    """
    settings = _settings.get()
    component = task.component_spec.name.replace("-", "_")
    size = settings.size(component, size)
    task.set_container_image(settings.image(component, task.container_spec.image))
    task.set_cpu_request(size.cpu_request).set_cpu_limit(size.cpu_limit)
    task.set_memory_request(size.memory_request).set_memory_limit(size.memory_limit)
    task.set_caching_options(enable_caching=cache)
    kubernetes.set_security_context(task, run_as_user=USER, run_as_group=USER, run_as_non_root=True)
    kubernetes.set_image_pull_policy(task, settings.image_pull_policy)
    kubernetes.set_timeout(task, size.timeout_seconds)
    kubernetes.empty_dir_mount(task, "scratch", SCRATCH, size_limit=size.scratch)
    # Optional: on a cloud the pod's own identity replaces it.
    kubernetes.use_secret_as_env(
        task, settings.secret, {name: name for name in CREDENTIALS}, optional=True
    )
    # Optional: a contract may lie in object storage. What changes in it while a run goes on is
    # refused by its digest, which the pipeline passes on and every cache key has.
    kubernetes.use_config_map_as_volume(task, CONTRACTS, CONTRACTS_FOLDER, optional=True)
    # A parameter would give every run another cache key.
    kubernetes.use_field_path_as_env(task, RUN_VARIABLE, "metadata.labels['pipeline/runid']")
    # A container cannot see its own image; lineage records it from this variable.
    task.set_env_variable(IMAGE_VARIABLE, task.container_spec.image)
    labels = {"app.kubernetes.io/part-of": "tidegate", "app.kubernetes.io/component": task.name}
    for key, value in (labels | settings.labels).items():
        kubernetes.add_pod_label(task, key, value)
    for key, value in settings.annotations.items():
        kubernetes.add_pod_annotation(task, key, value)
    if settings.image_pull_secrets:
        kubernetes.set_image_pull_secrets(task, list(settings.image_pull_secrets))
    _place(task, component, settings)
    return task


def _place(task: dsl.PipelineTask, component: str, settings: Settings) -> None:
    """Set a task's nodes and accelerators."""
    selector, tolerations = settings.node_selector, settings.tolerations
    if gpu := settings.accelerated(component):
        task.set_accelerator_type(gpu.resource).set_accelerator_limit(gpu.count)
        selector = selector if gpu.node_selector is None else gpu.node_selector
        tolerations += gpu.tolerations
    for key, value in selector.items():
        kubernetes.add_node_selector(task, key, value)
    for each in tolerations:
        kubernetes.add_toleration(
            task, each.key, each.operator, each.value, each.effect, each.seconds
        )
