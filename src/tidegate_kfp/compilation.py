"""Generate the committed files: components, pipelines, JSON Schema."""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from kfp import compiler, dsl
from kfp.dsl.base_component import BaseComponent
from kfp.dsl.graph_component import GraphComponent

from tidegate import contract
from tidegate_kfp import components, gitops, policy
from tidegate_kfp.compiled import GITOPS, ROOT, TRAINING
from tidegate_kfp.pipelines.training import training
from tidegate_kfp.settings import DEFAULT, Settings


def targets(settings: Settings = DEFAULT, out: Path | None = None) -> Iterator[tuple[Path, bytes]]:
    """Generate every file with its path and content.

    Args:
        settings: The settings of the pods.
        out: The directory to write to, instead of this repository.
    """
    for name in components.__all__:
        folder = (out or ROOT) / "components" / stage(name) / name
        yield folder / "component.yaml", compiled_component(name, settings)
    compiled = compiled_training(settings)
    yield out / "pipelines" / "training.yaml" if out else TRAINING, compiled
    yield out / "gitops" / "training.yaml" if out else GITOPS, gitops.resources(compiled)
    if not out:
        schema = json.dumps(contract.json_schema(), indent=2) + "\n"
        yield ROOT / "docs" / "contract.schema.json", schema.encode()


def stage(name: str) -> str:
    """The stage of a component: the folder that groups it."""
    module: str = getattr(components, name).python_func.__module__
    return module.split(".")[-3]


def compiled_training(settings: Settings = DEFAULT) -> bytes:
    """Compile the training pipeline to YAML: its specification, then Kubernetes settings.

    Raises:
        SettingsError: The settings contradict each other.
    """
    return _compiled(_with_settings(training, settings))


def compiled_component(name: str, settings: Settings = DEFAULT) -> bytes:
    """Compile a component to YAML.

    Only the image comes from the settings; the others apply to the pipeline.
    """
    component = copy.deepcopy(getattr(components, name))
    container = component.component_spec.implementation.container
    container.image = settings.image(name, container.image)
    return _compiled(component)


def compile_all(settings: Settings = DEFAULT, out: Path | None = None) -> list[Path]:
    """Write every file of `targets`, and return the changed ones."""
    changed = []
    for path, content in targets(settings, out):
        if _differs(path, content):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            changed.append(path)
    return changed


def stale(settings: Settings = DEFAULT, out: Path | None = None) -> list[Path]:
    """The files of `targets` that differ from the current compilation."""
    return [path for path, content in targets(settings, out) if _differs(path, content)]


def _differs(path: Path, content: bytes) -> bool:
    return not path.exists() or path.read_bytes() != content


def _with_settings(pipeline: GraphComponent, settings: Settings) -> GraphComponent:
    """Build the pipeline again with settings.

    KFP builds a pipeline where it is declared, before settings are known.
    """
    info = pipeline.pipeline_spec.pipeline_info
    with policy.using(settings):
        return dsl.pipeline(name=info.name, display_name=info.display_name or None)(
            pipeline.pipeline_func
        )


def _compiled(component: BaseComponent) -> bytes:
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "compiled.yaml"
        compiler.Compiler().compile(component, str(path))
        return path.read_bytes()
