"""The changes that a span needs, with the evidence."""

import numpy as np
import pyarrow as pa
import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from tests.support.proposals import ROWS, february, passes, span
from tidegate import schema as schemas
from tidegate.schema.propose import propose
from tidegate.statistics import compute_table


def test_the_changes_that_a_span_needs_with_the_evidence(january, contract):
    made = propose(january, [february()], contract, base="v1")
    assert made.summary == "2 changes: 1 gone, 1 widened"
    carrier, visib = made.changes
    assert carrier.sentence() == "carrier: 'ZZ' may occur too"
    assert carrier.evidence == ("'ZZ': 50 rows (5.0%) in 2013-02",)
    assert visib.sentence() == "visib: column (FLOAT) dropped, no longer required or checked"
    assert visib.evidence == ("not in 2013-02 (1,000 rows)",)
    assert made.left == ()
    assert not passes(january, february())
    assert passes(made.schema, february())
    assert propose(january, [span(3)], contract).changes == ()


EVERY = np.arange(ROWS)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"gate": EVERY % 40}, "gate: new column (INT)"),
        ({"distance": EVERY / 2}, "distance: type INT -> FLOAT"),
        ({"distance": ["far"] * ROWS}, "distance: type INT -> BYTES"),
        (
            {"carrier": pa.array(["AA"] * ROWS, mask=EVERY % 4 == 0)},
            "carrier: presence in at least 99.0% of rows -> in at least 72.2% of rows",
        ),
        (
            {"visib": pa.nulls(ROWS, pa.float64())},
            "visib: presence in at least 99.0% of rows -> optional",
        ),
        ({"late": EVERY % 3}, "late: domain bool_domain {{ }} -> anything"),
        (
            {"carrier": [f"C{i % 500}" for i in range(ROWS)]},
            "carrier: domain the values of 'carrier' -> anything",
        ),
    ],
)
def test_whatever_a_span_needs_is_proposed(january, contract, changes, sentence):
    made = propose(january, [span(2, **changes)], contract)
    assert sentence.replace("{{ }}", "{ }") in [c.sentence() for c in made.changes]
    assert not passes(january, span(2, **changes)) or "gate" in changes
    assert passes(made.schema, span(2, **changes)), made.left
    assert all(c.evidence for c in made.changes if c.aspect != "distribution_constraints")


def test_ranges_flags_and_counts_reach_as_far_as_the_data(contract):
    text = """
    feature { name: "a" type: INT int_domain { min: 0 max: 9 } }
    feature { name: "b" type: FLOAT float_domain { max: 1 disallow_nan: true disallow_inf: true } }
    feature { name: "c" type: BYTES string_domain { value: "x" } unique_constraints { max: 2 } }
    feature { name: "d" type: INT presence { min_count: 5000 } }
    feature { name: "e" type: INT shape { dim { size: 2 } } presence { min_fraction: 1 } }
    feature { name: "f" type: INT presence { min_count: 1 } lifecycle_stage: PLANNED }
    feature { name: "g" type: INT presence { min_count: 1 } not_in_environment: "TRAINING" }
    default_environment: "TRAINING"
    """
    schema = text_format.Parse(text, schema_pb2.Schema())
    table = pa.table(
        {
            "a": [-1, 12, 5] * 10,
            "b": [0.5, float("nan"), float("inf")] * 10,
            "c": ["x", "y", "z"] * 10,
            "d": [1] * 30,
            "e": [1] * 30,
        }
    )
    data = compute_table(table.to_batches(), schema=table.schema, span="2013-01")
    made = propose(schema, [data], contract)
    said = [c.sentence().replace("\u2212", "-") for c in made.changes]
    assert said[0] == "a: domain 0 to 9 -> -1 to 12"
    assert "b: domain -∞ to 1, no nan, no inf -> -∞ to ∞" in said
    assert "c: domain one of 'x' -> one of 'x', 'y', 'z'" in said
    assert "d: presence in at least 5,000 rows -> in at least 30 rows" in said
    assert not any(line.startswith(("f:", "g:")) for line in said)
    # A shape is for a person to think about: what still holds is told.
    assert [line.partition(":")[0] for line in made.left] == ["e"]


def test_a_misspelt_value_is_left_to_the_source(january, contract):
    codes = ["ua" if i % 10 == 0 else "ZZ" if i % 10 == 1 else "AA" for i in range(ROWS)]
    made = propose(january, [span(2, carrier=codes)], contract)
    (change,) = made.changes
    assert change.evidence == ("'ZZ': 100 rows (10.0%) in 2013-02",)
    assert "ua" not in schemas.domain(made.schema, "carrier")
    assert made.left[0] == (
        "carrier: 'ua' (100 rows) looks like 'UA' in another spelling; fix the source, or add it "
        "by an edit"
    )


def test_the_label_is_not_dropped_in_silence(january, contract):
    made = propose(january, [span(2, late=None)], contract)
    (change,) = made.changes
    assert change.evidence[-1].startswith("the contract names it as key, time or label")
