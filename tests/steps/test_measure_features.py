"""The step `measure_features`, with a model and without."""

import subprocess
import sys

import numpy as np

from tests.support.modelling import contract_of, ingested, normal, written_model
from tidegate import steps
from tidegate.model import feature_analysis
from tidegate.platform import lineage

ROWS = 4000


def test_the_step_and_what_it_writes(tmp_path):
    rules = contract_of(tmp_path)
    x = normal(ROWS)
    y = (x + normal(ROWS, 1) > 0).astype(int)
    made = ingested(tmp_path, rules, {"x": x, "noise": normal(ROWS, 2), "copy": 9 * y, "y": y})
    model = written_model(tmp_path / "model", lambda x: 1 / (1 + 2.7**-x))
    result = steps.measure_features(
        examples=made.path,
        contract_uri=str(tmp_path / "contract.yaml"),
        contract_digest=rules.digest,
        out=tmp_path / "out",
        page=tmp_path / "page.html",
        model=model,
    )
    assert [f.name for f in result.suspects] == ["copy"]
    assert {f.name for f in result.dropped} == {"copy", "noise"}
    assert {f.name for f in result.features if f.importance} == {"x"}
    assert result.parts == ("train", "eval")
    assert result.scalars()["leak_suspects"] == 1
    assert feature_analysis.Signal.read(tmp_path / "out") == result
    assert "1 suspect" in (tmp_path / "page.html").read_text()
    found = lineage.read(tmp_path / "out", "signal")
    assert {node.kind for node in found.of_kind("model", "examples", "contract")} == {
        "model",
        "examples",
        "contract",
    }


def test_the_step_without_a_model_does_not_import_tensorflow(tmp_path):
    rules = contract_of(tmp_path)
    made = ingested(tmp_path, rules, {"x": normal(ROWS), "y": np.arange(ROWS) % 2})
    code = (
        "import sys; from pathlib import Path; from tidegate import steps\n"
        f"steps.measure_features(examples=Path({str(made.path)!r}), contract_digest='', "
        f"contract_uri={str(tmp_path / 'contract.yaml')!r}, out=Path({str(tmp_path / 'out')!r}), "
        f"page=Path({str(tmp_path / 'page.html')!r}))\n"
        "assert not {'tensorflow', 'tensorflow_data_validation'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
