"""Turn TFDV's anomalies into findings with figures and remedies.

Every reason TFDV gives becomes one finding, whose code is the anomaly's type in lower case. A type
without a message here, because it concerns images or text or is newer than this module, is passed
on in TFDV's words: no objection of TFDV is lost.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2

from tidegate.core.text import count, exactly, number, percent
from tidegate.core.verdict import Finding, Severity
from tidegate.schema import domain
from tidegate.schema.domains import respelled, unseen
from tidegate.statistics.model import FeatureSummary

#: The most values shown as examples in one message.
SHOWN = 5

_FIX = "fix the source"


@dataclass(frozen=True)
class Subject:
    """The column an anomaly is about.

    Attributes:
        name: The column.
        summary: Its statistics; None if the data does not have it.
        expected: Its feature in the schema; None if the schema does not have it.
        domain: The values it may have; empty if any value is allowed.
        environment: The environment the data is checked against.
        phrase: TFDV's own description.
    """

    name: str
    summary: FeatureSummary | None
    expected: Any
    domain: tuple[str, ...]
    environment: str
    phrase: str


def findings(
    anomalies: Any,
    *,
    features: dict[str, FeatureSummary],
    schema: Any,
    environment: str,
) -> list[Finding]:
    """Turn each reason in an `Anomalies` proto into a finding.

    They are in the order of the columns. An anomaly of severity WARNING and a column the schema
    does not know become `warn`, all else becomes `hold`.
    """
    expected = {f.name: f for f in schema.feature}
    order = {name: i for i, name in enumerate([*features, *expected])}
    result = []
    if anomalies.HasField("dataset_anomaly_info"):
        result += _each("", anomalies.dataset_anomaly_info, features, expected, schema, environment)
    for name in sorted(anomalies.anomaly_info, key=lambda n: (order.get(n, len(order)), n)):
        info = anomalies.anomaly_info[name]
        result += _each(name, info, features, expected, schema, environment)
    return result


def _each(
    name: str,
    info: Any,
    features: dict[str, FeatureSummary],
    expected: dict[str, Any],
    schema: Any,
    environment: str,
) -> list[Finding]:
    column = info.path.step[0] if info.path.step else name
    reasons = info.reason or [
        anomalies_pb2.AnomalyInfo.Reason(
            type=anomalies_pb2.AnomalyInfo.UNKNOWN_TYPE, description=info.description
        )
    ]
    result = []
    for reason in reasons:
        kind = anomalies_pb2.AnomalyInfo.Type.Name(reason.type)
        subject = Subject(
            column,
            features.get(column),
            expected.get(column),
            domain(schema, column),
            environment,
            " ".join(reason.description.split()) or reason.short_description,
        )
        if kind == "UNEXPECTED_DATA_TYPE" and _whole_numbers_for_floats(subject):
            continue
        severity: Severity = "hold"
        if kind == "SCHEMA_NEW_COLUMN" or info.severity == anomalies_pb2.AnomalyInfo.WARNING:
            severity = "warn"
        message = _WORDS.get(kind, _passed_on)(subject)
        result.append(Finding(kind.lower(), column, severity, message))
    return result


def _whole_numbers_for_floats(s: Subject) -> bool:
    # A span of CSV in which a measure happens to have no decimals. A whole number is a float; the
    # other way round, decimals where there were none, is a change.
    return (
        s.summary is not None
        and s.expected is not None
        and s.summary.type == "int"
        and s.expected.type == schema_pb2.FLOAT
    )


def shown(values: list[tuple[str, int]], total: int) -> str:
    """List the most frequent values with their counts and shares of `total`."""
    parts = [f"{v!r} ({count(c, 'row')}, {percent(c / total)})" for v, c in values[:SHOWN]]
    more = len(values) - SHOWN
    return ", ".join(parts) + (f" and {more:,} more" if more > 0 else "")


def _passed_on(s: Subject) -> str:
    where = f"column {s.name!r}: " if s.name else ""
    return f"{where}{s.phrase.rstrip('. ')}; {_FIX} or change schema.pbtxt"


def _missing_column(s: Subject) -> str:
    kind = schema_pb2.FeatureType.Name(s.expected.type) if s.expected is not None else "a column"
    return (
        f"column {s.name!r} ({kind} in schema.pbtxt) is not in the data; restore it in the source, "
        f"or remove it from schema.pbtxt and the contract if it is gone for good"
    )


def _new_column(s: Subject) -> str:
    if s.expected is not None:
        return (
            f"column {s.name!r} is in the data, but schema.pbtxt does not expect it in "
            f"{s.environment}; leave it out there, or remove its not_in_environment"
        )
    what = f"{s.summary.type}, {s.summary.count:,} values" if s.summary is not None else "new"
    return (
        f"column {s.name!r} ({what}) is not in schema.pbtxt and is not checked; add it there, or "
        "exclude it in the contract"
    )


def _not_present(s: Subject) -> str:
    rows = f"in all {s.summary.rows:,} rows" if s.summary is not None else "in every row"
    return f"column {s.name!r} is empty {rows}; {_FIX}, or lower its presence in schema.pbtxt"


def _low_fraction(s: Subject) -> str:
    if s.summary is None or s.expected is None:
        return _passed_on(s)
    allowed = 1 - s.expected.presence.min_fraction
    limit = "none may" if allowed <= 0 else f"at most {percent(allowed)} may"
    return (
        f"column {s.name!r} is empty in {s.summary.missing:,} of {s.summary.rows:,} rows "
        f"({percent(s.summary.missing_fraction)}), and {limit} be; {_FIX}, or lower presence."
        "min_fraction in schema.pbtxt"
    )


def _low_count(s: Subject) -> str:
    if s.summary is None or s.expected is None:
        return _passed_on(s)
    return (
        f"column {s.name!r} has a value in {s.summary.count:,} rows, fewer than the "
        f"{s.expected.presence.min_count:,} of schema.pbtxt; {_FIX}, or lower presence.min_count"
    )


def _type_changed(s: Subject) -> str:
    if s.summary is None or s.expected is None:
        return _passed_on(s)
    names = {"BYTES": "string", "INT": "int", "FLOAT": "float"}
    wanted = schema_pb2.FeatureType.Name(s.expected.type)
    if wanted == "INT" and s.summary.type == "float":
        return (
            f"column {s.name!r} now has decimals{_sample(s.summary)}, but was int; {_FIX}, or name "
            "it in features.numeric and infer the schema again if decimals are meant"
        )
    remedy = s.summary.text_values.remedy if s.summary.text_values is not None else ""
    return (
        f"column {s.name!r} is now of type {s.summary.type}{_sample(s.summary)}, but was "
        f"{names.get(wanted, wanted)}; {remedy or _FIX}, or infer the schema again if the change "
        "is meant"
    )


def _sample(summary: FeatureSummary) -> str:
    if summary.text_values is not None:
        return f" (because of {summary.text_values.examples})"
    if summary.top_values:
        return f" ({', '.join(repr(v) for v, _ in summary.top_values[:3])})"
    if summary.min is not None and summary.max is not None:
        return f" ({number(summary.min)} to {number(summary.max)})"
    return ""


def _unseen_values(s: Subject) -> str:
    if s.summary is None or not s.domain:
        return _passed_on(s)
    values = unseen(s.summary, s.domain)
    mass = sum(c for _, c in values)
    tolerated = 0.0
    if s.expected is not None and s.expected.distribution_constraints.HasField("min_domain_mass"):
        tolerated = 1 - s.expected.distribution_constraints.min_domain_mass
    pairs = list(respelled(values, s.domain).items())[:SHOWN]
    hint = "; " + ", ".join(f"{v!r} looks like {k!r}" for v, k in pairs) if pairs else ""
    return (
        f"column {s.name!r} has {mass:,} values ({percent(mass / max(s.summary.count, 1))}, "
        f"{percent(tolerated)} are tolerated) that are not among the {len(s.domain):,} known ones: "
        f"{shown(values, max(s.summary.count, 1))}{hint}; {_FIX}, or add them to its domain in "
        "schema.pbtxt"
    )


def _bound(side: str, cast: Callable[[Any], Any]) -> Callable[[Subject], str]:
    def words(s: Subject) -> str:
        if s.summary is None or s.expected is None or getattr(s.summary, side) is None:
            return _passed_on(s)
        kind = s.expected.WhichOneof("domain_info")
        limit = getattr(getattr(s.expected, kind), side, None) if kind else None
        if limit is None:
            return _passed_on(s)
        least, beyond = ("least", "below") if side == "min" else ("greatest", "above")
        found, bound = (exactly(cast(end)) for end in (getattr(s.summary, side), limit))
        return (
            f"the {least} value of column {s.name!r} is {found}, {beyond} the {bound} "
            f"that schema.pbtxt allows (median {number(s.summary.median)}); {_FIX}, or widen its "
            "domain"
        )

    return words


def _has_nan(s: Subject) -> str:
    count = f"{s.summary.nans:,} of {s.summary.count:,} values" if s.summary else "values"
    return f"column {s.name!r} has {count} that are NaN; write a missing value instead, or {_ALLOW}"


_ALLOW = "allow them in its float_domain"


def _has_infinity(s: Subject) -> str:
    ends = ""
    if s.summary is not None and s.summary.min is not None and s.summary.max is not None:
        ends = f" (from {number(s.summary.min)} to {number(s.summary.max)})"
    return f"column {s.name!r} has infinite values{ends}; {_FIX}, or {_ALLOW}"


def _not_numbers(s: Subject) -> str:
    sample = _sample(s.summary) if s.summary is not None else ""
    return (
        f"column {s.name!r} has values that are not the numbers schema.pbtxt expects{sample}; "
        f"{_FIX}, or remove its domain"
    )


def _not_boolean(s: Subject) -> str:
    sample = _sample(s.summary) if s.summary is not None else ""
    return (
        f"column {s.name!r} has values that are neither of the two of its bool_domain{sample}; "
        f"{_FIX}, or remove the bool_domain in schema.pbtxt"
    )


def _invalid_utf8(s: Subject) -> str:
    return f"column {s.name!r} has text that is not valid UTF-8; write the source in UTF-8"


def _number_of_values(s: Subject) -> str:
    return (
        f"column {s.name!r} has another number of values a row than schema.pbtxt allows "
        f"({s.phrase.rstrip('. ')}); {_FIX}, or change its value_count or shape"
    )


def _uniques(s: Subject) -> str:
    count = f"{s.summary.unique:,}" if s.summary and s.summary.unique is not None else "not counted"
    limits = ""
    if s.expected is not None:
        constraint = s.expected.unique_constraints
        limits = f" ({constraint.min:,} to {constraint.max:,})"
    return (
        f"the number of distinct values of column {s.name!r} ({count}) is not within its "
        f"unique_constraints{limits}; {_FIX}, or change them in schema.pbtxt"
    )


def _comparator(s: Subject) -> str:
    return (
        f"column {s.name!r} is beyond the limit of its comparator in schema.pbtxt: "
        f"{s.phrase.rstrip('. ')}; find out what changed, or raise the limit"
    )


def _no_control(s: Subject) -> str:
    return (
        f"column {s.name!r} has a comparator in schema.pbtxt, but no data to compare with "
        f"({s.phrase.rstrip('. ')}); choose a baseline that has it, or remove the comparator"
    )


def _num_examples(s: Subject) -> str:
    return (
        f"the number of rows is not what schema.pbtxt allows: {s.phrase.rstrip('. ')}; {_FIX}, or "
        "change its dataset_constraints"
    )


def _schema_is_wrong(s: Subject) -> str:
    where = f" of column {s.name!r}" if s.name else ""
    return (
        f"schema.pbtxt contradicts itself in the entry{where}: {s.phrase.rstrip('. ')}; correct it"
    )


_whole = math.trunc

_WORDS: dict[str, Callable[[Subject], str]] = {
    "SCHEMA_MISSING_COLUMN": _missing_column,
    "SCHEMA_NEW_COLUMN": _new_column,
    "FEATURE_TYPE_NOT_PRESENT": _not_present,
    "FEATURE_TYPE_NO_VALUES": _not_present,
    "FEATURE_TYPE_LOW_FRACTION_PRESENT": _low_fraction,
    "FEATURE_TYPE_LOW_NUMBER_PRESENT": _low_count,
    "UNEXPECTED_DATA_TYPE": _type_changed,
    "ENUM_TYPE_UNEXPECTED_STRING_VALUES": _unseen_values,
    "ENUM_TYPE_INVALID_UTF8": _invalid_utf8,
    "INT_TYPE_SMALL_INT": _bound("min", _whole),
    "INT_TYPE_BIG_INT": _bound("max", _whole),
    "INT_TYPE_NOT_INT_STRING": _not_numbers,
    "FLOAT_TYPE_SMALL_FLOAT": _bound("min", float),
    "FLOAT_TYPE_BIG_FLOAT": _bound("max", float),
    "FLOAT_TYPE_STRING_NOT_FLOAT": _not_numbers,
    "FLOAT_TYPE_HAS_NAN": _has_nan,
    "FLOAT_TYPE_HAS_INF": _has_infinity,
    "BOOL_TYPE_BIG_INT": _not_boolean,
    "BOOL_TYPE_SMALL_INT": _not_boolean,
    "BOOL_TYPE_UNEXPECTED_STRING": _not_boolean,
    "BOOL_TYPE_UNEXPECTED_FLOAT": _not_boolean,
    "BOOL_TYPE_INVALID_CONFIG": _schema_is_wrong,
    "FEATURE_TYPE_HIGH_NUMBER_VALUES": _number_of_values,
    "FEATURE_TYPE_LOW_NUMBER_VALUES": _number_of_values,
    "VALUE_NESTEDNESS_MISMATCH": _number_of_values,
    "INVALID_FEATURE_SHAPE": _number_of_values,
    "FEATURE_TYPE_HIGH_UNIQUE": _uniques,
    "FEATURE_TYPE_LOW_UNIQUE": _uniques,
    "FEATURE_TYPE_NO_UNIQUE": _uniques,
    "COMPARATOR_L_INFTY_HIGH": _comparator,
    "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH": _comparator,
    "COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH": _comparator,
    "COMPARATOR_CONTROL_DATA_MISSING": _no_control,
    "COMPARATOR_TREATMENT_DATA_MISSING": _no_control,
    "COMPARATOR_LOW_NUM_EXAMPLES": _num_examples,
    "COMPARATOR_HIGH_NUM_EXAMPLES": _num_examples,
    "DATASET_LOW_NUM_EXAMPLES": _num_examples,
    "DATASET_HIGH_NUM_EXAMPLES": _num_examples,
    "DOMAIN_INVALID_FOR_TYPE": _schema_is_wrong,
    "FEATURE_MISSING_NAME": _schema_is_wrong,
    "FEATURE_MISSING_TYPE": _schema_is_wrong,
    "INVALID_SCHEMA_SPECIFICATION": _schema_is_wrong,
    "INVALID_DOMAIN_SPECIFICATION": _schema_is_wrong,
}
