"""Generate the files that are kept: compiled components and pipelines, the JSON Schema."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from kfp import compiler
from kfp.dsl.base_component import BaseComponent

import components
from pipelines.training import training
from tidegate import contract

ROOT = Path(__file__).resolve().parent.parent
TRAINING = ROOT / "pipelines" / "training.yaml"


def targets() -> Iterator[tuple[Path, bytes]]:
    """Every generated file and its content."""
    for name in components.__all__:
        path = ROOT / "components" / name / "component.yaml"
        yield path, _compiled(getattr(components, name))
    yield TRAINING, _compiled(training)
    schema = json.dumps(contract.json_schema(), indent=2) + "\n"
    yield ROOT / "docs" / "contract.schema.json", schema.encode()


def compile_all() -> list[Path]:
    """Write every file anew; returns those whose bytes changed."""
    changed = []
    for path, content in targets():
        if _differs(path, content):
            path.write_bytes(content)
            changed.append(path)
    return changed


def stale() -> list[Path]:
    """The files that differ from what compilation gives now."""
    return [path for path, content in targets() if _differs(path, content)]


def _differs(path: Path, content: bytes) -> bool:
    return not path.exists() or path.read_bytes() != content


def _compiled(component: BaseComponent) -> bytes:
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "compiled.yaml"
        compiler.Compiler().compile(component, str(path))
        return path.read_bytes()
