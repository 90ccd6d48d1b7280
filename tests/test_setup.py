"""Set-up picks a Python that the machine's glibc can carry, or says what is missing."""

import shutil
import stat
import subprocess
import sys
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


PIP = """[global]
index-url = https://packages.example/simple
trusted-host =
    packages.example
    other.example
find-links =
    /one
    /two
timeout = 50
cert = /global.pem
[install]
cert = /install.pem
"""


@pytest.fixture
def ready(machine):
    """A machine whose .venv has pip, and a uv that tells its environment and fails."""
    python(machine, "3.11")
    add(machine, "getconf", "echo glibc 2.36")
    add(machine, "grep", f'exec {shutil.which("grep")} "$@"')
    programs = machine / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "pip").symlink_to(Path(sys.prefix) / "bin" / "pip")
    (programs / "python").write_text("#!/bin/sh\necho same\n")
    (machine / "bin" / "python3.11").write_text(
        (machine / "bin" / "python3.11")
        .read_text()
        .replace("#!/bin/sh\n", '#!/bin/sh\n[ "$1" != --version ] || { echo same; exit; }\n', 1)
    )
    (programs / "uv").write_text(
        f'#!/bin/sh\n[ "$1" != --version ] || exit 0\n{shutil.which("env")} >&2; exit 9\n'
    )
    for program in ("python", "uv"):
        (programs / program).chmod(0o755)
    (machine / "pip.conf").write_text(PIP)
    return machine


def handed_over(machine, **environment):
    """The variables that uv is called with."""
    done = subprocess.run(
        ["sh", "scripts/setup.sh"],
        cwd=machine,
        env={
            "PATH": str(machine / "bin"),
            "PIP_CONFIG_FILE": str(machine / "pip.conf"),
            **environment,
        },
        capture_output=True,
        text=True,
    )
    return dict(line.split("=", 1) for line in done.stderr.splitlines() if "=" in line)


def test_what_pip_is_configured_for_reaches_uv(ready):
    found = handed_over(ready)
    assert found["UV_DEFAULT_INDEX"] == "https://packages.example/simple"
    assert found["UV_INSECURE_HOST"] == "packages.example other.example"
    assert found["UV_FIND_LINKS"] == "/one,/two"
    assert found["UV_HTTP_TIMEOUT"] == "50"
    assert found["SSL_CERT_FILE"] == "/install.pem"
    assert not {"UV_INDEX", "ALL_PROXY", "UV_NO_INDEX"} & found.keys()


def test_the_environment_is_before_pips_files(ready):
    found = handed_over(
        ready, PIP_PROXY="http://proxy:3128", PIP_CERT="/own.pem", UV_DEFAULT_INDEX="https://mine"
    )
    assert found["ALL_PROXY"] == "http://proxy:3128"
    assert found["SSL_CERT_FILE"] == "/own.pem"
    assert found["UV_DEFAULT_INDEX"] == "https://mine"
