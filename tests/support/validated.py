"""Months of flights that a gate judges."""

import numpy as np
import pyarrow as pa

from tidegate.statistics import compute_table

CONTRACT = """
dataset: flights
source: {uri: x, format: csv}
key: [id]
label: late
features: {exclude: [after]}
gates: {min_examples: 500, findings: {leak_not_judged: off}, drift: {features: {gust: report}}}
"""
ROWS = 2000
CODES = [f"C{i}" for i in range(8)]


def columns(seed=0, rows=ROWS):
    generator = np.random.default_rng(seed)
    return {
        "id": [f"{seed}-{i}" for i in range(rows)],
        "after": generator.normal(size=rows),
        "carrier": generator.choice(CODES, rows),
        "distance": generator.choice([200, 500, 760, 1400, 2475], rows),
        "temp": pa.array(generator.normal(50, 10, rows), mask=generator.random(rows) < 0.05),
        "gust": generator.exponential(size=rows),
        "late": generator.integers(0, 2, rows),
    }


def statistics(span, data):
    table = pa.table(data)
    return compute_table(table.to_batches(), schema=table.schema, span=span)
