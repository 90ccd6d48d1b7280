"""Statistics of rows that ingest has seen, and their quality findings."""

from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa

from tidegate.contract import Contract
from tidegate.data.facts import Gatherer
from tidegate.statistics import compute_table
from tidegate.validation.checks.columns import quality_findings

LATER = datetime(2014, 1, 1, tzinfo=UTC)
JANUARY = (datetime(2013, 1, 1), datetime(2013, 2, 1))
ROWS = 200


def contract(gates="{}", more="", uri="{YYYY}-{MM}.csv"):
    return Contract.parse(
        f"dataset: d\nsource: {{uri: '{uri}', format: csv}}\nkey: [id]\ntime: t\n"
        f"gates: {gates}\n{more}"
    )


def statistics(*, span="2013-01", rows=ROWS, period=JANUARY, **columns):
    columns = {
        "t": pa.array([datetime(2013, 1, 31, 23, 59)] * rows, pa.timestamp("us")),
        "s": pa.array([f"v{i % 7}" for i in range(rows)]),
        **columns,
    }
    table = pa.table(columns)
    gatherer = Gatherer("t", period)
    for batch in table.to_batches():
        gatherer.add(batch)
    computed = compute_table(table.to_batches(), schema=table.schema, span=span)
    return replace(computed, facts=gatherer.result())


def found(computed, agreed=None, *, history=(), now=LATER):
    findings = quality_findings(
        computed, agreed or contract(), baseline=None, history=history, now=now
    )
    return {f.code: f for f in findings}


def times(*texts):
    return pa.array([datetime.fromisoformat(t) for t in texts] * ROWS, pa.timestamp("us"))[:ROWS]
