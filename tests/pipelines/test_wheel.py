"""The wheel, installed where there is no checkout, runs the pipeline that it brings."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.pipelines.conftest import write_contract, write_span

ROOT = Path(__file__).parents[2]
SOURCES = ("src", "components", "pipelines", "pyproject.toml", "README.md", "LICENSE")


def run(*command, cwd, **environment):
    clean = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**clean, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy, since setuptools would leave its folder `build` in the checkout."""
    copy = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name,
                copy / name,
                symlinks=True,
                ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"),
            )
        else:
            shutil.copy(ROOT / name, copy)
    out = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation")
    run(*pip, "--no-index", "-w", out, copy, cwd=out)
    (found,) = out.glob("tidegate-*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A fresh environment with the wheel; what the wheel depends on is that of the tests."""
    home = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", "venv", cwd=home)
    python = home / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", "--no-index", "--no-deps", wheel, cwd=home)
    (site,) = (home / "venv" / "lib").glob("python*/site-packages")
    # A line with a path adds that path alone: the tests' own editable tidegate is not found by it.
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    where = "import tidegate, tidegate_kfp.components as c; print(tidegate.__file__, c.__file__)"
    assert str(ROOT) not in run(python, "-c", where, cwd=home)
    return home / "venv" / "bin" / "tidegate"


def test_it_runs_a_pipeline_from_any_directory(installed, months, tmp_path):
    write_span(tmp_path / "data", "2013-01", months["2013-01"])
    contract = write_contract(tmp_path, tmp_path / "data")
    # A folder of this name would stand in for the package that KFP's local runner imports.
    (tmp_path / "docker").mkdir()
    out = run(
        installed,
        *("run", "training", "--contract", contract.name, "--registry", "registry"),
        *("--span", "2013-01", "--out", "runs"),
        cwd=tmp_path,
    )
    assert "published" in out
    listed = run(
        installed,
        *("registry", "--registry", "registry", "--dataset", "flights", "list", "model"),
        cwd=tmp_path,
    )
    assert "* 2013-01-" in listed


def test_it_compiles_what_it_brings(installed, tmp_path):
    out = run(installed, "compile", "--registry", "registry.example/team", cwd=tmp_path)
    assert "build/compiled/pipelines/training.yaml" in out
    made = tmp_path / "build" / "compiled" / "components" / "data" / "validate_examples"
    assert "registry.example/team/tidegate/" in (made / "component.yaml").read_text()


def test_it_brings_every_compiled_file(installed):
    (package,) = installed.parents[1].glob("lib/python*/site-packages/tidegate_kfp")
    for folder in ("components", "pipelines"):
        golden = {p.relative_to(ROOT / folder) for p in (ROOT / folder).rglob("*.yaml")}
        brought = {p.relative_to(package / folder) for p in (package / folder).rglob("*.yaml")}
        assert golden == brought
        for path in golden:
            assert (package / folder / path).read_bytes() == (ROOT / folder / path).read_bytes()
