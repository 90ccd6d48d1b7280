"""The compiled pipeline is current and carries the policy it should."""

import subprocess
import sys

import pytest
import yaml

from tidegate_kfp import compilation, compiled

NEVER_CACHED = {"resolve-inputs", "validate-examples", "publish-model", "hold-run", "notify"}


@pytest.fixture(scope="module")
def spec():
    return next(yaml.safe_load_all(compiled.TRAINING.read_text()))


@pytest.fixture(scope="module")
def tasks(spec):
    dags = [c["dag"] for c in spec["components"].values() if "dag" in c] + [spec["root"]["dag"]]
    return {name: task for dag in dags for name, task in dag["tasks"].items()}


def _is_group(name):
    return name.startswith(("condition", "exit-handler"))


def test_compiling_twice_gives_the_same_bytes_as_the_file():
    content = dict(compilation.targets())[compiled.TRAINING]
    assert compiled.TRAINING.read_bytes() == content


def test_every_container_has_requests_and_limits(spec):
    for name, executor in spec["deploymentSpec"]["executors"].items():
        resources = executor["container"]["resources"]
        wanted = {"resourceCpuRequest", "resourceCpuLimit"}
        wanted |= {"resourceMemoryRequest", "resourceMemoryLimit"}
        assert wanted <= set(resources), name


def test_groups_are_named(tasks):
    groups = {name: task["taskInfo"]["name"] for name, task in tasks.items() if _is_group(name)}
    # An If with its Else stands in a group that KFP names and nobody else can.
    given = [name for key, name in groups.items() if not key.startswith("condition-branches")]
    assert sorted(given) == [
        "data-held",
        "data-passed",
        "model-held",
        "model-passed",
        "train-and-publish",
    ]


def test_what_touches_the_registry_is_never_cached(tasks):
    for name, task in tasks.items():
        if not _is_group(name):
            cached = task["cachingOptions"].get("enableCache", False)
            assert cached != (name.removesuffix("-2") in NEVER_CACHED), name


def test_publishing_needs_both_gates(spec):
    parent = {
        name: group
        for group, component in spec["components"].items()
        for name in component.get("dag", {}).get("tasks", {})
    }
    inner = parent[parent["publish-model"].removeprefix("comp-")].removeprefix("comp-")
    assert parent[inner] != "root"
    conditions = []
    for component in spec["components"].values():
        for task in component.get("dag", {}).get("tasks", {}).values():
            if task["taskInfo"]["name"] in ("data-passed", "model-passed"):
                conditions.append(task["triggerPolicy"]["condition"])
    assert len(conditions) == 2
    assert all(condition.endswith("== 'pass'") for condition in conditions)


def test_check_fails_on_a_file_that_is_not_current(tmp_path, monkeypatch):
    stale = tmp_path / "training.yaml"
    stale.write_text("old")
    monkeypatch.setattr(compilation, "TRAINING", stale)
    assert compilation.stale() == [stale]
    assert compilation.compile_all() == [stale]
    assert compilation.stale() == []


def test_command_line_reports_usage():
    done = subprocess.run(
        [sys.executable, "-m", "tidegate", "run", "--help"], capture_output=True, text=True
    )
    assert done.returncode == 0
    assert "hold: the data or the model is not" in done.stdout
