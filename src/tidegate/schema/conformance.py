"""Validate a span against a schema with TFDV."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from tidegate.contract import Contract
from tidegate.core import _tfdv
from tidegate.core.errors import SchemaError
from tidegate.core.verdict import Finding
from tidegate.schema import anomalies
from tidegate.schema.enforcement import repair_for_tfdv
from tidegate.statistics.model import FeatureSummary, Statistics

_AT_A_TIME: Final = 200
_LABEL_PRESENCE = {
    "schema_missing_column",
    "feature_type_not_present",
    "feature_type_low_fraction_present",
    "feature_type_low_number_present",
}


def validate_with_tfdv(
    statistics: Statistics, schema: Any, baseline: Statistics | None, environment: str
) -> Any:
    """TFDV's `Anomalies` for a span.

    Raises:
        SchemaError: the schema is one TFDV cannot work with, or lacks the environment.
    """
    if environment not in schema.default_environment:
        known = ", ".join(schema.default_environment) or "none"
        raise SchemaError(
            f"schema.pbtxt does not know the environment {environment!r} (it has: {known}); add "
            f'default_environment: "{environment}"'
        )
    known = repair_for_tfdv(schema)
    now = statistics.as_expected(schema)
    before = baseline.as_list() if baseline is not None and baseline.num_examples() else None
    try:
        found = [
            _tfdv.validate_statistics(
                _narrow(now, names),
                _narrow_schema(known, names),
                environment=environment,
                previous_statistics=None if before is None else _narrow(before, names),
            )
            for names in _parts(statistics, known)
        ]
    except (ValueError, TypeError, RuntimeError) as error:
        raise SchemaError(
            f"TFDV cannot validate with schema.pbtxt: {' '.join(str(error).split())}; correct it"
        ) from None

    for more in found[1:]:
        for name, info in more.anomaly_info.items():
            found[0].anomaly_info[name].CopyFrom(info)
        found[0].drift_skew_info.extend(more.drift_skew_info)
    return found[0]


def _parts(statistics: Statistics, schema: Any) -> list[frozenset[str]]:
    """The columns that TFDV validates at a time: its time grows with their square.

    All together where the schema has features made of several columns.
    """
    names = list(dict.fromkeys([*statistics.features(), *(f.name for f in schema.feature)]))
    size = len(names) if schema.sparse_feature or schema.weighted_feature else _AT_A_TIME
    starts = range(0, max(len(names), 1), max(size, 1))
    return [frozenset(names[start : start + size]) for start in starts]


def _narrow(statistics: Any, names: frozenset[str]) -> Any:
    made = statistics_pb2.DatasetFeatureStatisticsList()
    (whole,) = statistics.datasets
    dataset = made.datasets.add(name=whole.name, num_examples=whole.num_examples)
    dataset.weighted_num_examples = whole.weighted_num_examples
    dataset.features.extend(f for f in whole.features if f.path.step[0] in names)
    return made


def _narrow_schema(schema: Any, names: frozenset[str]) -> Any:
    if all(f.name in names for f in schema.feature):
        return schema
    made = schema_pb2.Schema()
    made.CopyFrom(schema)
    del made.feature[:]
    made.feature.extend(f for f in schema.feature if f.name in names)
    return made


def findings(
    found: Any,
    features: dict[str, FeatureSummary],
    schema: Any,
    contract: Contract,
    environment: str,
    label_is_reported: bool,
) -> Iterable[Finding]:
    """Turn TFDV's anomalies into findings of the verdict.

    Args:
        found: TFDV's `Anomalies`.
        features: The columns that were validated.
        schema: The schema they were validated against.
        contract: The contract. For a column it excludes, only absence holds.
        environment: The schema's environment.
        label_is_reported: Whether a graver finding about the label exists already.
    """
    if found.data_missing:
        yield Finding(
            "no_data_in_span", "", "hold", "TFDV found no data in the statistics; fix the source"
        )
    for finding in anomalies.findings(
        found, features=features, schema=schema, environment=environment
    ):
        if (
            label_is_reported
            and finding.subject == contract.label
            and finding.code in _LABEL_PRESENCE
        ):
            continue
        excluded = finding.subject in contract.features.exclude
        if excluded and finding.code != "schema_missing_column" and finding.severity == "hold":
            yield Finding(
                finding.code, finding.subject, "warn", f"{finding.message} (no model sees it)"
            )
            continue
        yield finding
