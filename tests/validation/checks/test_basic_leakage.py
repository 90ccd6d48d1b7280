"""Keys and groups that stand in more than one split, at the gate."""

from dataclasses import replace

import pyarrow as pa

from tests.support.splitting import judged, times
from tidegate import schema, validation


def _leakage(result):
    found = result.verdict.findings
    return [(f.code, f.subject, f.severity) for f in found if "leakage" in f.code]


def test_leakage_is_a_finding(tmp_path):
    rows = list(range(400))
    table = pa.table({"id": rows, "user": [i % 40 for i in rows], "t": times(rows)})
    result, _, computed, read = judged(
        tmp_path, table, "key: [id]\ntime: t\nsplits: {by: hash(user)}\ngates: {min_examples: 1}\n"
    )
    assert _leakage(result) == [("no_leakage", "id", "info"), ("no_leakage", "user", "info")]
    assert result.verdict.status == "pass"
    (_, user) = computed.leakage
    broken = replace(computed, leakage=(replace(user, shared=1),))
    expected = schema.infer(computed, read)
    result = validation.validate(broken, expected, read, baseline=None)
    assert _leakage(result) == [("leakage", "user", "hold")]
    assert "1 of 40 values of user stand in more than one split" in result.verdict.reasons[0]


def test_keys_that_recur_are_a_warning(tmp_path):
    rows = list(range(400))
    table = pa.table({"user": [i % 40 for i in rows], "t": times(rows)})
    result, _, _, _ = judged(
        tmp_path,
        table,
        "key: [user]\ntime: t\nsplits: {by: time}\n"
        "gates: {min_examples: 1, findings: {duplicate_keys: warn}}\n",
    )
    assert _leakage(result) == [("leakage", "user", "warn")]
    assert result.verdict.status == "pass"
