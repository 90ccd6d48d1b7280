"""Models whose answers are known, and what is found of them."""

import numpy as np
import pyarrow as pa

from tests.support.modelling import normal

ROWS = 2000


def sigmoid(x):
    import tensorflow as tf

    return tf.sigmoid(x)


def worse(x, noise):
    return sigmoid(x + noise)


def columns(rows=ROWS):
    """`y` depends on `x`; `noise` says nothing; `side` has two values, `tail` rare ones."""
    x, noise = normal(rows), normal(rows, 1)
    y = (normal(rows, 2) < x).astype(int)
    side = np.where(normal(rows, 3) > 1, "left", "right")
    return {"x": x, "noise": noise, "y": y, "side": side}


def same(a, b):
    """Equal, NaN included."""
    return repr(a) == repr(b)


def codes(found, severity="hold"):
    return [f.code for f in found.verdict.findings if f.severity == severity]


def message(found, code):
    return next(f.message for f in found.verdict.findings if f.code == code)


def rows_of(made, split="eval"):
    return pa.Table.from_batches(made.batches(split)).combine_chunks().to_batches()[0]
