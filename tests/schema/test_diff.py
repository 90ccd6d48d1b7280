"""Changes between schemas: complete, readable, and applied to what they were made for only."""

import json

import pytest
from google.protobuf import text_format
from hypothesis import given
from hypothesis import strategies as st
from tensorflow_metadata.proto.v0 import schema_pb2

from tidegate import schema as schemas
from tidegate.core.errors import SchemaError
from tidegate.schema.diff import Change, apply, diff, same, select, summary

NAMES = ("carrier", "dest", "gust", "x y")
WORDS = st.sampled_from(["AA", "UA", "DL", "é", 'a"b', ""])
SHARES = st.sampled_from([0.0, 0.5, 0.99, 1.0])


def _maybe(strategy):
    return st.none() | strategy


@st.composite
def features(draw, name, domains):
    feature = schema_pb2.Feature(name=name, type=draw(st.sampled_from([1, 2, 3])))
    if (share := draw(_maybe(SHARES))) is not None:
        feature.presence.min_fraction = share
        feature.presence.min_count = draw(st.integers(0, 2))
    elif draw(st.booleans()):
        feature.group_presence.required = True
    match draw(st.sampled_from([None, "domain", "string", "int", "float", "bool", "url", "time"])):
        case "domain" if domains:
            feature.domain = draw(st.sampled_from(domains))
        case "string":
            feature.string_domain.value.extend(draw(st.lists(WORDS, unique=True)))
        case "int":
            feature.int_domain.min = draw(st.integers(-9, 0))
            if draw(st.booleans()):
                feature.int_domain.max = draw(st.integers(1, 9))
        case "float":
            feature.float_domain.max = draw(st.floats(0, 9))
            feature.float_domain.disallow_nan = draw(st.booleans())
        case "bool":
            feature.bool_domain.SetInParent()
        case "url":
            feature.url_domain.SetInParent()
        case "time":
            feature.time_domain.string_format = "%Y"
    if draw(st.booleans()):
        feature.distribution_constraints.min_domain_mass = draw(SHARES)
    if draw(st.booleans()):
        feature.value_count.max = draw(st.integers(1, 3))
    elif draw(st.booleans()):
        feature.shape.dim.add(size=draw(st.integers(1, 3)))
    if draw(st.booleans()):
        feature.not_in_environment.append(draw(st.sampled_from(["TRAINING", "SERVING"])))
    if draw(st.booleans()):
        feature.drift_comparator.infinity_norm.threshold = draw(SHARES)
    if draw(st.booleans()):
        feature.unique_constraints.max = draw(st.integers(1, 9))
    if draw(st.booleans()):
        feature.lifecycle_stage = draw(st.sampled_from([0, 3, 5]))
    if draw(st.booleans()):
        feature.annotation.comment.append(draw(WORDS))
    return feature


@st.composite
def any_schema(draw):
    schema = schema_pb2.Schema()
    domains = draw(st.lists(st.sampled_from(NAMES), unique=True))
    for name in domains:
        schema.string_domain.add(name=name, value=draw(st.lists(WORDS, unique=True)))
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True)):
        schema.feature.append(draw(features(name, domains)))
    schema.default_environment.extend(
        draw(st.lists(st.sampled_from(["TRAINING", "SERVING"]), unique=True))
    )
    if draw(st.booleans()):
        schema.dataset_constraints.min_examples_count = draw(st.integers(0, 5))
    if draw(st.booleans()):
        schema.sparse_feature.add(name="s").value_feature.name = draw(WORDS)
    if draw(st.booleans()):
        schema.tensor_representation_group[draw(st.sampled_from("ab"))].SetInParent()
    return schema


@given(any_schema())
def test_a_schema_does_not_differ_from_itself(a):
    assert diff(a, a) == []
    other = schema_pb2.Schema()
    other.CopyFrom(a)
    del other.feature[:]
    other.feature.extend(reversed(a.feature))
    assert diff(a, other) == []


@given(any_schema(), any_schema())
def test_applying_all_changes_gives_the_other(a, b):
    found = diff(a, b)
    kept = [Change.from_json(json.loads(json.dumps(c.to_json()))) for c in found]
    assert kept == found
    assert same(apply(a, kept), b)
    assert bool(found) == (not same(a, b))
    for change in found:
        assert "\n" not in change.sentence()
    assert same(apply(b, diff(b, a)), a)


@given(any_schema(), any_schema())
def test_half_of_the_changes_and_then_the_other_half(a, b):
    found = diff(a, b)
    half = apply(a, found[::2])
    assert same(apply(half, found[1::2]), b)
    assert same(apply(half, diff(half, b)), b)


@given(any_schema())
def test_text_survives(a):
    if a.feature:
        assert schemas.parse(schemas.text(a)) == a


def made(text):
    return text_format.Parse(text, schema_pb2.Schema())


