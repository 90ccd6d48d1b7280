"""Spans of one table, ingested and judged."""

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tidegate import schema, statistics, validation
from tidegate.contract import Contract
from tidegate.data.examples import ingest

MOMENT = dt.datetime(2013, 1, 1)


def write(directory, table, contract):
    """A span `1` of one Parquet file, and the contract on it."""
    pq.write_table(table, Path(directory, "1.parquet"))
    path = Path(directory, "contract.yaml")
    path.write_text(f"dataset: d\nsource: {{uri: '{{SPAN}}.parquet', format: parquet}}\n{contract}")
    return Contract.load(path)


def times(seconds):
    return pa.array([MOMENT + dt.timedelta(seconds=s) for s in seconds], pa.timestamp("us"))


def judged(tmp_path, table, contract):
    read = write(tmp_path, table, contract)
    kept = ingest(read, span="1", out=tmp_path / "out")
    computed = statistics.compute(kept)
    computed.write(tmp_path / "statistics")
    assert statistics.Statistics.read(tmp_path / "statistics") == computed
    expected = schema.infer(computed, read)
    return validation.validate(computed, expected, read, baseline=None), expected, computed, read
