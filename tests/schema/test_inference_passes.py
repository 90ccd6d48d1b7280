"""A schema that was inferred from data passes that data."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.drift import contract
from tidegate.contract import Contract
from tidegate.schema import infer
from tidegate.schema.propose import propose
from tidegate.statistics import compute_table
from tidegate.validation import validate

ROWS = 30
COLUMNS = {
    "text": st.sampled_from(["a", "b", "", "A ", "\u00e9", "7", "2013-01-01"]),
    "int": st.sampled_from([0, 1, -5, 2**40]),
    "float": st.sampled_from([0.0, 1.5, -3.0, 1e300, float("nan"), float("inf")]),
}
TYPES = {"text": pa.string(), "int": pa.int64(), "float": pa.float64()}


@st.composite
def tables(draw):
    """Columns of each type, some rarely filled, some never."""
    columns = {"id": pa.array([f"k{i}" for i in range(ROWS)])}
    for i in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(sorted(COLUMNS)))
        filled = draw(st.sampled_from(["never", "sometimes", "always"]))
        value = COLUMNS[kind]
        if filled != "always":
            value = st.none() if filled == "never" else st.none() | value
        values = draw(st.lists(value, min_size=ROWS, max_size=ROWS))
        columns[f"{kind}{i}"] = pa.array(values, TYPES[kind])
    return pa.table(columns)


def measured(table, span="1"):
    return compute_table(table.to_batches(), schema=table.schema, span=span)


@settings(max_examples=40)
@given(tables())
def test_a_table_passes_the_schema_that_is_inferred_from_it(table):
    found = measured(table)
    rules = contract("{min_examples: 1}")
    schema = infer(found, rules)
    verdict = validate(found, schema, rules, baseline=found).verdict
    # What is not finite has no statistics to judge by.
    holds = [f for f in verdict.findings if f.severity == "hold"]
    assert [f for f in holds if f.code != "statistic_not_computable"] == []


@pytest.mark.parametrize("role", ["key: [n]", "key: [id]\ntime: n", "key: [id]\nlabel: n"])
def test_what_must_be_in_every_row_is_never_only_planned(role):
    text = f"dataset: d\nsource: {{uri: x, format: csv}}\n{role}\ngates: {{min_examples: 1}}\n"
    rules = Contract.parse(text)
    empty = measured(pa.table({"id": ["a", "b"] * 15, "n": pa.nulls(30, pa.string())}))
    schema = infer(empty, rules)
    (feature,) = [f for f in schema.feature if f.name == "n"]
    assert (feature.lifecycle_stage, feature.presence.min_fraction) == (0, 1.0)
    assert validate(empty, schema, rules, baseline=empty).verdict.status == "hold"


def test_a_column_that_was_empty_has_no_type_until_it_has_a_value():
    empty = measured(pa.table({"id": ["a", "b"] * 15, "n": pa.nulls(30, pa.string())}))
    full = measured(pa.table({"id": ["a", "b"] * 15, "n": list(range(30))}), "2")
    rules = contract("{min_examples: 1}")
    schema = infer(empty, rules)
    verdict = validate(full, schema, rules, baseline=empty).verdict
    assert verdict.status == "pass"
    (named,) = [f for f in verdict.findings if f.code == "schema_not_enforced"]
    assert (named.subject, named.severity) == ("n", "warn")
    assert "has 30 values, and schema.pbtxt only plans for it" in named.message
    assert not [f for f in validate(empty, schema, rules, baseline=empty).verdict.findings
                if f.code == "schema_not_enforced"]  # fmt: skip
    proposed = propose(schema, [full], rules)
    (feature,) = [f for f in proposed.schema.feature if f.name == "n"]
    assert {c.name for c in proposed.changes} == {"n"}
    assert (feature.lifecycle_stage, feature.presence.min_count) == (0, 1)
