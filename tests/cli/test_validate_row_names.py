"""Running numbers and times as numbers, in every command that compares files."""

import json
from pathlib import Path

import numpy as np
import pytest

CONTRACT = """
dataset: d
source: {uri: "{SPAN}.csv", format: csv}
key: [k]
gates:
  min_examples: 100
"""


@pytest.fixture
def spans(home):
    random = np.random.default_rng(0)
    for span in (1, 2):
        first = 500 * (span - 1)
        rows = [
            f"k{i},{i},{1_704_067_200 + 60 * i},{random.normal():.3f},{i % 3}"
            for i in range(first, first + 500)
        ]
        Path(f"{span}.csv").write_text("\n".join(["k,id,ts,v,c", *rows]) + "\n")
    Path("contract.yaml").write_text(CONTRACT)


def test_the_next_file_passes(call, spans):
    code, out, err = call("validate", "2.csv", "--against", "1.csv", "--format", "json")
    assert code == 0
    found = json.loads(out)
    assert found["shift"]["significant"] is False
    assert "id (running numbers)" in err
    assert "ts (seconds since 1970)" in err
    assert call("shift", "2.csv", "--against", "1.csv", "--hold-above", "0.6")[0] == 0
    assert "drift" not in call("skew", "1.csv", "2.csv")[1]
    assert call("schema", "infer", "1.csv", "--out", "schema.pbtxt")[0] == 0
    assert call("validate", "2.csv", "--against", "1.csv", "--schema", "schema.pbtxt")[0] == 0


def test_the_next_span_of_a_contract_passes(call, spans):
    arguments = ("validate", "2", "--against", "1", "--contract", "contract.yaml")
    code, out, _ = call(*arguments, "--format", "json")
    assert code == 0
    notes = {d["feature"]: d["note"] for d in json.loads(out)["distances"]}
    assert notes["ts"] == "seconds since 1970: recorded, not judged"
    assert "running numbers: recorded, not judged" in call(*arguments)[1]


def test_a_contract_can_have_them_judged(call, spans):
    Path("contract.yaml").write_text(CONTRACT + "  drift: {features: {id: auto, ts: auto}}\n")
    code, out, _ = call("validate", "2", "--against", "1", "--contract", "contract.yaml")
    assert code == 3
    assert "median id rose from 250 to 750" in out
    rose = next(line for line in out.splitlines() if "median ts rose from" in line)
    before, after = rose.split("rose from ")[1].split(";")[0].split(" to ")
    assert before != after
