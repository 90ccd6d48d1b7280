"""How labels differ between two sets of rows."""

import numpy as np
import pyarrow as pa
import pytest

from tests.support.modelling import normal
from tests.support.shifts import rows, shift
from tidegate.comparison.shift.labels import label_shift


def test_label_shift():
    found = shift(rows(1, late=0.3), rows(4))
    label = found.label
    assert not found.significant
    assert (label.task, label.subject, label.significant) == ("binary", "1", True)
    assert label.change.low < 0.1 < label.change.high
    assert label.baseline_value == pytest.approx(0.2, abs=0.02)
    assert label.p < 1e-9
    # 0.2 and 0.3: by hand from the definition.
    assert label.jensen_shannon == pytest.approx(0.0097, abs=0.005)


def test_labels_of_every_kind():
    now = np.repeat([False, True], 1000)

    def of(values):
        return label_shift(pa.chunked_array([values]), "y", now, None, seed=0)

    moved = of(np.r_[normal(1000), normal(1000, 1) + 0.5])
    assert (moved.task, moved.subject, moved.significant) == ("regression", "", True)
    assert moved.change.low < 0.5 < moved.change.high
    same = of(np.r_[normal(1000), normal(1000, 1)])
    assert same.change.low < 0 < same.change.high
    assert not same.significant
    random = np.random.default_rng(0)
    words = np.r_[
        random.choice(["a", "b", "c"], 1000, p=[0.5, 0.3, 0.2]),
        random.choice(["a", "b", "c"], 1000, p=[0.1, 0.4, 0.5]),
    ]
    classes = of(words)
    assert (classes.task, classes.subject) == ("multiclass", "a")
    assert classes.change.value == pytest.approx(-0.4, abs=0.07)
    assert classes.change.low < classes.change.value < classes.change.high


def test_many_classes_that_did_not_move():
    words = [*"abc" * 100] * 2
    found = label_shift(pa.chunked_array([words]), "y", np.repeat([False, True], 300), None, seed=0)
    assert (found.moved, found.change.value, found.significant) == ((), 0, False)


def test_false_alarms_of_the_label():
    random = np.random.default_rng(3)
    now = np.repeat([False, True], 300)
    told = [
        label_shift(
            pa.chunked_array([(random.random(600) < 0.3).astype(int)]), "y", now, None, seed=seed
        ).significant
        for seed in range(300)
    ]
    assert 0.02 < np.mean(told) < 0.09


def test_classes_that_did_not_change_at_all():
    table = rows(1)
    table = table.set_column(4, "y", table["city"])
    label = shift(table, table).label
    assert (label.task, label.subject, label.change.value) == ("multiclass", "EWR", 0)
    assert label.moved == ()
    one = table.set_column(4, "y", pa.array([f"t{i}" for i in range(len(table))]))
    assert shift(one, one).label.change.value == 0
