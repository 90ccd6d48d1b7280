"""Every type of anomaly that TFDV knows: reached through the gate, or known to be out of reach."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2
from tensorflow_metadata.proto.v0.derived_feature_pb2 import DerivedFeatureSource

from tidegate import schema as schemas
from tidegate.contract import Contract
from tidegate.core.codes import FIXED, SETTABLE
from tidegate.statistics import compute_table
from tidegate.validation import validate

ROWS = 400
CONTRACT = Contract.parse(
    "dataset: d\nsource: {uri: x, format: csv}\nkey: [id]\n"
    "gates: {min_examples: 10, drift: report}\n"
)
KINDS = tuple(kind for kind, _ in anomalies_pb2.AnomalyInfo.Type.items())


def columns():
    index = np.arange(ROWS)
    return {
        "id": [str(i) for i in index],
        "text": np.array(["a", "b", "c", "d"])[index % 4],
        "whole": index % 50,
        "real": (index % 80) / 10 - 3.95,
        "flag": index % 2,
        "gaps": pa.array((index % 7).astype(float), mask=index % 10 == 0),
    }


def measured(changed):
    made = {k: v for k, v in {**columns(), **changed}.items() if v is not None}
    table = pa.table(made)
    return compute_table(table.to_batches(), schema=table.schema, span="2")


@dataclass
class Case:
    """What brings a type about.

    Attributes:
        edit: Of the inferred schema.
        data: Columns that are others than in the span before; None is one that is gone.
        column: What the anomaly is about.
        said: What the sentence has.
    """

    edit: Callable[[schema_pb2.Schema], object]
    data: dict = field(default_factory=dict)
    column: str = "whole"
    said: str = ""


def feature(name, **fields):
    """An edit that sets fields of one feature, replacing its domain when one is given."""

    def edit(schema):
        (found,) = (f for f in schema.feature if f.name == name)
        if any(k.endswith("domain") for k in fields) and found.WhichOneof("domain_info"):
            found.ClearField(found.WhichOneof("domain_info"))
        found.MergeFrom(schema_pb2.Feature(**fields))

    return edit


def dataset(**fields):
    def edit(schema):
        schema.dataset_constraints.MergeFrom(schema_pb2.DatasetConstraints(**fields))

    return edit


def ratio(**fields):
    return dataset(num_examples_drift_comparator=schema_pb2.NumericValueComparator(**fields))


def comparator(**fields):
    return {"drift_comparator": P.FeatureComparator(**fields)}


def entry(kind, **fields):
    return lambda schema: getattr(schema, kind).add(**fields)


def edit_nothing(_):
    pass


def in_turn(*edits):
    def edit(schema):
        for one in edits:
            one(schema)

    return edit


def without(name, field):
    return lambda schema: next(f for f in schema.feature if f.name == name).ClearField(field)


P = schema_pb2
INDEX = np.arange(ROWS)
OUT_OF_UTF8 = pa.array([b"\xff\xfe"] * ROWS, pa.binary()).buffers()
NUMBERS_IN_TEXT = without("text", "distribution_constraints")
CASES = {
    "BOOL_TYPE_BIG_INT": Case(
        feature("whole", bool_domain=P.BoolDomain()), said="neither of the two"
    ),
    "BOOL_TYPE_SMALL_INT": Case(
        edit_nothing, {"flag": INDEX % 2 - 1}, "flag", "of its bool_domain (\u22121 to 0)"
    ),
    "BOOL_TYPE_UNEXPECTED_FLOAT": Case(
        feature("real", bool_domain=P.BoolDomain()), column="real", said="(\u22123.95 to 3.95)"
    ),
    "BOOL_TYPE_UNEXPECTED_STRING": Case(
        in_turn(
            NUMBERS_IN_TEXT,
            feature("text", bool_domain=P.BoolDomain(true_value="a", false_value="b")),
        ),
        column="text",
        said="neither of the two of its bool_domain",
    ),
    "ENUM_TYPE_INVALID_UTF8": Case(
        edit_nothing,
        {"text": pa.Array.from_buffers(pa.string(), ROWS, OUT_OF_UTF8)},
        "text",
        "not valid UTF-8",
    ),
    "ENUM_TYPE_UNEXPECTED_STRING_VALUES": Case(
        edit_nothing, {"text": ["z"] * ROWS}, "text", "not among the 4 known ones: 'z' (400 rows"
    ),
    "FEATURE_TYPE_HIGH_NUMBER_VALUES": Case(
        feature("whole", value_count=P.ValueCount(min=0, max=0)), said="more values than expected"
    ),
    "FEATURE_TYPE_LOW_NUMBER_VALUES": Case(
        feature("whole", value_count=P.ValueCount(min=2, max=3)), said="fewer values than expected"
    ),
    "FEATURE_TYPE_LOW_FRACTION_PRESENT": Case(
        edit_nothing,
        {"whole": pa.array(INDEX % 50, mask=INDEX < 30)},
        said="empty in 30 of 400 rows (7.5%)",
    ),
    "FEATURE_TYPE_LOW_NUMBER_PRESENT": Case(
        feature("gaps", presence=P.FeaturePresence(min_count=5000)),
        column="gaps",
        said="in 360 rows, fewer than the 5,000",
    ),
    "FEATURE_TYPE_NOT_PRESENT": Case(
        edit_nothing, {"whole": pa.nulls(ROWS, pa.int64())}, said="empty in all 400 rows"
    ),
    "FEATURE_TYPE_HIGH_UNIQUE": Case(
        feature("text", unique_constraints=P.UniqueConstraints(min=1, max=2)),
        column="text",
        said="(4) is not within its unique_constraints (1 to 2)",
    ),
    "FEATURE_TYPE_LOW_UNIQUE": Case(
        feature("text", unique_constraints=P.UniqueConstraints(min=9, max=20)),
        column="text",
        said="(4) is not within its unique_constraints (9 to 20)",
    ),
    "FEATURE_TYPE_NO_UNIQUE": Case(
        feature("whole", unique_constraints=P.UniqueConstraints(min=9, max=20)),
        said="(not counted)",
    ),
    "FLOAT_TYPE_BIG_FLOAT": Case(
        feature("real", float_domain=P.FloatDomain(max=1)), column="real", said="above the 1 "
    ),
    "FLOAT_TYPE_SMALL_FLOAT": Case(
        feature("real", float_domain=P.FloatDomain(min=1)), column="real", said="below the 1 "
    ),
    "FLOAT_TYPE_STRING_NOT_FLOAT": Case(
        in_turn(NUMBERS_IN_TEXT, feature("text", float_domain=P.FloatDomain(max=1))),
        column="text",
        said="not the numbers schema.pbtxt expects",
    ),
    "FLOAT_TYPE_HAS_NAN": Case(
        feature("real", float_domain=P.FloatDomain(disallow_nan=True)),
        {"real": np.where(INDEX == 3, np.nan, INDEX / 10)},
        "real",
        "1 of 400 values that are NaN",
    ),
    "FLOAT_TYPE_HAS_INF": Case(
        feature("real", float_domain=P.FloatDomain(disallow_inf=True)),
        {"real": np.where(INDEX == 3, np.inf, INDEX / 10)},
        "real",
        "infinite values (from 0 to \u221e)",
    ),
    "INT_TYPE_BIG_INT": Case(feature("whole", int_domain=P.IntDomain(max=1)), said="above the 1 "),
    "INT_TYPE_SMALL_INT": Case(
        feature("whole", int_domain=P.IntDomain(min=5)), said="below the 5 "
    ),
    "INT_TYPE_NOT_INT_STRING": Case(
        in_turn(NUMBERS_IN_TEXT, feature("text", int_domain=P.IntDomain(max=1))),
        column="text",
        said="not the numbers schema.pbtxt expects",
    ),
    "SCHEMA_MISSING_COLUMN": Case(edit_nothing, {"whole": None}, said="is not in the data"),
    "SCHEMA_NEW_COLUMN": Case(edit_nothing, {"new": INDEX}, "new", "(int, 400 values)"),
    "COMPARATOR_L_INFTY_HIGH": Case(
        feature("text", **comparator(infinity_norm=P.InfinityNorm(threshold=0.01))),
        {"text": ["a"] * ROWS},
        "text",
        "beyond the limit of its comparator",
    ),
    "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH": Case(
        feature(
            "real",
            **comparator(jensen_shannon_divergence=P.JensenShannonDivergence(threshold=0.01)),
        ),
        {"real": INDEX * 3.3},
        "real",
        "beyond the limit of its comparator",
    ),
    "COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH": Case(
        feature(
            "text",
            **comparator(normalized_abs_difference=P.NormalizedAbsoluteDifference(threshold=0.01)),
        ),
        {"text": ["a"] * ROWS},
        "text",
        "beyond the limit of its comparator",
    ),
    "COMPARATOR_CONTROL_DATA_MISSING": Case(
        entry(
            "feature",
            name="new",
            type=P.INT,
            **comparator(infinity_norm=P.InfinityNorm(threshold=1)),
        ),
        {"new": INDEX},
        "new",
        "no data to compare with",
    ),
    "SPARSE_FEATURE_NAME_COLLISION": Case(
        entry("sparse_feature", name="whole"), said="name collision"
    ),
    "WEIGHTED_FEATURE_NAME_COLLISION": Case(
        entry("weighted_feature", name="whole"), said="name collision"
    ),
    "COMPARATOR_HIGH_NUM_EXAMPLES": Case(
        ratio(max_fraction_threshold=0.5), column="", said="ratio of num examples"
    ),
    "COMPARATOR_LOW_NUM_EXAMPLES": Case(
        ratio(min_fraction_threshold=2), column="", said="ratio of num examples"
    ),
    "DATASET_LOW_NUM_EXAMPLES": Case(
        dataset(min_examples_count=9999), column="", said="400 examples, which is fewer"
    ),
    "DATASET_HIGH_NUM_EXAMPLES": Case(
        dataset(max_examples_count=9), column="", said="400 examples, which is more"
    ),
    "VALUE_NESTEDNESS_MISMATCH": Case(
        feature("whole", value_counts=P.ValueCountList(value_count=[P.ValueCount(min=1)] * 2)),
        said="different nest level",
    ),
    "DOMAIN_INVALID_FOR_TYPE": Case(
        feature("whole", string_domain=P.StringDomain(value=["a"])), said="contradicts itself"
    ),
    "FEATURE_MISSING_NAME": Case(entry("feature", type=P.INT), {"": INDEX}, "", "contradicts"),
    "FEATURE_MISSING_TYPE": Case(without("whole", "type"), said="unspecified type"),
    "INVALID_SCHEMA_SPECIFICATION": Case(
        feature("whole", presence=P.FeaturePresence(min_fraction=2)), said="min_fraction"
    ),
    "INVALID_DOMAIN_SPECIFICATION": Case(
        feature("text", domain="nowhere"), column="text", said="missing domain"
    ),
    "UNEXPECTED_DATA_TYPE": Case(
        edit_nothing, {"whole": ["x"] * ROWS}, said="now of type string ('x'), but was int"
    ),
    "STATS_NOT_AVAILABLE": Case(
        in_turn(
            NUMBERS_IN_TEXT,
            feature(
                "text",
                natural_language_domain=P.NaturalLanguageDomain(
                    coverage=P.FeatureCoverageConstraints(min_coverage=0.5)
                ),
            ),
        ),
        column="text",
        said="cannot be verified",
    ),
    "INVALID_FEATURE_SHAPE": Case(
        feature("whole", shape=P.FixedShape(dim=[P.FixedShape.Dim(size=2)])), said="fixed value"
    ),
    "DERIVED_FEATURE_BAD_LIFECYCLE": Case(
        feature("whole", validation_derived_source=DerivedFeatureSource(deriver_name="x")),
        said="wrong lifecycle",
    ),
}


@pytest.fixture(scope="module")
def before():
    return measured({})


@pytest.fixture(scope="module")
def judge(before):
    inferred = schemas.infer(before, CONTRACT)

    def judged(case, contract=CONTRACT):
        schema = type(inferred)()
        schema.CopyFrom(inferred)
        case.edit(schema)
        return validate(measured(case.data), schema, contract, baseline=before)

    return judged


def test_what_the_schema_was_inferred_from_has_no_anomaly(judge):
    found = judge(Case(edit_nothing)).verdict.findings
    assert [f for f in found if f.code.upper() in KINDS] == []


@pytest.mark.parametrize("kind", CASES)
def test_a_reachable_type_is_a_finding_about_its_column(judge, kind):
    case = CASES[kind]
    result = judge(case)
    told = [f for f in result.verdict.findings if f.code == kind.lower()]
    assert [f.subject for f in told] == [case.column]
    (finding,) = told
    assert finding.severity == {**SETTABLE, **dict.fromkeys(FIXED, "hold")}[kind.lower()]
    assert (result.verdict.status == "hold") == (finding.severity == "hold")
    assert case.said in finding.message
    assert ";" in finding.message
    assert "\n" not in finding.message


@pytest.mark.parametrize("kind", [k for k in CASES if k.lower() not in FIXED])
def test_each_that_says_something_of_the_data_can_be_set(judge, kind):
    code = kind.lower()
    contract = CONTRACT.model_copy(
        update={"gates": CONTRACT.gates.model_copy(update={"findings": {code: {"*": "info"}}})}
    )
    told = [f for f in judge(CASES[kind], contract).verdict.findings if f.code == code]
    assert [f.severity for f in told] == ["info"]


def test_the_page_lists_every_type_and_whether_it_is_reached():
    page = (Path(__file__).parents[2] / "docs" / "anomalies.md").read_text()
    kinds = {kind.lower() for kind in KINDS} - {"unknown_type"}
    reached = set()
    for row in re.findall(r"^\| (`[^|]*`) \|", page, re.M):
        reached |= set(re.findall(r"`(\w+)`", row))
    assert reached == {kind.lower() for kind in CASES}
    out_of_reach = page.split("## Types that cannot be reached")[1]
    assert set(re.findall(r"`(\w+)`", out_of_reach)) & kinds >= kinds - reached


@pytest.mark.parametrize(
    ("edit", "subject"),
    [
        (feature("text", time_domain=P.TimeDomain(string_format="%Y")), "text"),
        (feature("text", image_domain=P.ImageDomain(max_image_byte_size=1)), "text"),
        (feature("gaps", group_presence=P.FeaturePresenceWithinGroup(required=True)), "gaps"),
        (entry("sparse_feature", name="pairs"), ""),
        (entry("weighted_feature", name="pairs"), ""),
    ],
    ids=["time", "image", "group", "sparse", "weighted"],
)
def test_what_nothing_checks_is_told(judge, edit, subject):
    found = judge(Case(edit)).verdict.findings
    told = [f for f in found if f.code == "schema_not_enforced"]
    assert [(f.subject, f.severity) for f in told] == [(subject, "warn")]
    assert told[0].message.startswith("schema.pbtxt says what nothing checks, ")


def test_the_schema_itself_is_not_changed(judge, before):
    schema = schemas.infer(before, CONTRACT)
    dataset(max_examples_count=9)(schema)
    kept = schema.SerializeToString(deterministic=True)
    validate(before, schema, CONTRACT, baseline=before)
    assert schema.SerializeToString(deterministic=True) == kept
