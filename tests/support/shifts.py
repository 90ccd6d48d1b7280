"""Two sets of rows, and what tells them apart."""

import json

import numpy as np
import pyarrow as pa

from tidegate.comparison.shift import SpanRows, compare
from tidegate.contract import Contract

ROWS = 3000


def contract(label="y", **sections):
    text = {"dataset": "d", "source": {"uri": "x", "format": "csv"}, "key": ["id"], "label": label}
    return Contract.parse(json.dumps(text | sections))


def rows(seed, *, size=ROWS, move=0.0, city=(0.5, 0.3, 0.2), late=0.2):
    random = np.random.default_rng(seed)
    return pa.table(
        {
            "id": random.permutation(size) + seed * size,
            "temp": random.normal(move, 1, size),
            "wind": random.normal(0, 1, size),
            "city": random.choice(["EWR", "JFK", "LGA"], size, p=city),
            "y": (random.random(size) < late).astype(int),
        }
    )


def shift(now, before, rules=None, **options):
    def named(name, table):
        return SpanRows(name, table, table.num_rows)

    return compare(named("now", now), named("before", before), rules or contract(), **options)
