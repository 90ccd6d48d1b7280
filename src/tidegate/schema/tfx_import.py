"""Import schemas written for TFDV or TFX, and list unenforced entries.

Every constraint that TFDV enforces is kept. Entries listed as not enforced were tried on TFDV
1.16.1 (`validate_statistics` over statistics of flat columns); they are named, so that nobody
relies on them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from tensorflow_metadata.proto.v0 import schema_pb2

from tidegate.contract import Contract
from tidegate.core.errors import ContractError, SchemaError
from tidegate.schema.files import SERVING, TRAINING

_UNCHECKED_DOMAINS: Final = (
    "natural_language_domain",
    "image_domain",
    "mid_domain",
    "url_domain",
    "time_domain",
)
_UNCHECKED_STAGES: Final = ("PLANNED", "ALPHA", "DEPRECATED", "DEBUG_ONLY", "DISABLED")


@dataclass(frozen=True)
class Imported:
    """A schema prepared for a contract.

    Attributes:
        schema: A `schema_pb2.Schema`.
        added: The additions and removals with their reason; a line each.
        unenforced: The entries that no check enforces; a line each.
    """

    schema: Any
    added: tuple[str, ...]
    unenforced: tuple[str, ...]


def import_schema(schema: Any, contract: Contract) -> Imported:
    """Check a schema against a contract, and add the required environments.

    Raises:
        SchemaError: the contract names a column that the schema does not have.
    """
    made = schema_pb2.Schema()
    made.CopyFrom(schema)
    try:
        contract.require_columns([f.name for f in made.feature])
    except ContractError as error:
        raise SchemaError(
            str(error).replace("which the data does not have", "which the schema does not have")
        ) from None
    added = tuple(_prepare(made, contract))
    return Imported(made, added, tuple(unenforced(made)))


def _prepare(schema: Any, contract: Contract) -> Iterator[str]:
    for name in (TRAINING, SERVING):
        if name not in schema.default_environment:
            schema.default_environment.append(name)
            yield f"default_environment {name} added: runs ask for it"
    for feature in schema.feature:
        absent = feature.name in (contract.label, contract.splits.column)
        if absent and SERVING in feature.in_environment:
            raise SchemaError(
                f"column {feature.name!r} is the contract's label or split, and in_environment "
                f"expects it in {SERVING}; take it out there"
            )
        if absent and SERVING not in feature.not_in_environment:
            feature.not_in_environment.append(SERVING)
            yield f"{feature.name}: not_in_environment {SERVING} added: what is served has none"
        if feature.WhichOneof("domain_info") == "time_of_day_domain":
            feature.ClearField("time_of_day_domain")
            yield (
                f"{feature.name}: time_of_day_domain removed: TFDV fails on it, whatever the data"
            )
        values = feature.WhichOneof("domain_info") in ("domain", "string_domain")
        if feature.HasField("distribution_constraints") and not values:
            feature.ClearField("distribution_constraints")
            yield (
                f"{feature.name}: distribution_constraints removed: it has no domain, and TFDV "
                "fails on that, whatever the data"
            )


def unenforced(schema: Any) -> Iterator[str]:
    """List the schema entries that no check enforces, a line each."""
    for feature in schema.feature:
        for phrase in _of_feature(feature, schema):
            yield f"{feature.name}: {phrase}"
    for name, why in (
        ("sparse_feature", "rows are flat, without pairs of index and value"),
        ("weighted_feature", "rows are flat, without weights"),
        ("tensor_representation_group", "it says how to read, not what to expect"),
    ):
        if getattr(schema, name):
            yield f"{name}: {why}"
    if schema.HasField("dataset_constraints") and (
        schema.dataset_constraints.HasField("num_examples_version_comparator")
    ):
        yield "num_examples_version_comparator: no version of the same span is compared with"


def _of_feature(feature: Any, schema: Any) -> Iterator[str]:
    stage = schema_pb2.LifecycleStage.Name(feature.lifecycle_stage)
    if feature.deprecated or stage in _UNCHECKED_STAGES:
        yield f"nothing of it: it is {'deprecated' if feature.deprecated else stage}"
        return
    known = {TRAINING, SERVING}
    if not known & {*schema.default_environment, *feature.in_environment}:
        yield f"nothing of it: it is expected in neither {TRAINING} nor {SERVING}"
        return
    domain = feature.WhichOneof("domain_info")
    if domain in _UNCHECKED_DOMAINS:
        yield f"{domain}: values are not looked into"
    if domain == "struct_domain" or feature.type == schema_pb2.STRUCT:
        yield "its inner features: rows are flat"
    if feature.HasField("group_presence"):
        yield "group_presence: rows are flat"
    if feature.HasField("sequence_metadata"):
        yield "sequence_metadata: a row has one value"
    if feature.HasField("skew_comparator"):
        yield "skew_comparator: no serving statistics are compared with"
