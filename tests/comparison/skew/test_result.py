"""What was measured, in its file."""

import numpy as np
import pytest

from tests.support.skews import ROWS, compared, served, table
from tidegate.comparison import skew
from tidegate.core.errors import StatisticsError


def test_what_was_written_is_read_back(tmp_path):
    result = compared(table(), served(carrier=["XX"] * ROWS, temp=np.arange(ROWS) / 3))
    result.write(tmp_path)
    assert skew.Skew.read(tmp_path) == result
    file = tmp_path / "skew.json"
    text = file.read_text()
    for broken in (text[: len(text) // 2], text.replace('"status": "hold"', '"status": "pass"', 1)):
        file.write_text(broken)
        with pytest.raises(StatisticsError, match="measure it again"):
            skew.Skew.read(tmp_path)
