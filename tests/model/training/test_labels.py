"""Labels: the task, its classes, and what cannot be learnt."""

import json
from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.modelling import contract_of, ingested, normal
from tests.support.training import ROWS, rows_of
from tidegate.core.errors import TrainingError
from tidegate.model.training import LabelSpec, label_spec
from tidegate.model.training.labels import class_text


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        ([0, 1], "binary", ("0", "1")),
        ([10, 9], "binary", ("9", "10")),
        ([1.0, 0.0], "binary", ("0", "1")),
        ([0.5, -1.5], "binary", ("-1.5", "0.5")),
        (["no", "yes"], "binary", ("no", "yes")),
        (["b", "a", "é"], "multiclass", ("a", "b", "é")),
        ([1, 2, 3], "regression", ()),
        ([0.1, 0.2, 0.3], "regression", ()),
    ],
)
def test_task_and_classes_follow_from_the_values(tmp_path, values, task, classes):
    contract = contract_of(tmp_path)
    made = ingested(tmp_path, contract, {"x": normal(60), "y": values * (60 // len(values))})
    spec = label_spec(made, contract)
    assert (spec.task, spec.classes) == (task, classes)
    assert spec.positive == (classes[1] if task == "binary" else None)


def test_contract_can_make_numbers_classes(tmp_path):
    contract = contract_of(tmp_path, task="multiclass")
    made = ingested(tmp_path, contract, {"x": normal(60), "y": [3, 20, 1] * 20})
    spec = label_spec(made, contract)
    assert spec.classes == ("1", "3", "20")
    assert spec.encode(pa.array([20, 1, 7, None])).tolist()[:3] == [2, 0, -1]


@pytest.mark.parametrize(
    ("sections", "y", "message"),
    [
        ({}, [1] * 60, "label 'y' has a single value, '1', in all 60 examples"),
        ({}, [None, *[0, 1] * 29, 1], "label 'y' is missing in 1 of 60 examples"),
        ({}, [float("nan"), *[0.0, 1.0] * 29, 1.0], "label 'y' is missing in 1 of 60"),
        ({}, [float("inf"), *[0.0, 1.0] * 29, 1.0], "label 'y' is infinite in 1 examples"),
        ({}, pa.nulls(60), "label 'y' is missing in every example"),
        ({"task": "binary"}, ["a", "b", "c"] * 20, "has 3 values .* set 'task: multiclass'"),
        ({"task": "regression"}, ["a", "b"] * 30, "holds texts; regression needs numbers"),
        ({"label": "z"}, [0, 1] * 30, "label 'z' is not a column"),
        ({}, [datetime(2013, 1, i % 9 + 1) for i in range(60)], "is of type timestamp"),
    ],
)
def test_unusable_labels_are_refused(tmp_path, sections, y, message):
    contract = contract_of(tmp_path, **sections)
    made = ingested(tmp_path, contract, {"x": normal(60), "y": y})
    with pytest.raises(TrainingError, match=message) as caught:
        label_spec(made, contract)
    assert "\n" not in str(caught.value)


def test_a_class_only_the_eval_split_has_is_nothing_to_learn_from(tmp_path):
    contract = contract_of(tmp_path, splits={"by": "hash(day)"})
    columns = {"day": np.arange(60) // 3, "x": normal(60), "y": np.zeros(60)}
    judged = rows_of(ingested(tmp_path, contract, columns))["day"].to_numpy()
    columns["y"] = np.isin(columns["day"], judged).astype(int)
    made = ingested(tmp_path, contract, columns, span=2)
    with pytest.raises(TrainingError, match="single value in the train split"):
        label_spec(made, contract)


def test_an_identifier_is_no_label(tmp_path):
    contract = contract_of(tmp_path)
    made = ingested(tmp_path, contract, {"x": normal(1500), "y": [f"v{i}" for i in range(1500)]})
    with pytest.raises(TrainingError, match="more than 1000 classes; is it an identifier"):
        label_spec(made, contract)


def test_regression_moments_are_those_of_the_train_split(tmp_path):
    contract = contract_of(tmp_path, task="regression")
    made = ingested(tmp_path, contract, {"x": normal(ROWS), "y": 1e6 + normal(ROWS, 1)})
    column = np.concatenate([b["y"].to_numpy() for b in made.batches("train")])
    spec = label_spec(made, contract)
    assert spec.mean == pytest.approx(column.mean(), rel=1e-12)
    assert spec.std == pytest.approx(column.std(), rel=1e-9)


@given(st.lists(st.integers(-(2**53), 2**53), min_size=2, max_size=9, unique=True))
def test_numeric_classes_are_found_again(values):
    order = tuple(class_text(v) for v in sorted(values))
    spec = LabelSpec("y", "multiclass", "number", order)
    assert [order[int(i)] for i in spec.encode(pa.array(values))] == [str(v) for v in values]
    assert LabelSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec
