"""Repair or report schema entries that TFDV silently ignores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tidegate.core.verdict import Finding
from tidegate.schema.tfx_import import unenforced


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


def not_enforced(schema: Any) -> Iterator[Finding]:
    """Warn about each schema entry that no check enforces."""
    names = {feature.name for feature in schema.feature}
    for phrase in unenforced(schema):
        subject = phrase.partition(": ")[0]
        yield Finding(
            "schema_not_enforced",
            subject if subject in names else "",
            "warn",
            f"schema.pbtxt says what nothing checks, {phrase}; remove it, or say what it means in "
            "a rule of the contract",
        )
