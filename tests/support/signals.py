"""Features and a label, measured."""

import json

import numpy as np
import pyarrow as pa

from tidegate.contract import Contract
from tidegate.model import feature_analysis

ROWS = 4000


def contract(label="y", **sections):
    text = {"dataset": "d", "source": {"uri": "x", "format": "csv"}, "key": ["id"], "label": label}
    return Contract.parse(json.dumps(text | sections))


def measured(columns, label="y", **sections):
    rows = feature_analysis.of_batches("f", pa.table(columns).to_batches())
    return feature_analysis.measure(rows, contract(label, **sections))


def by_name(found):
    return {f.name: f for f in found.features}


def coin(rows=ROWS, seed=0, p=0.5):
    return (np.random.default_rng(seed).random(rows) < p).astype(int)
