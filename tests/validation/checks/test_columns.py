"""What the statistics of one column say of its quality."""

import numpy as np
import pyarrow as pa
import pytest

from tidegate.contract import Contract
from tidegate.core.codes import SETTABLE
from tidegate.core.errors import ContractError
from tidegate.statistics import compute_table
from tidegate.validation.checks.columns import quality_findings

ROWS = 1000


def contract(gates="{}"):
    return Contract.parse(
        "dataset: d\nsource: {uri: x, format: csv}\nkey: [id]\n"
        f"features: {{exclude: [hidden]}}\ngates: {{findings: {gates}}}\n"
    )


def found(column, *, name="x", before=None, gates="{}"):
    def statistics(values):
        table = pa.table({name: values})
        return compute_table(table.to_batches(), schema=table.schema, span="1")

    baseline = None if before is None else statistics(before)
    findings = quality_findings(statistics(column), contract(gates), baseline=baseline)
    return {f.code: f for f in findings}


def numbers(rows=ROWS):
    return np.random.default_rng(1).normal(500, 100, rows)


def test_good_data_has_no_findings():
    assert found(numbers(), before=np.random.default_rng(2).normal(500, 100, ROWS)) == {}


def test_a_column_without_any_value():
    assert set(found(pa.array([None] * ROWS, pa.string()))) == {"never_populated"}
    assert found(pa.array(["a", "b"] + [None] * ROWS)) == {}


@pytest.mark.parametrize("value", [7, "seven"])
def test_a_feature_of_one_value(value):
    assert set(found([value] * ROWS)) == {"constant_column"}
    assert found([value] * (ROWS - 1) + [value * 2]) == {}
    assert found([value] * ROWS, name="hidden") == {}


def test_a_text_feature_of_nearly_as_many_values_as_rows():
    assert set(found([f"v{i}" for i in range(95)] + ["v0"] * 5)) == {"near_unique_column"}
    assert found([f"v{i}" for i in range(94)] + ["v0"] * 6) == {}
    assert found([f"v{i}" for i in range(99)]) == {}
    assert found([f"v{i}" for i in range(100)], name="id") == {}


@pytest.mark.parametrize("value", ["N/A", "null", "?", " - ", " ", "1970-01-01 00:00", "-999"])
def test_texts_that_stand_for_a_missing_value(value):
    rest = ["a", "b"] * 495
    assert set(found([*rest, *[value] * 10])) == {"placeholder_values"}
    assert found([*rest, "a", *[value] * 9]) == {}


def test_miles_that_became_kilometres():
    result = found(numbers() * 1.609344, before=numbers())
    assert set(result) == {"unit_change"}
    assert "mile to kilometre (factor 1.60934)" in result["unit_change"].message
    assert found(numbers() * 1.609344 * 1.021, before=numbers()) == {}


@pytest.mark.parametrize("severity", ["hold", "warn", "info"])
def test_the_contract_says_how_severe(severity):
    result = found([1] * ROWS, gates=f"{{constant_column: {severity}}}")
    assert result["constant_column"].severity == severity


def test_the_contract_silences():
    assert found([1] * ROWS)["constant_column"].severity == SETTABLE["constant_column"]
    assert found([1] * ROWS, gates="{constant_column: off}") == {}


def test_an_unknown_code_is_an_error():
    with pytest.raises(ContractError, match=r"'constant_colum'; did you mean 'constant_column'"):
        contract("{constant_colum: hold}")
