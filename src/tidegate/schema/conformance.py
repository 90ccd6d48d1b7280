"""Validate a span against a schema with TFDV."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tidegate.contract import Contract
from tidegate.core import _tfdv
from tidegate.core.errors import SchemaError
from tidegate.core.verdict import Finding
from tidegate.schema import anomalies
from tidegate.schema.enforcement import repair_for_tfdv
from tidegate.statistics.model import FeatureSummary, Statistics

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
    try:
        return _tfdv.validate_statistics(
            statistics.as_expected(schema),
            repair_for_tfdv(schema),
            environment=environment,
            previous_statistics=baseline.as_list()
            if baseline is not None and baseline.num_examples()
            else None,
        )
    except (ValueError, TypeError, RuntimeError) as error:
        raise SchemaError(
            f"TFDV cannot validate with schema.pbtxt: {' '.join(str(error).split())}; correct it"
        ) from None


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
