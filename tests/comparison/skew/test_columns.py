"""Columns that one side lacks, and types that differ."""

import numpy as np
import pyarrow as pa

from tests.support.skews import (
    ROWS,
    codes,
    compared,
    contract,
    feature,
    served,
    side_statistics,
    table,
    told,
)
from tidegate import schema as schemas


def test_columns_that_one_side_lacks():
    result = compared(table(), served(temp=None, wind=np.arange(ROWS)))
    statuses = {c.column: c.status for c in result.columns}
    assert statuses == {
        "id": "same",
        "carrier": "same",
        "distance": "same",
        "temp": "training_only",
        "late": "label",
        "wind": "serving_only",
    }
    assert ("schema_missing_column", "temp") in codes(result, "hold")
    warned = told(result, "schema_training_serving_skew")
    assert (set(warned), warned["wind"].severity) == ({"wind"}, "warn")


def test_a_column_that_the_schema_does_not_know_is_told_too():
    schema = schemas.infer(side_statistics(table(temp=None)), contract())
    result = compared(table(), served(temp=None), schema=schema)
    assert ("schema_training_serving_skew", "temp") in codes(result, "hold")


def test_excluded_columns_may_lack_and_the_label_is_not_expected():
    by = contract("features: {exclude: [temp]}\n")
    result = compared(table(), served(temp=None), by)
    assert {c.column: c.status for c in result.columns}["temp"] == "expected"
    assert result.verdict.status == "pass"
    result = compared(table(), table(), by)
    assert codes(result, "warn") == {("label_in_serving", "late")}


def test_a_type_that_differs():
    text = [str(v) for v in table()["distance"].to_pylist()]
    result = compared(table(), served(distance=text))
    assert {c.column: (c.training_type, c.serving_type) for c in result.columns}["distance"] == (
        "int",
        "string",
    )
    assert ("unexpected_data_type", "distance") in codes(result, "hold")
    # The values themselves are the same numbers.
    assert feature(result, "distance").equal == ROWS
    text[3] = "far"
    found = feature(compared(table(), served(distance=text)), "distance")
    assert (found.mismatched, found.confusion[0].serving) == (1, "far")


def test_whole_numbers_for_floats_and_empty_columns_are_no_difference():
    whole = served(temp=np.round(table()["temp"].to_numpy()).astype(int))
    by = contract("gates: {skew: {default: report, mismatch: report}}\n")
    assert {c.status for c in compared(table(), whole, by).columns} == {"same", "label"}
    result = compared(table(), served(temp=pa.nulls(ROWS)), by)
    found = {c.column: (c.serving_type, c.status) for c in result.columns}
    assert found["temp"] == ("", "same")
    assert feature(result, "temp").missing_in_serving == ROWS
