"""Whole numbers conform to INT, however they are written."""

import numpy as np
import pyarrow as pa
import pytest
from tensorflow_metadata.proto.v0 import schema_pb2

from tests.support.drift import contract, of
from tidegate import schema as schemas
from tidegate.schema.propose import propose
from tidegate.validation import validate

ROWS = 300
EVERY = np.arange(ROWS)
MISSING = EVERY % 40 == 0


def whole(values, *, fractions=0):
    floats = values.astype(float)
    floats[1 : 1 + fractions] += 0.5
    return pa.array(floats, mask=MISSING)


@pytest.mark.parametrize("values", [EVERY % 10, EVERY % 2], ids=["numbers", "booleans"])
def test_whole_numbers_with_missing_ones_conform_to_int(values):
    # Of three spans, the range of numbers is bounded too.
    spans = [of({"id": EVERY, "x": pa.array(values, mask=MISSING)}, span) for span in "123"]
    schema = schemas.infer(spans, contract())
    feature = next(f for f in schema.feature if f.name == "x")
    assert feature.type == schema_pb2.INT
    assert feature.WhichOneof("domain_info")
    baseline = spans[-1]
    written = of({"id": EVERY, "x": whole(values)})
    assert not schema_codes(written, schema, baseline)
    assert not propose(schema, [written], contract()).changes
    assert schema_codes(of({"id": EVERY, "x": whole(values, fractions=1)}), schema, baseline)


def schema_codes(statistics, schema, baseline):
    found = validate(statistics, schema, contract(), baseline=baseline).verdict.findings
    return [f.code for f in found if f.subject == "x" and f.severity == "hold"]


def test_a_schema_of_spans_that_write_whole_numbers_differently_is_int():
    ints = of({"id": pa.array(EVERY % 10, mask=MISSING)}, "1")
    floats = of({"id": whole(EVERY % 10)}, "2")
    halves = of({"id": whole(EVERY % 10, fractions=1)}, "2")
    for spans, expected in (
        ([ints, floats], schema_pb2.INT),
        ([floats, ints], schema_pb2.INT),
        ([floats], schema_pb2.FLOAT),
        ([ints, halves], schema_pb2.FLOAT),
    ):
        (feature,) = schemas.infer(spans, contract()).feature
        assert feature.type == expected
