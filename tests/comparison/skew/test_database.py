"""Queries reach no other file."""

import pytest

from tests.support.skews import contract, table
from tidegate.comparison import skew
from tidegate.comparison.skew.join import joined
from tidegate.core.errors import StatisticsError


def test_queries_reach_no_other_file(tmp_path):
    side = skew.recorded(table().to_batches(), name="a", directory=tmp_path)
    other = tmp_path / "other.csv"
    other.write_text("a\n1\n")
    with joined(side, side, contract()) as pairs:
        for sql in (
            f"FROM read_csv('{other}')",
            f"COPY pairs TO '{tmp_path / 'stolen.csv'}'",
            "SET enable_external_access = true",
        ):
            with pytest.raises(StatisticsError):
                pairs.database.run(sql)
