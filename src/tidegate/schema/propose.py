"""Propose the schema changes that spans need, with evidence for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2

from tidegate.core import _tfdv
from tidegate.core.text import count
from tidegate.numerics.intervals import wilson
from tidegate.schema import domains, files
from tidegate.schema.diff import diff, with_evidence
from tidegate.schema.evidence import Evidence, gather
from tidegate.schema.evidence_text import describe_evidence, misspelt
from tidegate.schema.inference import MAX_DOMAIN, learn
from tidegate.schema.proposal import Proposal
from tidegate.statistics.model import Statistics

if TYPE_CHECKING:
    from tidegate.contract import Contract

#: The most values of a domain; TFDV refuses larger ones.
_MOST_VALUES: Final = 2 * MAX_DOMAIN
#: Columns in these stages are not checked by TFDV.
_UNCHECKED: Final = ("PLANNED", "ALPHA", "DEPRECATED", "DEBUG_ONLY", "DISABLED")


def propose(
    schema: Any,
    spans: Sequence[Statistics],
    contract: Contract,
    *,
    base: str = "",
    environment: str = files.TRAINING,
) -> Proposal:
    """Propose the smallest schema changes that let these spans pass.

    New columns are added as they would be inferred. A column that no span has is dropped. Unknown
    values join the domain, except misspellings of a known value: they come from a broken writer. A
    column with more missing values may have them, up to the end of Wilson's interval in the worst
    span; a range is widened to the data; whole numbers become numbers. Constraints on shapes, on
    the number of rows, and on distances stay unchanged: `left` lists what still holds.

    Args:
        schema: The current schema; it is not modified.
        spans: The spans, the newest last.
        contract: The contract, which defines the role of each column.
        base: The version of `schema`.
        environment: The environment that the data is checked against.
    """
    found = gather(spans)
    made = schema_pb2.Schema()
    made.CopyFrom(schema)
    inferred = learn(spans, contract, complete=False).schema
    known = {f.name for f in schema.feature}
    for feature in list(made.feature):
        evidence = found.get(feature.name)
        if feature.lifecycle_stage == schema_pb2.PLANNED and evidence and evidence.count:
            # It comes anew, as it would be inferred now.
            known.remove(feature.name)
            _drop(made, feature)
            continue
        if not _is_expected(feature, schema, environment):
            continue
        if evidence is None:
            if feature.presence.min_count or feature.presence.min_fraction:
                _drop(made, feature)
        elif evidence.count:
            _widen(made, feature, evidence, inferred)
        else:
            feature.ClearField("presence")
    for feature in inferred.feature:
        if feature.name not in known:
            made.feature.append(feature)
            if feature.WhichOneof("domain_info") == "domain":
                made.string_domain.extend(
                    d for d in inferred.string_domain if d.name == feature.domain
                )
    rows = {s.span: s.num_examples() for s in spans}
    changes = tuple(
        with_evidence(c, describe_evidence(c, found, schema, rows, contract))
        for c in diff(schema, made)
    )
    left = tuple(dict.fromkeys([*_misspelt(schema, found), *_left(made, spans, environment)]))
    return Proposal(made, base, changes, tuple(rows), left=left)


def _is_expected(feature: Any, schema: Any, environment: str) -> bool:
    if feature.deprecated or (
        schema_pb2.LifecycleStage.Name(feature.lifecycle_stage) in _UNCHECKED
    ):
        return False
    listed = [*schema.default_environment, *feature.in_environment]
    return environment in listed and environment not in feature.not_in_environment


def _drop(schema: Any, feature: Any) -> None:
    schema.feature.remove(feature)
    _drop_unused(schema)


def _drop_unused(schema: Any) -> None:
    used = {f.domain for f in schema.feature if f.WhichOneof("domain_info") == "domain"}
    kept = [d for d in schema.string_domain if d.name in used]
    del schema.string_domain[:]
    schema.string_domain.extend(kept)


def _widen(schema: Any, feature: Any, evidence: Evidence, inferred: Any) -> None:
    """Widen one column's constraints to the data of the spans."""
    new = next(f for f in inferred.feature if f.name == feature.name)
    types = (feature.type, new.type)
    numbers = (schema_pb2.INT, schema_pb2.FLOAT)
    fits = types == numbers[::-1] or (types == numbers and evidence.is_whole)
    if feature.type != new.type and not fits:
        whole = types == numbers
        feature.type = new.type
        if not whole or feature.WhichOneof("domain_info") != "int_domain":
            feature.ClearField(feature.WhichOneof("domain_info") or "domain")
            feature.ClearField("distribution_constraints")
            _drop_unused(schema)
        else:
            low, high = feature.int_domain.min, feature.int_domain.max
            feature.float_domain.min, feature.float_domain.max = low, high
    shares = [1 - s.missing_fraction for s in evidence.summaries.values()]
    if feature.presence.min_fraction > min(shares):
        worst = max(evidence.summaries.values(), key=lambda s: s.missing_fraction)
        allowed = wilson(worst.missing_fraction, worst.rows)[1]
        feature.presence.min_fraction = max(0.0, int(1000 * (1 - allowed)) / 1000)
    least = min(s.count for s in evidence.summaries.values())
    feature.presence.min_count = min(feature.presence.min_count, least)
    if not feature.presence.min_count and not feature.presence.min_fraction:
        feature.ClearField("presence")
    match feature.WhichOneof("domain_info"):
        case "domain" | "string_domain":
            _widen_values(schema, feature, evidence)
        case "int_domain" | "float_domain" if feature.type != schema_pb2.BYTES:
            _widen_range(feature, evidence)
        case "bool_domain" if feature.type != schema_pb2.BYTES:
            _widen_flag(feature, evidence)
    if feature.HasField("unique_constraints") and feature.type == schema_pb2.BYTES:
        uniques = [s.unique or 0 for s in evidence.summaries.values()]
        limits = feature.unique_constraints
        limits.min, limits.max = min(limits.min, *uniques), max(limits.max, *uniques)


