"""`tidegate measure`, as a person calls it."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.support.modelling import contract_of, ingested, normal, written_model
from tidegate.cli import main

ROWS = 1500


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    # Where tests run in several processes, they are told of a terminal of 80 columns.
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments):
        code = main([str(a) for a in arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


@pytest.fixture
def file(call):
    late = (np.random.default_rng(0).random(ROWS) < 0.3).astype(int)
    lines = ["id,hour,delay,noise,late"]
    columns = zip(normal(ROWS) + late, 20 * late + normal(ROWS, 1), normal(ROWS, 2), late,
                  strict=True)  # fmt: skip
    lines += [f"n{i},{h:.3f},{d:.3f},{n:.3f},{y}" for i, (h, d, n, y) in enumerate(columns)]
    Path("flights.csv").write_text("\n".join(lines) + "\n")
    Path("contract.yaml").write_text(
        "dataset: flights\nsource: {uri: '{YYYY}.csv', format: csv}\nkey: [id]\nlabel: late\n"
        "features: {exclude: [delay]}\n"
    )
    return "flights.csv"


def test_what_a_person_reads(call, file):
    code, out, err = call("measure", file, "--label", "late")
    assert code == 0
    assert err == "flights.csv: 1,500 rows\n"
    lines = out.splitlines()
    assert lines[0].startswith("flights.csv: 1,500 rows; label late (binary, 0.8")
    assert lines[2] == "leave out"
    assert [line.split()[:3] for line in lines[3:6]] == [
        ["leak", "suspect", "delay"],
        ["no", "signal", "noise"],
        ["identifier", "id", "it"],
    ]
    header = next(i for i, line in enumerate(lines) if line.startswith("column"))
    assert [line.split()[0] for line in lines[header + 1 :]] == ["delay", "hour", "noise", "id"]
    assert "\x1b" not in out


def test_what_a_contract_says(call, file):
    Path("2013.csv").write_text(Path(file).read_text())
    for argument in (file, "2013"):
        code, out, _ = call("measure", argument, "--contract", "contract.yaml", "--hold-on-leak")
        assert code == 0, "an excluded column is no suspect"
        assert "excluded, leak suspect" in out
        assert out.split("\n\n")[2].startswith("excluded already\n  leak suspect  delay")
        assert "\nid " not in out
    arguments = ("measure", "2013", "--contract", "contract.yaml", "--format", "json")
    found = json.loads(call(*arguments)[1])
    assert found["parts"] == ["train", "eval"], "a span is divided as its contract says"
    assert found["part_rows"][0] > 3 * found["part_rows"][1]


def test_a_leak_can_hold(call, file):
    assert call("measure", file, "--label", "late", "--hold-on-leak")[0] == 3
    arguments = ("measure", file, "--label", "late", "--exclude", "delay", "--hold-on-leak")
    assert call(*arguments)[0] == 0


def test_json_and_html(call, file):
    code, out, _ = call("measure", file, "--label", "late", "--format", "json")
    found = json.loads(out, parse_constant=pytest.fail)
    assert (code, found["rows"], found["label"]) == (0, ROWS, "late")
    assert found["features"][0]["code"] == "leak"
    assert len(found["digests"]["content"]) == 64
    code, out, err = call("measure", file, "--label", "late", "--format", "html", "--out", "m.html")
    assert (code, out) == (0, "")
    assert "wrote m.html" in err
    assert "1 suspect" in Path("m.html").read_text()


def test_examples_and_a_model(call, tmp_path):
    rules = contract_of(tmp_path)
    x = normal(ROWS)
    y = (x + normal(ROWS, 1) > 0).astype(int)
    made = ingested(tmp_path, rules, {"x": x, "y": y})
    model = written_model(tmp_path / "model", lambda x: 1 / (1 + 2.7**-x))
    arguments = ("measure", made.path, "--contract", "contract.yaml", "--model", model)
    code, out, _ = call(*arguments)
    assert code == 0
    assert "auc lost (95%)" in out
    assert "+0.2" in out.splitlines()[-1] or "+0.3" in out.splitlines()[-1]
    found = json.loads(call("measure", made.path, "--label", "y", "--format", "json")[1])
    assert found["parts"] == ["train", "eval"]
    assert sum(found["part_rows"]) == ROWS


def test_errors_are_one_line(call, file):
    code, out, err = call("measure", file)
    assert (code, out) == (1, "")
    assert err.splitlines()[-1].startswith("error: nothing says what is to be predicted")
    assert "did you mean 'late'?" in call("measure", file, "--label", "lat")[2]
    assert "is not there" in call("measure", "none.csv", "--label", "late")[2]
    for option in (("--label", "late"), ("--exclude", "id"), ("--null", "NA")):
        code, _, err = call("measure", file, "--contract", "contract.yaml", *option)
        assert code == 1
        assert "for files without a contract" in err
    assert "model.json" in call("measure", file, "--label", "late", "--model", "none")[2]
