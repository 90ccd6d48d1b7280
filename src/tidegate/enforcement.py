"""What TFDV leaves unchecked in silence: mended where that is possible, and told where not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from tidegate.verdict import Finding

#: Fields of a feature that need statistics which flat columns do not have, or a third data set.
_FIELDS: Final = {
    "image_domain": "statistics of images",
    "natural_language_domain": "statistics of tokens",
    "mid_domain": "nothing that TFDV checks",
    "url_domain": "nothing that TFDV checks",
    "time_domain": "nothing that TFDV checks",
    "time_of_day_domain": "nothing that TFDV checks",
    "group_presence": "nested columns",
    "sequence_metadata": "columns of lists",
    "skew_comparator": "serving statistics beside these",
}


def mended(schema: Any) -> Any:
    """A copy of a schema that TFDV enforces whole.

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
    """A finding for each entry of a schema that nothing here can check."""
    for feature in schema.feature:
        for field, needed in _FIELDS.items():
            if field in feature.DESCRIPTOR.fields_by_name and feature.HasField(field):
                yield _finding(feature.name, f"{field} of column {feature.name!r}", needed)
    for kind in ("sparse_feature", "weighted_feature"):
        for feature in getattr(schema, kind):
            yield _finding(feature.name, f"{kind} {feature.name!r}", "columns of lists")


def _finding(subject: str, entry: str, needed: str) -> Finding:
    return Finding(
        "schema_not_enforced",
        subject,
        "warn",
        f"the {entry} in schema.pbtxt is not checked: it needs {needed}; remove it, or say what it "
        "means in a rule of the contract",
    )
