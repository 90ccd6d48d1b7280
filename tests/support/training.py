"""Rows that can be learnt, and few epochs of them."""

import pyarrow as pa

from tests.support.modelling import normal

ROWS = 400
FAST = {"epochs": 2, "batch_size": 64, "hidden_units": [8]}


def table(rows=ROWS, **columns):
    x = normal(rows)
    return {"x": x, "y": (x > 0).astype(int), **columns}


def rows_of(made, split="eval"):
    return pa.Table.from_batches(made.batches(split)).combine_chunks().to_batches()[0]
