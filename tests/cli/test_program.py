"""What holds of every command: its status, its help, and what is not installed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import tidegate


def test_a_wrong_command_line_is_2(call):
    for arguments in ([], ["stats"], ["validate", "a"], ["valdate"]):
        with pytest.raises(SystemExit) as ended:
            call(*arguments)
        assert ended.value.code == 2


def test_help_needs_no_tensorflow():
    script = (
        "import sys\n"
        "for name in ('tensorflow', 'tensorflow_data_validation', 'tfx_bsl'):\n"
        "    sys.modules[name] = None\n"
        "from tidegate.cli import main\n"
        "main(['validate', '--help'])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "--against BASELINE" in done.stdout


@pytest.mark.parametrize("lacking", ["tensorflow_data_validation", "duckdb", "pydantic"])
def test_what_is_not_installed_is_named_with_the_remedy(home, lacking):
    code = (
        f"import sys; sys.modules[{lacking!r}] = None\n"
        "from tidegate.cli import main\n"
        "sys.exit(main(['validate', 'february.csv', '--against', 'january.csv']))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == 1
    (last,) = [line for line in ended.stderr.splitlines() if line.startswith("error:")]
    assert last.startswith(f"error: {lacking} is not installed, and this command needs it")
    assert last.endswith("install tidegate (docs/cli.md says how)")
    assert "Traceback" not in ended.stderr


def test_a_reader_that_has_seen_enough_is_no_error(home):
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "tidegate", "stats", "january.csv"]
    done = subprocess.run(command, cwd=home, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "january.csv: 1,200 rows, 5 columns\n")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["stats", "january.csv"], 0),
        (["shift", "february.csv", "--against", "january.csv"], 1),
        (["skew", "january.csv", "february.csv"], 1),
        (["measure", "january.csv"], 1),
        (["validate", "february.csv", "--against", "january.csv"], 1),
    ],
)
def test_a_column_that_the_contract_alone_knows_is_named(call, home, arguments, code):
    Path("c.yaml").write_text(
        "dataset: d\nsource: {uri: x, format: csv}\nkey: [id]\nlabel: gust\n"
        "features: {exclude: [carier]}\ngates: {min_examples: 10}\n"
    )
    ended, _, err = call(*arguments, "--contract", "c.yaml")
    assert ended == code, err
    assert "features.exclude names the column 'carier', which the data does not have" in err
    assert "did you mean 'carrier'?" in err


def test_an_older_python_is_told_what_it_lacks():
    program = Path(tidegate.__file__).with_name("__main__.py")
    code = (
        "import runpy, sys; sys.version_info = (3, 10, 13, 'final', 0); "
        f"runpy.run_path({str(program)!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "error: tidegate needs Python 3.11 or newer; this is 3.10\n"
