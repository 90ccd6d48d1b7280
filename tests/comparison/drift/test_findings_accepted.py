"""Changes that somebody looked at and that are right: `gates.drift.accepted`."""

import json
from xml.etree import ElementTree as ET

import numpy as np
import pyarrow as pa
import pytest

from tidegate import schema as schemas
from tidegate.contract import Contract
from tidegate.core.errors import ContractError
from tidegate.report.validation import junit
from tidegate.statistics import compute_table
from tidegate.validation import validate


def contract(accepted):
    return Contract.parse(
        "dataset: d\nsource: {uri: x, format: csv}\nkey: [id]\n"
        f"gates: {{min_examples: 10, drift: {{accepted: {json.dumps(accepted)}}}}}\n"
    )


def of(span, *, mean=0.0, gone=0.0):
    random = np.random.default_rng(int(span[-1]))
    table = pa.table(
        {
            "id": [f"{span}-{i}" for i in range(3000)],
            "x": random.normal(mean, 1, 3000),
            "y": random.normal(mean, 1, 3000),
            "z": np.where(random.random(3000) < gone, None, random.random(3000)),
        }
    )
    return compute_table(table.to_batches(), schema=table.schema, span=span)


def found(accepted, now, *codes):
    before, rules = of("2013-01"), contract(accepted)
    schema = schemas.infer(before, rules)
    for feature in schema.feature:
        feature.presence.min_fraction = 0
    result = validate(now, schema, rules, baseline=before)
    return {f.subject: f for f in result.verdict.findings if f.code in codes}


def test_a_change_that_is_accepted_warns_and_says_why():
    moved = found({"2013-02": {"x": "a new sensor"}}, of("2013-02", mean=2.0), "drift")
    assert {name: f.severity for name, f in moved.items()} == {"x": "warn", "y": "hold"}
    assert moved["x"].message.endswith("; accepted: a new sensor")
    assert "find out why" not in moved["x"].message
    assert "find out why, and accept it in gates.drift.accepted or set" in moved["y"].message


def test_another_span_is_judged_as_ever():
    moved = found({"2013-02": {"x": "a new sensor"}}, of("2013-03", mean=2.0), "drift")
    assert moved["x"].severity == "hold"


def test_missing_values_can_be_accepted_too():
    now = of("2013-02", gone=0.5)
    assert found({}, now, "missing_rate")["z"].severity == "hold"
    told = found({"2013-02": {"z": "asked of some only"}}, now, "missing_rate")["z"]
    assert told.severity == "warn"
    assert told.message.endswith("accepted: asked of some only")


def test_what_cannot_be_compared_is_not_accepted():
    other = pa.table({"id": ["a"] * 100, "x": ["text"] * 100, "y": [0.5] * 100, "z": [0.5] * 100})
    now = compute_table(other.to_batches(), schema=other.schema, span="2013-02")
    judged = found({"2013-02": {"x": "why not"}}, now, "drift_not_computable")
    assert judged["x"].severity == "hold"


def test_spans_of_days_need_no_quotes_and_reasons_may_not_be_empty():
    text = "dataset: d\nsource: {uri: x, format: csv}\nkey: [id]\ngates: {drift: {accepted: %s}}\n"
    accepted = Contract.parse(text % "{2013-02-01: {x: snow}}").gates.drift.accepted
    assert accepted == {"2013-02-01": {"x": "snow"}}
    with pytest.raises(ContractError, match="should have at least 1 character"):
        Contract.parse(text % "{2013-02: {x: ''}}")
    with pytest.raises(ContractError, match=r"gates\.drift\.accepted names the column 'w'"):
        contract({"2013-02": {"w": "gone"}}).require_columns(["id", "x"])


def test_no_case_fails_for_what_is_accepted():
    random = np.random.default_rng(1)

    def carriers(share, span):
        table = pa.table(
            {
                "id": [f"{span}-{i}" for i in range(3000)],
                "x": random.choice(["AA", "UA"], 3000, p=[share, 1 - share]),
            }
        )
        return compute_table(table.to_batches(), schema=table.schema, span=span)

    before, now = carriers(0.9, "2013-01"), carriers(0.3, "2013-02")
    for accepted, severities in (({}, [1, 1]), ({"2013-02": {"x": "a merger"}}, [0, 0])):
        rules = contract(accepted)
        schema = schemas.infer(before, rules)
        result = validate(now, schema, rules, baseline=before)
        assert [d.status for d in result.distances if d.feature == "x"] == ["drift", "drift"]
        suite = ET.fromstring(junit.report(result, schema, rules))  # noqa: S314 (our own)
        cases = [c for c in suite.iter("testcase") if ".drift." in c.get("classname")]
        assert [len(c.findall("failure")) for c in cases if c.get("name") == "x"] == severities
