"""What every component folder must satisfy; a new folder is tested by being there."""

import ast
import inspect
from pathlib import Path

import pytest
import yaml
from kfp import components as kfp_components
from kfp import dsl
from kfp.dsl.executor import Executor

from tidegate import __version__, steps
from tidegate_kfp import compilation, components

ROOT = Path(components.__file__).resolve().parent
FOLDERS = sorted(p.parent for p in ROOT.glob("*/*/component.py"))
IMAGES = {f"tidegate/{kind}:{__version__}": kind for kind in ("light", "data", "ml")}


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name)
def folder(request):
    return request.param


@pytest.fixture
def spec(folder):
    return yaml.safe_load((folder / "component.yaml").read_text())


@pytest.fixture
def component(folder):
    return getattr(components, folder.name)


def test_every_folder_is_listed():
    assert sorted(components.__all__) == sorted(folder.name for folder in FOLDERS)
    assert {p for p in ROOT.glob("*/*/") if p.name != "__pycache__"} == {*FOLDERS}


def test_has_exactly_the_four_files(folder):
    names = {p.name for p in folder.iterdir()} - {"__pycache__"}
    assert names == {"component.py", "component.yaml", "metadata.yaml", "README.md"}


def test_yaml_is_current(folder):
    content = dict(compilation.targets())[folder / "component.yaml"]
    assert (folder / "component.yaml").read_bytes() == content


def test_image_is_versioned_and_metadata_agrees(folder, spec):
    (executor,) = spec["deploymentSpec"]["executors"].values()
    metadata = yaml.safe_load((folder / "metadata.yaml").read_text())
    assert set(metadata) == {"name", "stage", "summary", "stability", "image", "kfp", "tags"}
    assert (metadata["name"], metadata["stage"]) == (folder.name, folder.parent.name)
    assert metadata["image"] == IMAGES[executor["container"]["image"]]


def test_installs_nothing_at_run_time(spec):
    (executor,) = spec["deploymentSpec"]["executors"].values()
    assert "pip" not in " ".join(executor["container"]["command"])


def test_fits_a_pod_template(spec):
    # Source, parameters and outputs share 128 KiB on KFP with Argo.
    (executor,) = spec["deploymentSpec"]["executors"].values()
    assert len(" ".join(executor["container"]["command"])) < 16_000


def test_everything_is_described(folder, spec):
    (definition,) = spec["components"].values()
    assert definition.get("inputDefinitions")
    for side in ("inputDefinitions", "outputDefinitions"):
        for group in definition.get(side, {}).values():
            for name, item in group.items():
                if (side, name) in (
                    ("outputDefinitions", "Output"),
                    ("inputDefinitions", "status"),
                ):
                    continue
                assert item.get("description"), f"{folder.name}.{name} has no description"


def test_body_is_one_call_into_the_engine(folder, component):
    source = ast.parse(inspect.getsource(component.python_func))
    calls = [
        node
        for node in ast.walk(source)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "steps"
    ]
    assert [call.attr for call in calls] == [folder.name]
    assert callable(getattr(steps, folder.name))
    (function,) = source.body
    statements = [n for n in function.body if not isinstance(n, ast.Expr | ast.ImportFrom)]
    assert len(statements) <= 8, "a component declares; the engine does"


def test_signature_and_step_agree(folder, component):
    """Every parameter of the step is given by the component, and none is left over."""
    wanted = set(inspect.signature(getattr(steps, folder.name)).parameters)
    call = next(
        node
        for node in ast.walk(ast.parse(inspect.getsource(component.python_func)))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and getattr(node.func.value, "id", "") == "steps"
    )
    assert {keyword.arg for keyword in call.keywords} == wanted


def test_takes_artifacts_as_a_server_names_them(component, spec, tmp_path):
    """KFP 2.17's server sends an input artifact without its class, which a local run does not."""
    (definition,) = spec["components"].values()
    names = definition["inputDefinitions"].get("artifacts", {})
    sent = {
        name: {
            "artifacts": [{"name": "1", "type": {"instanceSchema": ""}, "uri": f"s3://b/{name}"}]
        }
        for name in names
    }
    outputs = {"outputFile": str(tmp_path / "output.json")}
    executor = Executor({"inputs": {"artifacts": sent}, "outputs": outputs}, component.python_func)
    assert executor.input_artifacts.keys() == names.keys()
    assert all(isinstance(each, dsl.Artifact) for each in executor.input_artifacts.values())


def test_stands_alone_in_a_foreign_pipeline(folder):
    loaded = kfp_components.load_component_from_file(str(folder / "component.yaml"))
    assert loaded.component_spec.name == folder.name.replace("_", "-")
    assert isinstance(loaded, dsl.base_component.BaseComponent)


def test_readme_names_it(folder):
    lines = (folder / "README.md").read_text().splitlines()
    assert lines[0] == f"# {folder.name}"
    assert any("component.yaml" in line for line in lines)
