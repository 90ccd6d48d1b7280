"""Set-up picks a Python that the machine's glibc can carry, or says what is missing."""

import shutil
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOOLS = ["sh", "cut", "sort", "head", "sed", "printf", "dirname", "tr", "uname"]


@pytest.fixture
def machine(tmp_path):
    """A PATH with the tools of a bare system and nothing else; programs can be added."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "setup.sh", tmp_path / "scripts")
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    for tool in TOOLS:
        (bin_ / tool).symlink_to(shutil.which(tool))
    return tmp_path


def add(machine, name, script):
    program = machine / "bin" / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def python(machine, version, *, venv=True):
    """A Python of that version, as far as set-up asks it anything."""
    add(
        machine,
        f"python{version}",
        f"""case "$2" in
*version_info*{version}*) exit 0 ;;
*version_info*) exit 1 ;;
*ensurepip*) exit {0 if venv else 1} ;;
esac
echo "python{version} $*" >&2; exit 7""",
    )


def setup(machine):
    done = subprocess.run(
        ["sh", "scripts/setup.sh"],
        cwd=machine,
        env={"PATH": str(machine / "bin")},
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    return done.stderr


@pytest.mark.parametrize(
    ("glibc", "there", "picked"),
    [
        ("2.36", ["3.13", "3.11"], "3.11"),
        ("2.35", ["3.12", "3.11"], "3.11"),
        ("2.39", ["3.11", "3.12"], "3.12"),
        ("2.41", ["3.11", "3.12", "3.13"], "3.13"),
        ("2.41", ["3.11"], "3.11"),
    ],
)
def test_python_fits_glibc(machine, glibc, there, picked):
    add(machine, "getconf", f"echo glibc {glibc}")
    for version in there:
        python(machine, version)
    assert f"python{picked} -m venv" in setup(machine)


def test_says_which_python_is_missing(machine):
    add(machine, "getconf", "echo glibc 2.28")
    python(machine, "3.12")
    assert "glibc 2.28 needs Python 3.11; on PATH is no Python" in setup(machine)


def test_says_that_venv_is_missing(machine):
    add(machine, "getconf", "echo glibc 2.41")
    python(machine, "3.13", venv=False)
    assert "apt-get install python3.13-venv" in setup(machine)


def test_says_what_machine_it_needs(machine):
    (machine / "bin" / "uname").unlink()
    add(machine, "uname", "echo Darwin")
    assert "Linux x86-64 only" in setup(machine)
