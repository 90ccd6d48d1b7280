"""What was measured, in its file."""

import json
from dataclasses import replace

import pytest

from tests.support.modelling import normal
from tests.support.signals import ROWS, coin, measured
from tidegate.core.errors import SignalError
from tidegate.model import feature_analysis
from tidegate.model.feature_analysis.result import FILE


def test_written_and_read(tmp_path):
    y = coin()
    found = measured({"x": normal(ROWS) + y, "twin": normal(ROWS) + y, "one": [1] * ROWS, "y": y})
    feature = replace(found.features[0], importance=feature_analysis.Importance(0.1, 0.05, 0.15))
    found = replace(found, features=(feature, *found.features[1:]))
    found.write(tmp_path)
    assert feature_analysis.Signal.read(tmp_path) == found
    json.loads((tmp_path / FILE).read_text(), parse_constant=pytest.fail)
    (tmp_path / FILE).write_text("{}")
    with pytest.raises(SignalError, match=r"is of format 1, and this version reads 2"):
        feature_analysis.Signal.read(tmp_path)
    (tmp_path / FILE).write_text('{"format": 2}')
    with pytest.raises(SignalError, match=r"cannot read the signal in .*signal.json"):
        feature_analysis.Signal.read(tmp_path)
    with pytest.raises(SignalError, match="cannot read"):
        feature_analysis.Signal.read(tmp_path / "none")
