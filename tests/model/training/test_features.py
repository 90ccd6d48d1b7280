"""Features: which columns are learnt from."""

from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest

from tests.support.modelling import contract_of, ingested, normal
from tests.support.training import ROWS, table
from tidegate import schema, statistics
from tidegate.core.errors import TrainingError
from tidegate.model.training.features import choose


def chosen(tmp_path, columns, **sections):
    contract = contract_of(tmp_path, **sections)
    made = ingested(tmp_path, contract, columns)
    measured = statistics.compute(made)
    return choose(measured, schema.infer(measured, contract), made.schema, contract)


def test_columns_without_information_are_left_out_with_a_note(tmp_path):
    features, dropped = chosen(
        tmp_path,
        table(
            empty=pa.nulls(ROWS),
            nan=np.full(ROWS, np.nan),
            same=["a"] * ROWS,
            one=np.ones(ROWS),
            sometimes=pa.array([1.0, None] * (ROWS // 2)),
        ),
    )
    assert [f.name for f in features] == ["x", "sometimes"]
    assert dropped == {
        "empty": "only planned in the schema, without a type",
        "nan": "no value in the train split",
        "same": "the same value in every row of the train split",
        "one": "the same value in every row of the train split",
    }
    assert features[1].std == 1


def test_a_column_the_schema_does_not_know_is_left_out(tmp_path):
    contract = contract_of(tmp_path)
    made = ingested(tmp_path, contract, table())
    promised = schema.infer(statistics.compute(made), contract)
    more = ingested(tmp_path, contract, table(new=normal(ROWS, 1)), span=2)
    _, dropped = choose(statistics.compute(more), promised, more.schema, contract)
    assert dropped == {"new": "not in the schema"}


def test_a_column_that_was_empty_is_left_out_until_the_schema_has_its_type(tmp_path):
    contract = contract_of(tmp_path)
    made = ingested(tmp_path, contract, table(late=pa.nulls(ROWS)))
    promised = schema.infer(statistics.compute(made), contract)
    filled = ingested(tmp_path, contract, table(late=np.arange(ROWS)), span=2)
    features, dropped = choose(statistics.compute(filled), promised, filled.schema, contract)
    assert [f.name for f in features] == ["x"]
    assert dropped == {"late": "only planned in the schema, without a type"}


def test_vocabulary_leaves_rare_values_to_the_strangers(tmp_path):
    words = ["often"] * 200 + ["seldom"] * 190 + [f"once{i}" for i in range(10)]
    (_, word), _ = chosen(tmp_path, table(word=words))
    assert word.vocabulary == ("often", "seldom")


@pytest.mark.parametrize(
    ("columns", "sections", "message"),
    [
        (
            {"at": [datetime(2013, 1, i % 28 + 1) for i in range(ROWS)]},
            {},
            "feature 'at' is a timestamp.*exclude it in the contract",
        ),
        ({"x": np.r_[np.inf, normal(ROWS - 1)]}, {}, "feature 'x' has no finite mean"),
        ({}, {"features": {"exclude": ["x"]}}, "no column to learn from beside key, time, label"),
        ({"x": np.ones(ROWS)}, {}, "no column is left to learn from .'x': the same value"),
    ],
)
def test_unusable_features_are_refused(tmp_path, columns, sections, message):
    with pytest.raises(TrainingError, match=message) as caught:
        chosen(tmp_path, table(**columns), **sections)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("later", "message"),
    [
        ({"x": pa.array(["a", "b"] * (ROWS // 2))}, "'x' holds string, while the schema promises"),
        ({}, "feature 'x' is in the schema and not in the examples"),
    ],
)
def test_examples_must_keep_what_the_schema_promises(tmp_path, later, message):
    contract = contract_of(tmp_path)
    made = ingested(tmp_path, contract, table(z=normal(ROWS, 1)))
    promised = schema.infer(statistics.compute(made), contract)
    columns = {"y": [0, 1] * (ROWS // 2), "z": normal(ROWS, 1), **later}
    other = ingested(tmp_path, contract, columns, span=2)
    with pytest.raises(TrainingError, match=message):
        choose(statistics.compute(other), promised, other.schema, contract)


def test_texts_that_are_all_rare_are_left_out_with_a_note(tmp_path):
    # Fewer than nine tenths of the rows have a text of their own, so it is no identifier.
    rare = [f"t{i % 250}" for i in range(ROWS)]
    features, dropped = chosen(tmp_path, table(rare=rare))
    assert [f.name for f in features] == ["x"]
    assert dropped == {"rare": "no value that 5 rows of the train split have"}
    (tmp_path / "alone").mkdir()
    with pytest.raises(TrainingError, match=r"no column is left .*'rare': no value that 5 rows"):
        chosen(tmp_path / "alone", {"rare": rare, "y": table()["y"]})


def test_tensors_of_names_that_differ_in_case_only_are_told_apart(tmp_path):
    columns = table(amount=normal(ROWS, 1), Amount=normal(ROWS, 2), AMOUNT=normal(ROWS, 3))
    features, _ = chosen(tmp_path, columns)
    assert {f.name: f.tensor for f in features} == {
        "x": "x", "amount": "amount", "Amount": "Amount_2", "AMOUNT": "AMOUNT_3",
    }  # fmt: skip
