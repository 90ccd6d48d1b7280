"""Cells hold everything once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.drift import of
from tidegate.statistics.cells import cell_edges, cell_masses


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-20, 20) | st.floats(-50, 50), min_size=1, max_size=300),
    st.lists(st.integers(-30, 30) | st.floats(-80, 80), min_size=1, max_size=300),
)
def test_cells_hold_everything_once(baseline, current):
    past = of({"x": [float(v) for v in baseline]}).features()["x"].quantile_histogram
    now = of({"x": [float(v) for v in current]}).features()["x"].quantile_histogram
    edges = cell_edges(past, exact=False)
    assert (np.diff(edges) > 0).all()
    for histogram, values in ((past, baseline), (now, current)):
        mass = cell_masses(histogram, edges)
        assert mass.sum() == pytest.approx(len(values))
        assert mass[0] == pytest.approx(0, abs=len(values) / 50) or min(current) < min(baseline)
    assert cell_masses(past, edges)[[0, -1]] == pytest.approx([0, 0], abs=1e-6)
