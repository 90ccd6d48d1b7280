"""Infer a schema from spans: TFDV's inference with Tidegate's policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from tensorflow_metadata.proto.v0 import schema_pb2

from tidegate.contract import Contract
from tidegate.core import _tfdv
from tidegate.core.errors import SchemaError
from tidegate.schema.evidence import Bound, Evidence, gather
from tidegate.schema.files import SERVING, TRAINING
from tidegate.statistics.model import Statistics

#: A string column gets a closed domain up to this many distinct values (a domain is refused by
#: TFDV's validation above 400) ...
MAX_DOMAIN: Final = 200
#: ... and if a value occurs this often on average: names that hardly repeat are no domain.
MIN_ROWS_PER_VALUE: Final = 10

_TYPES: Final = {"int": schema_pb2.INT, "float": schema_pb2.FLOAT, "string": schema_pb2.BYTES}


@dataclass(frozen=True)
class Learnt:
    """A schema inferred from spans.

    Attributes:
        schema: A `schema_pb2.Schema`.
        bounds: Its bounds, each with the reason.
    """

    schema: Any
    bounds: tuple[Bound, ...]


def infer(statistics: Statistics | Sequence[Statistics], contract: Contract) -> Any:
    """Infer the schema of one span or many; see `learn`."""
    return learn(statistics, contract).schema


def learn(
    statistics: Statistics | Sequence[Statistics], contract: Contract, *, complete: bool = True
) -> Learnt:
    """Infer a schema and the evidence for its bounds.

    Key, time and label must be there in every row. A feature that was never empty may be empty in
    up to 1 % of the rows; one that was sometimes empty must not vanish (how much emptier it may
    become is judged against the previous span, and bounded here where there are three spans or
    more). String columns whose few values recur get a domain, from which 1 % of the values may
    deviate, except time and excluded columns. Numeric features get a range from three spans on. A
    column that a span lacks is optional; one that is empty in all spans is planned: no check judges
    its type or presence until it has a value. Label, excluded columns and the split column are not
    expected in SERVING. `tidegate.schema.evidence` explains how bounds are found.

    Args:
        statistics: The statistics of one span, or of several, the newest last.
        contract: The contract, which defines the role of each column.
        complete: Whether every column that the contract names must be there.

    Raises:
        SchemaError: a span has no rows, or a column is text in one and numbers in another.
        ContractError: the contract names a column that no span has.
    """
    spans = [statistics] if isinstance(statistics, Statistics) else list(statistics)
    for span in spans:
        if span.num_examples() == 0:
            raise SchemaError(
                f"span {span.span!r} has no rows to infer a schema from; begin with a span that has"
            )
    found = gather(spans)
    if complete:
        contract.require_columns([*found, *(c for span in spans for c in span.columns)])
    guesses = {
        s.span: {
            f.name: f
            for f in _tfdv.infer_schema(s.as_list(), max_string_domain_size=MAX_DOMAIN).feature
        }
        for s in spans
    }
    schema = schema_pb2.Schema(default_environment=[TRAINING, SERVING])
    bounds: list[Bound] = []
    for name, evidence in found.items():
        filled = [*(evidence.populated or evidence.summaries)]
        guessed = [guesses[span][name] for span in filled]
        feature = schema.feature.add()
        feature.CopyFrom(guessed[-1])
        feature.ClearField(feature.WhichOneof("domain_info") or "domain")
        feature.type = _TYPES[evidence.kind]
        _describe(schema, feature, evidence, guessed, contract, bounds)
        _require(feature, evidence, contract, bounds)
        only_training = {contract.label, contract.splits.column, *contract.features.exclude}
        if name in only_training:
            feature.not_in_environment.append(SERVING)
    return Learnt(schema, tuple(bounds))


def _describe(
    schema: Any,
    feature: Any,
    evidence: Evidence,
    guessed: Sequence[Any],
    contract: Contract,
    bounds: list[Bound],
) -> None:
    """Set a column's allowed values where evidence bounds them."""
    kinds = {guess.WhichOneof("domain_info") for guess in guessed}
    summaries = evidence.populated.values()
    # A constant 1 is no boolean (the month of January), nor are names made of digits integers;
    # TFDV takes them for such, and would hold the next span for it.
    if kinds == {"bool_domain"} and feature.type != schema_pb2.BYTES:
        if (min(s.min or 0 for s in summaries), max(s.max or 0 for s in summaries)) == (0, 1):
            feature.bool_domain.SetInParent()
        return
    if feature.type != schema_pb2.BYTES:
        bound = evidence.range() if feature.name not in contract.not_features else None
        if bound is not None:
            bounds.append(bound)
            if feature.type == schema_pb2.INT:
                feature.int_domain.min, feature.int_domain.max = int(bound.low), int(bound.high)
            else:
                feature.float_domain.min, feature.float_domain.max = bound.low, bound.high
        return
    values = evidence.values
    unique = max((s.unique or 0 for s in summaries), default=0)
    name_like = max(unique, len(values)) * MIN_ROWS_PER_VALUE > evidence.count
    open_ended = feature.name in {contract.time, *contract.features.exclude}
    if kinds != {"domain"} or name_like or open_ended or len(values) > MAX_DOMAIN:
        return
    bound = evidence.mass()
    bounds.append(bound)
    feature.domain = feature.name
    feature.distribution_constraints.min_domain_mass = bound.low
    schema.string_domain.add(name=feature.name, value=sorted(values))


def _require(feature: Any, evidence: Evidence, contract: Contract, bounds: list[Bound]) -> None:
    """Set in how many rows a column must have a value."""
    feature.ClearField("presence")
    required = feature.name in (*contract.key, contract.time, contract.label)
    if not evidence.populated and not required:
        # Nothing is known of its type, and TFDV asks a column that is expected for a value.
        feature.lifecycle_stage = schema_pb2.PLANNED
        return
    if evidence.absent:
        return
    feature.presence.min_count = 1
    if required:
        feature.presence.min_fraction = 1.0
        return
    bound = evidence.presence()
    if bound is not None:
        bounds.append(bound)
        feature.presence.min_fraction = bound.low
