"""How severe a finding is: the contract says, by code and by column."""

import numpy as np
import pyarrow as pa
import pytest

from tidegate import schema as schemas
from tidegate.contract import Contract
from tidegate.core.errors import ContractError
from tidegate.statistics import compute_table
from tidegate.validation import validate

CONTRACT = """
dataset: d
source: {uri: x, format: csv}
key: [id]
features: {exclude: [note]}
gates: {min_examples: 10, drift: report, findings: FINDINGS}
"""
ROWS = 200


def contract(findings="{}"):
    return Contract.parse(CONTRACT.replace("FINDINGS", findings))


def statistics(**changed):
    names = np.array(["a", "b", "c"])[np.arange(ROWS) % 3]
    data = {
        "id": [str(i) for i in range(ROWS)],
        "near": names,
        "far": names,
        "note": np.arange(ROWS) % 7,
        **changed,
    }
    table = pa.table({k: v for k, v in data.items() if v is not None})
    return compute_table(table.to_batches(), schema=table.schema, span="1")


@pytest.fixture(scope="module")
def schema():
    made = schemas.infer(statistics(), contract())
    (note,) = (f for f in made.feature if f.name == "note")
    note.int_domain.max = 6
    return made


BROKEN = {
    "near": ["z"] * ROWS,
    "far": ["z"] * ROWS,
    "note": np.arange(ROWS) % 9,
    "new": np.arange(ROWS) % 5,
}
DOMAIN = "enum_type_unexpected_string_values"


@pytest.fixture
def judge(schema):
    def judged(findings="{}", **changed):
        found = validate(
            statistics(**(changed or BROKEN)), schema, contract(findings), baseline=None
        ).verdict.findings
        return {(f.code, f.subject): f.severity for f in found}

    return judged


def test_defaults(judge):
    found = judge()
    assert found[(DOMAIN, "near")] == found[(DOMAIN, "far")] == "hold"
    assert found[("schema_new_column", "new")] == "warn"
    assert found[("int_type_big_int", "note")] == "warn"


def test_a_code_is_set_for_all_columns_or_by_column(judge):
    found = judge(f"{{{DOMAIN}: info, schema_new_column: hold}}")
    assert found[(DOMAIN, "near")] == found[(DOMAIN, "far")] == "info"
    assert found[("schema_new_column", "new")] == "hold"
    found = judge(f"{{{DOMAIN}: {{near: off}}}}")
    assert (DOMAIN, "near") not in found
    assert found[(DOMAIN, "far")] == "hold"
    found = judge(f"{{{DOMAIN}: {{near: hold, '*': warn}}}}")
    assert (found[(DOMAIN, "near")], found[(DOMAIN, "far")]) == ("hold", "warn")


def test_a_column_no_model_sees_holds_only_by_its_name_or_when_gone(judge):
    assert judge("{int_type_big_int: hold}")[("int_type_big_int", "note")] == "warn"
    assert judge("{int_type_big_int: info}")[("int_type_big_int", "note")] == "info"
    assert judge("{int_type_big_int: {note: hold}}")[("int_type_big_int", "note")] == "hold"
    gone = judge("{schema_missing_column: hold}", note=None)
    assert gone[("schema_missing_column", "note")] == "hold"
    assert ("schema_missing_column", "note") not in judge(
        "{schema_missing_column: {note: off}}", note=None
    )


def test_quality_findings_are_set_by_column_too(judge):
    assert judge("{constant_column: {near: hold}}")[("constant_column", "near")] == "hold"
    assert judge("{constant_column: {near: hold}}")[("constant_column", "far")] == "info"


def test_what_is_to_hold_for_a_column_and_needs_the_rows_holds_where_nobody_looked(judge):
    assert judge("{padded_text: {near: hold}}")[("padded_text", "near")] == "hold"
    assert judge("{padded_text: hold}")[("padded_text", "")] == "hold"
    assert not [code for code, _ in judge("{padded_text: {near: warn}}") if code == "padded_text"]


@pytest.mark.parametrize(
    ("findings", "message"),
    [
        ("{schema_new_colum: warn}", "did you mean 'schema_new_column'?"),
        ("{qqqq: warn}", "docs/quality.md and docs/anomalies.md list them"),
        ("{schema_new_column: error}", "findings.schema_new_column: should be 'hold', 'warn'"),
        ("{schema_new_column: {a: 3}}", "findings.schema_new_column.a: should be 'hold', 'warn'"),
        ("{schema_new_column: {}}", "findings.schema_new_column: "),
        ("{schema_new_column: [a]}", "findings.schema_new_column: "),
        ("{drift: warn}", "how severe 'drift' is, is decided by gates.drift"),
        ("{no_data_in_span: warn}", "'no_data_in_span' always holds"),
        ("{no_examples: off}", "'no_examples' always holds"),
    ],
)
def test_mistakes_are_named(findings, message):
    with pytest.raises(ContractError) as caught:
        contract(findings)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_column_must_be_there_save_one_that_is_new():
    columns = ["id", "near", "far", "note"]
    contract("{schema_new_column: {later: off}, unseen_values: {near: hold}}").require_columns(
        columns
    )
    with pytest.raises(ContractError, match=r"gates\.findings names the column 'neer', .* 'near'"):
        contract("{unseen_values: {neer: hold, '*': warn}}").require_columns(columns)
