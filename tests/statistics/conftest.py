import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest


@pytest.fixture(scope="session")
def mixed():
    generator = np.random.default_rng(7)
    rows = 1500
    missing = generator.random(rows) < 0.2
    return pa.table(
        {
            "float": pa.array(generator.lognormal(3, 2, rows), mask=missing),
            "int": generator.integers(-5, 400, rows),
            "text": pa.array(generator.choice(["a", "b", "ü", ""], rows), mask=missing[::-1]),
            "many": [f"v{i}" for i in generator.zipf(1.3, rows) % 700],
            "empty": pa.nulls(rows, pa.float64()),
        }
    )
