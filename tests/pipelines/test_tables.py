"""A run over any small table ends published, held, or failed with one line.

TIDEGATE_TABLES=2000 tries as many; a table's number gives the same table again.
"""

import os

import pytest

from tests.support.fuzzing import judged

TABLES = int(os.environ.get("TIDEGATE_TABLES", "36"))


@pytest.mark.parametrize("number", range(TABLES))
def test_a_run_ends_as_planned(tmp_path, number):
    for end, _ in judged(tmp_path / "table", number):
        assert end in ("published", "held", "model held", "failed")
