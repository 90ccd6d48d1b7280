"""Spans whose rows fall into places."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from tidegate.contract import Contract
from tidegate.statistics import compute_table
from tidegate.statistics.slices import compute_slices

CONTRACT = """
dataset: d
source: {uri: "data/{SPAN}.csv", format: csv}
key: [id]
slices: [[place]]
gates: {min_examples: 10%s}
"""


def contract(drift=""):
    return Contract.parse(CONTRACT % (f", drift: {{{drift}}}" if drift else ""))


def rows_of(table, size=4000):
    return lambda columns: (table if columns is None else table.select(list(columns))).to_batches(
        size
    )


def of(table, span="1", by=(("place",),)):
    made = compute_table(table.to_batches(), schema=table.schema, span=span)
    sliced, left_out = compute_slices(rows_of(table), by, schema=table.schema)
    return replace(made, slices=sliced, slices_left_out=left_out)


def places(seed, rows=9000, shares=(0.5, 0.3, 0.17, 0.03)):
    generator = np.random.default_rng(seed)
    return pa.table(
        {
            "id": [f"{seed}-{i}" for i in range(rows)],
            "place": generator.choice(list("ABCD"), rows, p=shares),
            "x": generator.normal(size=rows),
            "kind": generator.choice(["k", "l", "m"], rows),
            "n": pa.array(generator.integers(0, 50, rows), mask=generator.random(rows) < 0.1),
        }
    )


def changed(table, place, **columns):
    """The table with other values in the rows of one place."""
    here = pc.equal(table["place"], place)
    for name, value in columns.items():
        made = pc.if_else(here, pa.scalar(value, table[name].type), table[name])
        table = table.set_column(table.schema.get_field_index(name), name, made)
    return table
