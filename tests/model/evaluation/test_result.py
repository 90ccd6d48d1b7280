"""An evaluation in its file."""

import json
import subprocess
import sys

import pytest

from tests.support.judging import sigmoid
from tidegate.core.errors import EvaluationError
from tidegate.model.evaluation import read


def test_an_evaluation_is_read_without_tensorflow(tmp_path, judged):
    judged()
    code = (
        "import sys, pathlib\n"
        "from tidegate.model import evaluation\n"
        f"found = evaluation.read(pathlib.Path({str(tmp_path / 'written')!r}))\n"
        "assert found.verdict.status == 'pass'\n"
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("content", [None, "", "{}", "[1]", '{"span": "1"}'])
def test_what_is_no_evaluation_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "evaluation.json").write_text(content)
    with pytest.raises(EvaluationError, match=r"evaluation.json.*run the evaluation again"):
        read(tmp_path)


def test_an_undefined_metric_is_null_in_the_file(tmp_path, judged):
    judged(lambda x: sigmoid(x) / 4)
    written = json.loads((tmp_path / "written" / "evaluation.json").read_text())
    assert written["overall"]["metrics"]["precision"] == dict.fromkeys(("value", "low", "high"))
