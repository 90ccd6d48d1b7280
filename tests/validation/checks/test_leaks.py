"""Leak suspects are findings of the data gate."""

import numpy as np
import pytest

from tests.support.modelling import contract_of, ingested, normal
from tidegate import schema, statistics
from tidegate.validation import validate

ROWS = 2000


def columns():
    y = (normal(ROWS, 2) < normal(ROWS) - 0.5).astype(int)
    after = np.where((y == 1) & (normal(ROWS, 3) > 1), "refunded", "")
    return {"x": normal(ROWS), "copy": np.where(y == 1, "ja", "nein"), "after": after, "y": y}


def judged(folder, *, examples=True, environment="TRAINING", **sections):
    rules = contract_of(folder, **sections)
    made = ingested(folder, rules, columns())
    measured = statistics.compute(made)
    promised = schema.infer(measured, rules)
    return validate(
        measured,
        promised,
        rules,
        baseline=None,
        examples=made if examples else None,
        environment=environment,
    ).verdict


def found(verdict):
    return {(f.code, f.subject, f.severity) for f in verdict.findings if "leak_" in f.code}


SUSPECTS = {("leak_suspect", "copy", "hold"), ("leak_suspect", "after", "warn")}


@pytest.mark.parametrize("rows", [10_000, 0])
def test_a_copy_of_the_label_is_held_and_a_doubt_is_said(tmp_path, rows):
    verdict = judged(tmp_path, gates={"shift": {"rows": rows}})
    assert verdict.status == "hold"
    assert found(verdict) == SUSPECTS
    (message,) = (m for m in verdict.messages("leak_suspect") if "'copy'" in m)
    assert "tells 100% of the label by itself" in message
    assert "gates.findings.leak_suspect.copy: warn" in message


def test_a_suspect_is_accepted_by_name(tmp_path):
    verdict = judged(tmp_path, gates={"findings": {"leak_suspect": {"copy": "warn"}}})
    assert verdict.status == "pass"
    assert found(verdict) == {(*f[:2], "warn") for f in SUSPECTS}


def test_an_excluded_column_is_no_suspect(tmp_path):
    verdict = judged(tmp_path, features={"exclude": ["copy", "after"]})
    assert found(verdict) == set()


def test_nothing_is_said_without_a_label(tmp_path):
    assert found(judged(tmp_path, label=None)) == set()


def test_without_any_rows_it_is_said_that_nothing_was_judged(tmp_path):
    verdict = judged(tmp_path, examples=False, gates={"shift": {"rows": 0}})
    assert found(verdict) == {("leak_not_judged", "y", "warn")}
