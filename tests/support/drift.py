"""Two spans of one column, and how far apart they are."""

import numpy as np
import pyarrow as pa

from tidegate.comparison.drift.compare import compare
from tidegate.contract import Contract
from tidegate.statistics import compute_table


def of(columns, span="1"):
    table = pa.table(columns)
    return compute_table(table.to_batches(), schema=table.schema, span=span)


def contract(gates="{drift: auto}", more=""):
    return Contract.parse(
        f"dataset: d\nsource: {{uri: x, format: csv}}\nkey: [id]\ngates: {gates}\n{more}"
    )


def apart(current, baseline, gates="{drift: auto}", **options):
    """The distances of column `x`, by measure."""
    found = compare(of({"x": current}, "2"), of({"x": baseline}, "1"), contract(gates), **options)
    return {d.measure: d for d in found}


def normal(seed, rows=5000, mean=0.0):
    return np.random.default_rng(seed).normal(mean, 1, rows)
