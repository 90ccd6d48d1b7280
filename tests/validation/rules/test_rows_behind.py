"""Which rows are behind a finding: the counts agree with the finding, and a few rows are shown."""

import math

import pytest

from tidegate import schema as schemas
from tidegate import statistics as stats
from tidegate.contract import Contract
from tidegate.core.verdict import Finding
from tidegate.data.examples import ingest
from tidegate.validation import validate
from tidegate.validation.rules.database import opened
from tidegate.validation.rules.rows_behind import MAX_FINDINGS, anomalous_rows

CONTRACT = """
dataset: d
source: {uri: "HOME/{SPAN}.csv", format: csv}
key: [id]
features: {numeric: [real]}
gates: {min_examples: 1, drift: {features: {gaps: report}}}
"""
ROWS = 300


def cells(i):
    return {
        "id": f"k{i:03}",
        "text": "abc"[i % 3],
        "whole": str(i % 50),
        "real": f"{i / 10}",
        "flag": str(i % 2),
        "gaps": "" if i % 20 == 0 else str(i % 9),
    }


@pytest.fixture
def home(tmp_path):
    """Writes spans: 1 is ordinary, 2 has some of its rows changed."""

    def written(changes=None):
        contract = Contract.parse(CONTRACT.replace("HOME", str(tmp_path)))
        made = {}
        for span, changed in (("1", {}), ("2", changes or {})):
            rows = [{**cells(i), **changed.get(i, {})} for i in range(ROWS)]
            lines = [",".join(row.values()) for row in ({c: c for c in rows[0]}, *rows)]
            (tmp_path / f"{span}.csv").write_text("\n".join(lines) + "\n")
            made[span] = ingest(contract, span=span, out=tmp_path / f"examples-{span}")
        return contract, made["1"], made["2"]

    return written


@pytest.fixture
def judge(home):
    def judged(changes, *, edit=None):
        contract, before, now = home(changes)
        baseline = stats.compute(before)
        schema = schemas.infer(baseline, contract)
        if edit is not None:
            edit({f.name: f for f in schema.feature})
        result = validate(stats.compute(now), schema, contract, baseline=baseline, examples=now)
        codes = {(f.code, f.subject) for f in result.verdict.findings}
        assert {(a.code, a.subject) for a in result.anomalous} <= codes
        return {(a.code, a.subject): a.rows for a in result.anomalous}

    return judged


def changed(column, value, rows):
    return {i: {column: value} for i in rows}


def limits(name, domain, **values):
    def edit(features):
        found = features[name]
        if found.WhichOneof("domain_info"):
            found.ClearField(found.WhichOneof("domain_info"))
        for key, value in values.items():
            setattr(getattr(found, domain), key, value)

    return edit


SOME = [5, 17, 23, 40, 81, 160, 222]


@pytest.mark.parametrize(
    ("code", "column", "value", "edit"),
    [
        ("enum_type_unexpected_string_values", "text", "z", None),
        ("int_type_big_int", "whole", "99", limits("whole", "int_domain", max=60)),
        ("int_type_small_int", "whole", "-3", limits("whole", "int_domain", min=0)),
        ("float_type_big_float", "real", "99.5", limits("real", "float_domain", max=60)),
        ("float_type_small_float", "real", "-1.5", limits("real", "float_domain", min=0)),
        ("float_type_has_nan", "real", "nan", limits("real", "float_domain", disallow_nan=True)),
        ("nan_values", "real", "nan", None),
        ("float_type_has_inf", "real", "inf", limits("real", "float_domain", disallow_inf=True)),
        ("statistic_not_computable", "real", "inf", None),
        ("bool_type_big_int", "flag", "7", None),
        ("feature_type_low_fraction_present", "whole", "", None),
        ("unexpected_data_type", "whole", "many", None),
        ("padded_text", "text", "a ", None),
    ],
)
def test_the_rows_are_counted_and_shown_with_their_key(judge, code, column, value, edit):
    found = judge(changed(column, value, SOME), edit=edit)
    rows = found[code, column]
    assert (rows.failing, rows.of) == (len(SOME), ROWS)
    assert rows.columns == ("id", column)
    assert len(rows.sample) == 5
    assert {key for key, _ in rows.sample} <= {f"k{i:03}" for i in SOME}
    assert {v for _, v in rows.sample} == {value or None}


def test_values_that_are_tolerated_or_respelled(judge):
    rows = judge(changed("text", "z", [3, 4]))["unseen_values", "text"]
    assert {key for key, _ in rows.sample} == {"k003", "k004"}
    found = judge(changed("text", " A", [3, 4]))
    rows = found["respelled_values", "text"]
    assert (rows.failing, {v for _, v in rows.sample}) == (2, {" A"})


def test_a_float_where_whole_numbers_were_shows_those_with_decimals(judge):
    rows = judge(changed("whole", "1.5", SOME))["unexpected_data_type", "whole"]
    assert rows.failing == len(SOME)


def test_more_missing_values_are_shown(judge):
    rows = judge(changed("real", "", range(0, ROWS, 2)))["missing_rate", "real"]
    assert rows.failing == ROWS // 2


def test_repeated_keys_are_shown(judge):
    rows = judge(changed("id", "same", [1, 2, 3]))["duplicate_keys", "id"]
    assert (rows.failing, rows.columns) == (3, ("id",))
    assert set(rows.sample) == {("same",)}


def test_what_is_about_no_single_row_has_none(judge):
    found = judge({i: {"real": "1", "gaps": "3"} for i in range(ROWS)})
    assert not [column for _, column in found if column in ("real", "gaps")]


def test_without_examples_no_row_is_known(home):
    contract, before, now = home(changed("text", "z", SOME))
    baseline = stats.compute(before)
    schema = schemas.infer(baseline, contract)
    assert validate(stats.compute(now), schema, contract, baseline=baseline).anomalous == ()


def test_only_so_many_findings_are_looked_into_the_gravest_first(home):
    contract, _, now = home(changed("real", "", SOME))
    many = [Finding("missing_rate", "gaps", "warn", "x")] * 3
    many += [Finding("missing_rate", "real", "hold", "x")]
    schema = schemas.infer(stats.compute(now), contract)
    with opened(now, {}) as database:
        found = anomalous_rows(many, database, schema=schema, contract=contract)
    assert [(a.subject, a.rows.failing) for a in found] == [
        ("real", len(SOME)),
        ("gaps", math.ceil(ROWS / 20)),
    ]
    assert MAX_FINDINGS == 100
