"""Numbers on disk."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.data import spill as spools
from tidegate.data.spill import Spool, shared, smallest

numbers = st.lists(st.integers(0, 2**64 - 1) | st.integers(2**63 - 9, 2**63 + 9), max_size=50)


@given(numbers.filter(bool), st.data())
def test_the_kth_smallest_is_that_of_sorting(values, data):
    k = data.draw(st.integers(0, len(values) - 1))
    with tempfile.TemporaryDirectory() as directory:
        spool = Spool(Path(directory))
        for part in np.array_split(np.array(values, np.uint64), 3):
            spool.add(part)
        assert spool.count == len(values)
        assert smallest(spool, k) == sorted(values)[k]
        spool.close()


@given(numbers, numbers, st.sampled_from([1, 7, 1 << 22]))
def test_shared_values_are_those_of_sets(one, other, at_once):
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        patch.setattr(spools, "_AT_ONCE", at_once)
        both = [Spool(Path(directory)), Spool(Path(directory))]
        for spool, values in zip(both, (one, other), strict=True):
            spool.add(np.array(values, np.uint64))
        assert shared(both) == (len({*one, *other}), len({*one} & {*other}))
        for spool in both:
            spool.close()
