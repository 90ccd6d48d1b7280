"""The rows of a span, as a table."""

import io

import pyarrow as pa
import pyarrow.parquet as pq

from tidegate.contract import Contract
from tidegate.data import sources


def table(contract, span="latest"):
    batches = list(sources.read(sources.resolve(contract, span), contract))
    assert len({str(b.schema) for b in batches}) == 1
    return pa.Table.from_batches(batches)


def over(directory, kind):
    # Hypothesis runs many examples in one test, so tmp_path would be shared between them.
    return Contract.parse(
        f"dataset: d\nsource: {{uri: '{directory}/{{SPAN}}*', format: {kind}}}\nkey: [id]\n"
    )


def parquet(**columns):
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, version="2.6")
    return sink.getvalue()
