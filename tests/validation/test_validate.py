"""A span against the schema, the contract and the span before."""

import json

import numpy as np
import pyarrow as pa
import pytest

from tests.support.validated import CONTRACT, ROWS, columns, statistics
from tidegate import schema as schemas
from tidegate.contract import Contract
from tidegate.core.errors import SchemaError, StatisticsError
from tidegate.statistics import compute_table
from tidegate.validation import Validation, validate


@pytest.fixture(scope="module")
def contract():
    return Contract.parse(CONTRACT)


@pytest.fixture(scope="module")
def january():
    return statistics("2013-01", columns(1))


@pytest.fixture(scope="module")
def schema(january, contract):
    return schemas.infer(january, contract)


@pytest.fixture
def judge(january, schema, contract):
    """Validates February with some of its columns replaced (None: left out) against January."""

    def judged(changes=None, *, edit=None, baseline=january, gates=contract, **options):
        data = {**columns(2), **(changes or {})}
        held_against = type(schema)()
        held_against.CopyFrom(schema)
        if edit is not None:
            edit({f.name: f for f in held_against.feature}, held_against)
        february = statistics("2013-02", {k: v for k, v in data.items() if v is not None})
        return validate(february, held_against, gates, baseline=baseline, **options)

    return judged


def holds(result):
    return {(f.code, f.subject) for f in result.verdict.findings if f.severity == "hold"}


def warns(result):
    return {(f.code, f.subject) for f in result.verdict.findings if f.severity == "warn"}


def message(result, code):
    (found,) = [f.message for f in result.verdict.findings if f.code == code]
    assert "\n" not in found
    return found


def test_an_ordinary_span_passes(judge):
    result = judge()
    assert result.verdict.status == "pass"
    assert result.verdict.findings == ()
    assert (result.span, result.baseline_span, result.bootstrap) == ("2013-02", "2013-01", False)
    assert {d.feature for d in result.distances} == set(columns())
    assert {d.feature for d in result.distances if d.status == "report"} == {
        "id", "after", "gust",
    }  # fmt: skip


def test_a_first_span_passes_and_says_what_was_not_judged(january, schema, contract):
    result = validate(january, schema, contract, baseline=None)
    assert result.verdict.status == "pass"
    assert result.bootstrap
    assert warns(result) == {("no_baseline", "")}


def test_a_column_that_is_gone_holds(judge):
    result = judge({"distance": None})
    assert holds(result) == {("schema_missing_column", "distance")}
    assert "'distance' (INT in schema.pbtxt) is not in the data" in result.verdict.reasons[0]


def test_a_column_that_is_new_is_shown(judge):
    result = judge({"wind": np.arange(ROWS)})
    assert result.verdict.status == "pass"
    assert warns(result) == {("schema_new_column", "wind")}
    assert "int, 2,000 values" in message(result, "schema_new_column")


def test_another_type_holds(judge):
    result = judge({"distance": ["far"] * ROWS})
    assert ("unexpected_data_type", "distance") in holds(result)
    assert ("drift_not_computable", "distance") in holds(result)
    assert "now of type string ('far'), but was int" in message(result, "unexpected_data_type")


def test_kilometres_instead_of_miles_hold(judge):
    result = judge({"distance": np.round(columns(2)["distance"] * 1.609)})
    assert ("drift", "distance") in holds(result)
    assert "0.000" not in message(result, "drift").split("chance")[0]


def test_an_airline_in_lower_case_holds(judge):
    codes = np.where(columns(2)["carrier"] == "C3", "c3", columns(2)["carrier"])
    result = judge({"carrier": codes})
    assert ("enum_type_unexpected_string_values", "carrier") in holds(result)
    assert "'c3' looks like 'C3'" in message(result, "enum_type_unexpected_string_values")
    assert ("drift", "carrier") in holds(result)
    assert message(result, "drift").startswith("feature 'carrier' drifted: 'c3' is new")


def test_a_few_values_in_another_spelling_hold(judge):
    codes = columns(2)["carrier"].astype(object)
    codes[:10] = "c3 "
    result = judge({"carrier": codes})
    assert holds(result) == {("respelled_values", "carrier")}
    assert "'c3 ' for 'C3'; 10 rows" in message(result, "respelled_values")


def test_a_few_unseen_values_are_shown(judge):
    codes = columns(2)["carrier"]
    codes[:10] = "Z9"
    result = judge({"carrier": codes})
    assert result.verdict.status == "pass"
    assert "'Z9' (10 rows, 0.5%)" in message(result, "unseen_values")
    codes[:30] = "Z9"
    assert holds(judge({"carrier": codes})) == {("enum_type_unexpected_string_values", "carrier")}


def test_a_feature_that_becomes_empty_holds(judge):
    result = judge({"temp": pa.nulls(ROWS, pa.float64())})
    assert ("missing_rate", "temp") in holds(result)
    assert "empty in 100% of the rows, 5." in message(result, "missing_rate")


