"""Values fall into cells."""

import math

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.numerics.binning import MISSING, RARE, coded


def test_numbers_fall_into_quantile_cells():
    values = np.r_[np.arange(10_000.0), np.nan, 1e308]
    column = coded("x", pa.chunked_array([pa.array(values), pa.array([None], pa.float64())]))
    assert column.labels[-1] == MISSING
    assert (column.missing, column.distinct) == (2, 10_001)
    sizes = np.bincount(column.codes)[:-1]
    assert sizes.max() - sizes.min() <= 1
    few = coded("x", pa.chunked_array([[3, 1, 3, 2]]))
    assert (few.labels, few.codes.tolist()) == (("1", "2", "3"), [2, 0, 2, 1])


def test_rare_texts_share_a_cell():
    column = coded("x", pa.chunked_array([["b"] * 20 + ["a"] * 30 + ["c", None, "d"]]))
    assert column.labels == ("a", "b", RARE, MISSING)
    assert column.codes[-3:].tolist() == [2, 3, 2]
    assert coded("x", pa.chunked_array([pa.nulls(3)])).labels == (MISSING,)
    assert coded("x", pa.chunked_array([pa.array([None], pa.float64())])).labels == (MISSING,)


@settings(max_examples=60)
@given(
    st.lists(st.one_of(st.none(), st.floats(), st.integers(-3, 3).map(float)), min_size=1),
)
def test_every_cell_has_a_row_and_its_values_in_order(values):
    column = coded("x", pa.chunked_array([pa.array(values, pa.float64())]))
    assert np.bincount(column.codes, minlength=column.cells).all()
    there = [v for v in values if v is not None and not math.isnan(v)]
    codes = [
        c for c, v in zip(column.codes, values, strict=True) if v is not None and not math.isnan(v)
    ]
    assert sorted(codes) == [c for _, c in sorted(zip(there, codes, strict=True))]
    assert (column.missing > 0) == (column.labels[-1] == MISSING)


def test_times_are_ordered():
    moments = np.arange("2013-01-01", "2014-01-01", dtype="datetime64[D]").astype("datetime64[us]")
    column = coded("t", pa.chunked_array([pa.array(moments)]))
    assert column.kind == "time"
    assert column.labels[0].startswith("2013-01-01 00:00 to ")
    assert (np.diff(column.codes) >= 0).all()
