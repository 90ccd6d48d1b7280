"""A sample of rows that pass one after the other."""

import numpy as np
import pyarrow as pa
import pytest

from tidegate.core.errors import ExamplesError
from tidegate.data.sampling import SEED, sample


def test_a_sample_is_seeded_and_does_not_depend_on_batches():
    table = pa.table({"n": np.arange(50_000)})

    def drawn(batch, seed=SEED):
        taken, total = sample(table.to_batches(batch), 1000, seed=seed)
        assert total == 50_000
        return taken["n"].to_pylist()

    once = drawn(700)
    assert len(once) == 1000
    assert once == sorted(set(once))
    assert once == drawn(50_000) == drawn(64)
    assert once != drawn(700, seed=1)
    assert np.mean(once) == pytest.approx(25_000, rel=0.06)
    assert len(sample(table.to_batches(), 60_000)[0]) == 50_000


def test_no_row_is_no_sample():
    empty = pa.table({"n": pa.array([], pa.int64())}).to_batches()
    with pytest.raises(ExamplesError, match="there are no rows"):
        sample(empty, 10)