def test_a_feature_missing_more_often_holds_and_less_often_is_shown(judge, contract):
    values = np.random.default_rng(3).normal(50, 10, ROWS)
    often = pa.array(values, mask=np.arange(ROWS) % 4 == 0)
    assert holds(judge({"temp": often})) == {("missing_rate", "temp")}
    some = pa.array(values, mask=np.arange(ROWS) % 9 == 0)
    assert holds(judge({"temp": some})) == set()
    mostly = statistics("2013-01", {**columns(1), "temp": often})
    assert warns(judge(baseline=mostly)) == {("missing_rate", "temp")}
    gust = pa.array(columns(2)["gust"], mask=np.arange(ROWS) % 4 == 0)
    reported = judge({"gust": gust}, edit=lambda f, _: f["gust"].ClearField("presence"))
    assert warns(reported) == {("missing_rate", "gust")}
    assert message(reported, "missing_rate").endswith("shown only, as the contract says")


def test_a_complete_feature_may_miss_one_percent(judge):
    codes = columns(2)["carrier"]
    assert holds(judge({"carrier": pa.array(codes, mask=np.arange(ROWS) < 15)})) == set()
    result = judge({"carrier": pa.array(codes, mask=np.arange(ROWS) < 25)})
    assert holds(result) == {("feature_type_low_fraction_present", "carrier")}
    assert "empty in 25 of 2,000 rows (1.2%), and at most 1.0% may be" in str(result.verdict)


@pytest.mark.parametrize(
    ("label", "code"),
    [
        (None, "label_absent"),
        (pa.array([None, *[0, 1] * 999, 1]), "label_missing_values"),
        (pa.nulls(ROWS, pa.int64()), "label_missing_values"),
        ([1] * ROWS, "label_one_value"),
    ],
    ids=["absent", "one missing", "all missing", "one value"],
)
def test_a_label_that_cannot_be_learnt_holds_once(judge, label, code):
    result = judge({"late": label})
    assert holds(result) == {(code, "late")}


def test_a_label_of_one_value_in_a_split_holds(january, schema, contract):
    halves = statistics("2013-02", columns(2)).proto
    halves.datasets.append(statistics("", {**columns(2), "late": [0] * ROWS}).proto.datasets[0])
    halves.datasets[1].name = "eval"
    result = validate(type(january)(halves, "2013-02", ""), schema, contract, baseline=january)
    assert holds(result) == {("label_one_value", "late")}
    assert "in split 'eval' ('0' in 2,000 rows)" in message(result, "label_one_value")


def test_serving_data_has_no_label(judge):
    gone = {"late": None, "after": None}
    assert judge(gone, environment="SERVING").verdict.status == "pass"
    present = judge(environment="SERVING")
    assert warns(present) == {("schema_new_column", "late"), ("schema_new_column", "after")}
    with pytest.raises(SchemaError, match=r"environment 'SERVNG' .it has: TRAINING, SERVING"):
        judge(environment="SERVNG")


def test_too_few_rows_and_none_hold(january, schema, contract):
    few = statistics("2013-02", columns(2, rows=499))
    assert ("too_few_examples", "") in holds(validate(few, schema, contract, baseline=january))
    empty = pa.table(columns(1)).slice(0, 0)
    nothing = compute_table(empty.to_batches(), schema=empty.schema, span="2013-02")
    assert holds(validate(nothing, schema, contract, baseline=january)) == {("no_examples", "")}
    assert holds(validate(january, schema, contract, baseline=nothing)) == {("empty_baseline", "")}


def test_an_empty_split_holds(january, schema, contract):
    proto = type(january.proto)()
    proto.CopyFrom(january.proto)
    proto.datasets.add(name="eval")
    split = type(january)(proto, "2013-01", "")
    assert ("empty_split", "") in holds(validate(split, schema, contract, baseline=january))


@pytest.mark.parametrize("stray", [np.inf, -np.inf])
def test_a_statistic_that_cannot_be_computed_holds(judge, stray):
    values = columns(2)["gust"]
    values[7] = stray
    result = judge({"gust": values})
    assert holds(result) == {("statistic_not_computable", "gust")}
    assert warns(judge({"after": values})) == {("statistic_not_computable", "after")}


def test_nan_is_shown_and_nothing_but_nan_holds(judge):
    values = columns(2)["gust"]
    values[:3] = np.nan
    assert warns(judge({"gust": values})) == {("nan_values", "gust")}
    values[:] = np.nan
    assert ("statistic_not_computable", "gust") in holds(judge({"gust": values}))


