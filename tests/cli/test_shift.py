"""`tidegate shift`, as a person calls it."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.support.modelling import contract_of, ingested, normal
from tests.support.shifts import ROWS, rows
from tidegate.cli import main


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for seed, name, move in ((1, "january", 0.0), (2, "february", 0.0), (3, "july", 2.0)):
        table = rows(seed, move=move).to_pydict()
        lines = [",".join(table)] + [",".join(map(str, r)) for r in zip(*table.values())]  # noqa: B905
        Path(f"{name}.csv").write_text("\n".join(lines) + "\n")

    def call(*arguments):
        code = main([str(a) for a in arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def test_on_the_command_line(call):
    code, out, _ = call("shift", "july.csv", "--against", "january.csv", "--label", "y")
    lines = out.splitlines()
    assert code == 0
    assert lines[0] == "july.csv (3,000 rows) against january.csv (3,000 rows)"
    assert "What tells them apart most: temp." in lines[2]
    assert lines[3].startswith("The share of y = 1 went from")
    assert lines[5].split()[:2] == ["feature", "AUC"]
    assert lines[6].split()[0] == "temp"
    february = call("shift", "february.csv", "--against", "january.csv", "--label", "y")[1]
    assert "Nothing in the features tells a row of february.csv" in february


def test_a_shift_can_hold(call):
    arguments = ("--against", "january.csv", "--label", "y", "--hold-above", "0.6")
    assert call("shift", "july.csv", *arguments)[0] == 3
    assert call("shift", "february.csv", *arguments)[0] == 0


def test_formats_and_examples(call, tmp_path):
    code, out, _ = call("shift", "july.csv", "--against", "january.csv", "--format", "json")
    found = json.loads(out, parse_constant=pytest.fail)
    assert (code, found["significant"], found["label"]) == (0, True, None)
    assert found["rows"] == [ROWS, ROWS]
    arguments = ("--against", "january.csv", "--format", "html", "--out", "s.html")
    assert call("shift", "july.csv", *arguments)[0] == 0
    assert Path("s.html").read_text().startswith("<!doctype html>")
    rules = contract_of(tmp_path)
    made = [
        ingested(tmp_path, rules, {"x": normal(ROWS, s) + s, "y": np.arange(ROWS) % 2}, span=s)
        for s in (1, 2)
    ]
    code, out, _ = call(
        "shift", made[1].path, "--against", made[0].path, "--contract", "contract.yaml"
    )
    assert code == 0
    assert "What tells them apart most: x." in out


@pytest.mark.parametrize("kept", [10_000, 500])
def test_shift_and_validate_have_the_same_figures(call, kept):
    """Of rows that are all compared, and of a sample."""
    Path("c.yaml").write_text(
        "dataset: d\nsource: {uri: x, format: csv}\nkey: [id]\nlabel: y\n"
        f"gates: {{min_examples: 10, shift: {{rows: {kept}}}}}\n"
    )
    files = ("july.csv", "--against", "january.csv", "--contract", "c.yaml", "--format", "json")
    shift = json.loads(call("shift", *files)[1])
    gate = json.loads(call("validate", *files)[1])["shift"]
    assert shift["measured"] == [min(kept, ROWS)] * 2
    assert (shift["auc"], shift["features"]) == (gate["auc"], gate["features"])
    assert shift["label"] == gate["label"]
