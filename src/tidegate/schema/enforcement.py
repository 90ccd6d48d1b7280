"""Repair or report schema entries that TFDV silently ignores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tensorflow_metadata.proto.v0 import schema_pb2

from tidegate.core.verdict import Finding
from tidegate.schema.tfx_import import unenforced
from tidegate.statistics.model import FeatureSummary


def repair_for_tfdv(schema: Any) -> Any:
    """Copy a schema so that TFDV enforces all of it.

    TFDV compares the number of rows with `dataset_constraints.max_examples_count` only where
    `min_examples_count` is set too (`schema.cc`, in 1.16.1 as in 1.21), so 0 is set.
    """
    made = type(schema)()
    made.CopyFrom(schema)
    limits = made.dataset_constraints
    if limits.HasField("max_examples_count") and not limits.HasField("min_examples_count"):
        limits.min_examples_count = 0
    return made


def not_enforced(schema: Any, features: Mapping[str, FeatureSummary]) -> Iterator[Finding]:
    """Warn about each schema entry that no check enforces.

    A planned column, such as one that was empty when the schema was inferred, is named once it has
    values.
    """
    names = {feature.name for feature in schema.feature}
    planned = {f.name for f in schema.feature if f.lifecycle_stage == schema_pb2.PLANNED}
    for name in sorted(planned & features.keys()):
        if features[name].count:
            yield Finding(
                "schema_not_enforced",
                name,
                "warn",
                f"column {name!r} has {features[name].count:,} values, and schema.pbtxt only plans "
                "for it (it was empty when the schema was inferred), so nothing checks them; let "
                "tidegate schema propose give it a type, and approve that",
            )
    for phrase in unenforced(schema):
        subject = phrase.partition(": ")[0]
        if subject in planned:
            continue
        yield Finding(
            "schema_not_enforced",
            subject if subject in names else "",
            "warn",
            f"schema.pbtxt says what nothing checks, {phrase}; remove it, or say what it means in "
            "a rule of the contract",
        )