BASE = """
feature { name: "carrier" type: BYTES domain: "carrier" presence { min_fraction: 0.99 min_count: 1 }
          distribution_constraints { min_domain_mass: 0.99 } }
feature { name: "gust" type: INT int_domain { min: 0 max: 90 } }
feature { name: "visib" type: FLOAT presence { min_count: 1 } }
string_domain { name: "carrier" value: "AA" value: "UA" }
default_environment: "TRAINING"
"""


@pytest.mark.parametrize(
    ("before", "after", "effect", "sentence"),
    [
        ('value: "UA"', 'value: "UA" value: "ZZ"', "widened", "carrier: 'ZZ' may occur too"),
        ('value: "AA" ', "", "narrowed", "carrier: 'AA' may no longer occur"),
        (
            'value: "AA"',
            'value: "ZZ"',
            "changed",
            "carrier: 'ZZ' may occur too; 'AA' may no longer occur",
        ),
        (
            "min_fraction: 0.99",
            "min_fraction: 0.75",
            "widened",
            "carrier: presence in at least 99.0% of rows -> in at least 75.0% of rows",
        ),
        (
            "presence { min_count: 1 }",
            "presence { min_count: 1 min_fraction: 1 }",
            "narrowed",
            "visib: presence in at least 1 row -> in every row",
        ),
        ("type: INT", "type: FLOAT", "widened", "gust: type INT -> FLOAT"),
        ("type: FLOAT", "type: INT", "narrowed", "visib: type FLOAT -> INT"),
        ("type: FLOAT", "type: BYTES", "changed", "visib: type FLOAT -> BYTES"),
        ("max: 90", "max: 120", "widened", "gust: domain 0 to 90 -> 0 to 120"),
        ("max: 90", "", "widened", "gust: domain 0 to 90 -> 0 to ∞"),
        ("min: 0", "min: 9", "narrowed", "gust: domain 0 to 90 -> 9 to 90"),
        ("min: 0 max: 90", "min: 9 max: 99", "changed", "gust: domain 0 to 90 -> 9 to 99"),
        ("int_domain { min: 0 max: 90 }", "", "widened", "gust: domain 0 to 90 -> anything"),
        (
            "min_domain_mass: 0.99",
            "min_domain_mass: 0.9",
            "widened",
            "carrier: share of known values at least 99.0% -> at least 90.0%",
        ),
        (
            'feature { name: "visib" type: FLOAT presence { min_count: 1 } }',
            "",
            "gone",
            "visib: column (FLOAT) dropped, no longer required or checked",
        ),
        (
            'default_environment: "TRAINING"',
            'default_environment: "TRAINING" feature { name: "wind" type: INT }',
            "new",
            "wind: new column (INT)",
        ),
        (
            'default_environment: "TRAINING"',
            "",
            "changed",
            'default_environment: default_environment: "TRAINING" -> none',
        ),
    ],
)
def test_every_kind_of_change_in_words(before, after, effect, sentence):
    assert before in BASE
    old, new = made(BASE), made(BASE.replace(before, after, 1))
    (change,) = diff(old, new)
    assert (change.effect, change.sentence()) == (effect, sentence)
    assert change.widens == (effect in ("widened", "changed", "gone"))
    assert same(apply(old, [change]), new)


def test_a_change_is_for_the_schema_it_was_made_for():
    old = made(BASE)
    (change,) = diff(old, made(BASE.replace('"UA"', '"UA" value: "ZZ"')))
    elsewhere = made(BASE.replace("max: 90", "max: 100"))
    assert same(
        apply(elsewhere, [change]),
        made(BASE.replace("max: 90", "max: 100").replace('"UA"', '"UA" value: "ZZ"')),
    )
    with pytest.raises(SchemaError, match="'ZZ' may occur too: the schema says something else"):
        apply(made(BASE.replace('"UA"', '"DL"')), [change])


def test_some_columns_only():
    new = made(BASE.replace('"UA"', '"UA" value: "ZZ"').replace("max: 90", "max: 120"))
    found = diff(made(BASE), new)
    assert summary(found) == "2 changes: 2 widened"
    assert [c.columns for c in found] == [("carrier",), ("gust",)]
    assert select(found, only=["gust"]) == (found[1],)
    assert select(found, without=["gust"]) == (found[0],)
    with pytest.raises(SchemaError, match="there is no change of 'dest'; there are: "):
        select(found, only=["dest"])


def test_columns_come_in_the_order_of_the_schema():
    new = made(
        BASE.replace("type: INT", "type: FLOAT").replace("0.99 min_count", "0.5 min_count")
        + 'feature { name: "b" type: INT } feature { name: "a" type: INT }'
    )
    assert [c.name for c in diff(made(BASE), new)] == ["carrier", "gust", "b", "a"]
    assert summary([]) == "no changes"