def test_drift_is_judged_as_the_contract_says(judge):
    moved = {"gust": columns(2)["gust"] + 3, "distance": columns(2)["distance"] + 3000}
    assert holds(judge(moved)) == {("drift", "distance")}
    for gates in ("drift: report", "drift: {features: {distance: 1.0, gust: report}}"):
        changed = Contract.parse(CONTRACT.replace("drift: {features: {gust: report}}", gates))
        assert holds(judge(moved, gates=changed)) == set()
    strict = Contract.parse(CONTRACT.replace("drift: {features: {gust: report}}", "drift: 0.0001"))
    assert {s for _, s in holds(judge(gates=strict))} >= {"distance", "temp", "carrier"}


def test_what_no_model_sees_does_not_hold_unless_it_is_gone(judge):
    assert warns(judge({"after": ["x"] * ROWS})) == {("unexpected_data_type", "after")}
    assert holds(judge({"after": None})) == {("schema_missing_column", "after")}


def edited(name, **changes):
    def edit(features, _):
        for field, value in changes.items():
            target = getattr(features[name], field)
            for key, number in value.items():
                setattr(target, key, number)

    return edit


@pytest.mark.parametrize(
    ("edit", "code", "words"),
    [
        (edited("distance", int_domain={"max": 99}), "int_type_big_int", "2,475, above the 99"),
        (edited("distance", int_domain={"min": 300}), "int_type_small_int", "200, below the 300"),
        (edited("gust", float_domain={"min": 0.5}), "float_type_small_float", "below the 0.5"),
        (edited("gust", float_domain={"max": 2.0}), "float_type_big_float", "above the 2 "),
        (edited("distance", bool_domain={}), None, ""),
        (
            edited("carrier", unique_constraints={"min": 1, "max": 5}),
            "feature_type_high_unique",
            "(8) is not within its unique_constraints (1 to 5)",
        ),
        (
            edited("carrier", unique_constraints={"min": 20, "max": 50}),
            "feature_type_low_unique",
            "(8)",
        ),
        (
            edited("distance", unique_constraints={"min": 20, "max": 50}),
            "feature_type_no_unique",
            "not counted",
        ),
        (
            edited("temp", presence={"min_count": 5000}),
            "feature_type_low_number_present",
            "fewer than the 5,000",
        ),
        (
            edited("carrier", value_count={"min": 2, "max": 3}),
            "feature_type_low_number_values",
            "number of values a row",
        ),
        (
            lambda f, _: setattr(f["carrier"].drift_comparator.infinity_norm, "threshold", 1e-6),
            "comparator_l_infty_high",
            "comparator in schema.pbtxt",
        ),
        (
            lambda _, s: setattr(s.dataset_constraints, "min_examples_count", 9999),
            "dataset_low_num_examples",
            "number of rows",
        ),
        (
            lambda f, _: f["carrier"].ClearField("type"),
            "feature_missing_type",
            "contradicts itself",
        ),
    ],
)  # fmt: skip
def test_whatever_the_schema_says_is_enforced(judge, edit, code, words):
    result = judge(edit=edit)
    if code is None:
        assert result.verdict.findings == ()
        return
    assert code in {c for c, _ in holds(result)}
    assert words in message(result, code)


def test_a_validation_survives_the_disk_and_its_status_cannot_be_edited(judge, tmp_path):
    result = judge({"distance": None, "wind": ["ü"] * ROWS})
    result.write(tmp_path)
    assert Validation.read(tmp_path) == result
    assert "SCHEMA_MISSING_COLUMN" in (tmp_path / "anomalies.pbtxt").read_text()
    path = tmp_path / "validation.json"
    document = json.loads(path.read_text())
    assert document["status"] == "hold"
    document["status"] = "pass"
    path.write_text(json.dumps(document))
    with pytest.raises(StatisticsError, match="its status is not what its findings say"):
        Validation.read(tmp_path)
    with pytest.raises(StatisticsError, match="cannot read the validation"):
        Validation.read(tmp_path / "nowhere")


def test_whole_numbers_pass_for_floats_and_decimals_do_not_pass_for_ints(judge):
    generator = np.random.default_rng(7)
    whole = judge({"temp": np.round(generator.normal(50, 10, ROWS)).astype(int)})
    assert whole.verdict.status == "pass", whole.verdict.reasons
    broken = judge({"distance": generator.choice([200.5, 500.0, 760.0, 1400.0, 2475.0], ROWS)})
    assert ("unexpected_data_type", "distance") in holds(broken)
    assert "features.numeric" in message(broken, "unexpected_data_type")


def test_a_quality_finding_holds_where_the_contract_says_so(judge, contract):
    constant = {"temp": [50.0] * ROWS}
    assert ("constant_column", "temp") not in holds(judge(constant))
    gates = Contract.parse(CONTRACT.replace("findings: {", "findings: {constant_column: hold, "))
    assert ("constant_column", "temp") in holds(judge(constant, gates=gates))