def _widen_values(schema: Any, feature: Any, evidence: Evidence) -> None:
    if feature.WhichOneof("domain_info") == "domain":
        domain = next((d for d in schema.string_domain if d.name == feature.domain), None)
    else:
        domain = feature.string_domain
    if domain is None:
        return
    there = set(domain.value)
    spelled = misspelt(evidence, domain.value)
    domain.value.extend(sorted(v for v in evidence.values if v not in there and v not in spelled))
    if len(domain.value) > _MOST_VALUES:
        feature.ClearField(str(feature.WhichOneof("domain_info")))
        feature.ClearField("distribution_constraints")
        _drop_unused(schema)


def _widen_range(feature: Any, evidence: Evidence) -> None:
    domain = getattr(feature, str(feature.WhichOneof("domain_info")))
    summaries = evidence.populated.values()
    lows = [s.min for s in summaries if s.min is not None]
    highs = [s.max for s in summaries if s.max is not None]
    number_ = int if feature.type == schema_pb2.INT else float
    if domain.HasField("min") and lows and min(lows) < domain.min:
        domain.min = number_(min(lows))
    if domain.HasField("max") and highs and max(highs) > domain.max:
        domain.max = number_(max(highs))
    if feature.WhichOneof("domain_info") == "float_domain":
        if any(s.nans for s in summaries):
            domain.disallow_nan = False
        if any(abs(v) == float("inf") for v in (*lows, *highs)):
            domain.disallow_inf = False


def _widen_flag(feature: Any, evidence: Evidence) -> None:
    numbers = [v for s in evidence.populated.values() for v in (s.min, s.max) if v is not None]
    if any(not 0 <= v <= 1 for v in numbers):
        feature.ClearField("bool_domain")


def _misspelt(schema: Any, found: Mapping[str, Evidence]) -> Iterator[str]:
    for name, evidence in found.items():
        for value, known in misspelt(evidence, domains.domain(schema, name)).items():
            yield (
                f"{name}: {value!r} ({count(evidence.values[value].count, 'row')}) looks like "
                f"{known!r} in another spelling; fix the source, or add it by an edit"
            )


def _left(schema: Any, spans: Sequence[Statistics], environment: str) -> Iterator[str]:
    for span in spans:
        reported = _tfdv.validate_statistics(
            span.as_expected(schema), schema, environment=environment
        )
        for name, info in sorted(reported.anomaly_info.items()):
            for reason in info.reason:
                if reason.type != anomalies_pb2.AnomalyInfo.UNEXPECTED_DATA_TYPE:
                    yield f"{name}: {' '.join(reason.description.split()).rstrip('. ')}"
        if reported.HasField("dataset_anomaly_info"):
            yield " ".join(reported.dataset_anomaly_info.description.split()).rstrip(". ")
