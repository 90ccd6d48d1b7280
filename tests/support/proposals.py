"""Months of flights, and a schema that they pass or do not."""

import numpy as np
import pyarrow as pa
import tensorflow_data_validation as tfdv

from tidegate.statistics import compute_table

CONTRACT = """
dataset: flights
source: {uri: x, format: csv}
key: [id]
label: late
"""
ROWS = 1000


def span(number, **changes):
    random = np.random.default_rng(number)
    columns = {
        "id": [f"{number}-{i}" for i in range(ROWS)],
        "carrier": random.choice(["AA", "UA", "DL"], ROWS),
        "distance": random.choice([200, 500, 1400], ROWS),
        "visib": random.choice([9.5, 10.0], ROWS),
        "late": random.integers(0, 2, ROWS),
    }
    table = pa.table({k: v for k, v in {**columns, **changes}.items() if v is not None})
    return compute_table(table.to_batches(), schema=table.schema, span=f"2013-{number:02}")


def february(**changes):
    codes = np.random.default_rng(2).choice(["AA", "UA", "DL"], ROWS)
    codes[:50] = "ZZ"
    return span(2, carrier=codes, visib=None, **changes)


def passes(schema, statistics, environment="TRAINING"):
    found = tfdv.validate_statistics(statistics.as_list(), schema, environment=environment)
    return not found.anomaly_info
