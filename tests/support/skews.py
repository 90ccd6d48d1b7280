"""Tables of training and of serving, and the skew between them."""

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa

from tidegate import schema as schemas
from tidegate.comparison import skew
from tidegate.contract import Contract

CONTRACT = "dataset: d\nsource: {uri: x, format: csv}\nkey: [KEY]\n"
ROWS = 600


def contract(extra="", *, key="id", label="late"):
    named = f"label: {label}\n" if label else ""
    return Contract.parse(CONTRACT.replace("KEY", key) + named + extra)


def table(rows=ROWS, **changed):
    """Rows of a key, a text, two numbers and a label."""
    at = np.arange(rows)
    columns = {
        "id": [f"r{i:05}" for i in at],
        "carrier": np.array(["AA", "UA", "DL"])[at % 3],
        "distance": at * 7 % 1000 + 100,
        "temp": np.round(at % 50 * 1.7 + 0.013 * (at % 11), 3),
        "late": at % 2,
        **changed,
    }
    return pa.table({k: v for k, v in columns.items() if v is not None})


def served(**changed):
    return table(**{"late": None, **changed})


def compared(training, serving, by=None, *, schema=None):
    """The skew of two tables."""
    by = by or contract()
    with tempfile.TemporaryDirectory() as scratch:
        sides = []
        for name, rows in (("2013", training), ("logs", serving)):
            Path(scratch, name).mkdir()
            batches = rows.to_batches(max_chunksize=250) or [
                pa.RecordBatch.from_arrays([pa.array([], f.type) for f in rows.schema],
                                           schema=rows.schema)
            ]  # fmt: skip
            directory = Path(scratch, name)
            made = skew.recorded(batches, name=name, directory=directory, slices=by.slices)
            sides.append(made)
        inferred = schemas.infer(sides[0].statistics, by) if schema is None else schema
        return skew.measure(*sides, inferred, by)


def feature(result, name):
    (found,) = [f for f in result.features if f.feature == name]
    return found


def told(result, code):
    return {f.subject: f for f in result.verdict.findings if f.code == code}


def codes(result, severity):
    return {(f.code, f.subject) for f in result.verdict.findings if f.severity == severity}


def side_statistics(rows):
    from tidegate.statistics import compute_table

    return compute_table(rows.to_batches(), schema=rows.schema, span="1")
