"""The text and the JSON of statistics."""

import numpy as np

from tests.support.drift import of
from tidegate.report import terminal
from tidegate.report.data.text import as_json, as_text
from tidegate.statistics import exact


def test_a_quantile_that_is_sketched_is_marked():
    """Where there are more values than are counted one by one."""
    many = np.random.default_rng(1).normal(size=exact.MOST + 1)
    found = of({"many": many, "few": np.round(many, 2)})
    lines = as_text(found, ink=terminal.Ink(False), limit=None).splitlines()
    shown = {line.split()[0]: line for line in lines if line}
    assert "\u2248 " in shown["many"]
    assert "\u2248 " not in shown["few"]
    plain = {c["name"]: c for c in as_json(found)["columns"]}
    assert not plain["many"]["quantiles_exact"]
    assert plain["few"]["quantiles_exact"]
    assert plain["few"]["median"] == np.sort(np.round(many, 2))[len(many) // 2]
