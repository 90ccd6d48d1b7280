"""The schema: what every later span is held against, inferred once and kept as TFMD text.

It is TFDV's inference with Tidegate's policy on top, and a file people may edit: whatever TFDV can
express in a schema, `validate` enforces.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import tidegate._quiet  # noqa: F401  (before TFDV)

# isort: split
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from tidegate.contract import Contract
from tidegate.errors import SchemaError
from tidegate.statistics.model import Statistics

TRAINING = "TRAINING"
SERVING = "SERVING"

#: A string column gets a closed domain up to this many distinct values (a domain is refused by
#: TFDV's validation above 400) ...
MAX_DOMAIN = 200
#: ... and if a value occurs this often on average: names that hardly repeat are no domain.
MIN_ROWS_PER_VALUE = 10
#: Share of a span's values that may lie outside a domain: a new airport with a few flights passes.
MAX_UNSEEN = 0.01
#: Share of rows in which a column that has never been empty may be empty.
MAX_MISSING = 0.01


def infer(statistics: Statistics, contract: Contract) -> Any:
    """The schema of a first span.

    Key, time and label must be there in every row. A feature that was never empty may become so
    in up to 1 % of the rows; one that was sometimes empty must not vanish (how much emptier it
    may become is judged against the previous span). String columns whose few values recur get a
    domain, of which 1 % of the values may stray, save time and excluded columns. Label, excluded
    columns and one that says the split are not expected in SERVING.

    Raises:
        SchemaError: the span has no rows.
        ContractError: the contract names a column the span does not have.
    """
    if statistics.num_examples() == 0:
        raise SchemaError(
            f"span {statistics.span!r} has no rows to infer a schema from; "
            "begin with a span that has"
        )
    features = statistics.features()
    contract.require_columns(list(features))
    schema = tfdv.infer_schema(
        statistics.as_list(), infer_feature_shape=False, max_string_domain_size=MAX_DOMAIN
    )
    schema.default_environment.extend([TRAINING, SERVING])
    required = {c for c in (*contract.key, contract.time, contract.label) if c is not None}
    open_ended = {contract.time, *contract.features.exclude}
    for feature in schema.feature:
        summary = features[feature.name]
        name_like = (summary.unique or 0) * MIN_ROWS_PER_VALUE > summary.count
        match feature.WhichOneof("domain_info"):
            case "domain" if name_like or feature.name in open_ended:
                _remove_domain(schema, feature)
            case "domain":
                feature.distribution_constraints.min_domain_mass = 1 - MAX_UNSEEN
            case "bool_domain" if (summary.min, summary.max) == (0, 1):
                pass
            # A constant 1 is no boolean (the month of January), nor are names made of digits
            # integers; TFDV takes them for such, and would hold the next span for it.
            case "bool_domain" | "int_domain" | "float_domain" as guessed:
                feature.ClearField(guessed)
        if feature.name in required:
            feature.presence.min_fraction = 1.0
            feature.presence.min_count = 1
        elif feature.presence.min_fraction == 1.0:
            feature.presence.min_fraction = 1 - MAX_MISSING
        only_training = {contract.label, contract.splits.column, *contract.features.exclude}
        if feature.name in only_training:
            feature.not_in_environment.append(SERVING)
    return schema


def _remove_domain(schema: Any, feature: Any) -> None:
    name = feature.domain
    feature.ClearField("domain")
    kept = [d for d in schema.string_domain if d.name != name]
    del schema.string_domain[:]
    schema.string_domain.extend(kept)


def write(schema: Any, directory: Path) -> None:
    """Write `schema.pbtxt`."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "schema.pbtxt").write_text(
        text_format.MessageToString(schema, as_utf8=True), encoding="utf-8"
    )


def read(directory: Path) -> Any:
    """Read `schema.pbtxt` in a directory; see `read_file`."""
    return read_file(directory / "schema.pbtxt")


def read_file(path: Path) -> Any:
    """Read a schema.

    Raises:
        SchemaError: it is missing, not a schema, or names no feature.
    """
    try:
        schema = text_format.Parse(path.read_text(encoding="utf-8"), schema_pb2.Schema())
    except (OSError, UnicodeDecodeError, text_format.ParseError) as error:
        raise SchemaError(
            f"cannot read {path}: {error}; restore it, or infer it again with caching off"
        ) from None
    if not schema.feature:
        raise SchemaError(
            f"{path} names no feature; restore it, or infer it again with caching off"
        )
    return schema


def digest(schema: Any) -> str:
    """SHA-256 of what the schema says, in hexadecimal; comments and layout do not count."""
    return hashlib.sha256(schema.SerializeToString(deterministic=True)).hexdigest()


def domain(schema: Any, name: str) -> tuple[str, ...]:
    """The values a string feature may have; empty where that is open."""
    for feature in schema.feature:
        if feature.name == name:
            if feature.WhichOneof("domain_info") == "string_domain":
                return tuple(feature.string_domain.value)
            for candidate in schema.string_domain:
                if feature.WhichOneof("domain_info") == "domain" and (
                    candidate.name == feature.domain
                ):
                    return tuple(candidate.value)
    return ()
