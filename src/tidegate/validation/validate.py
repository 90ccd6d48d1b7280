"""Run every check on a span and decide the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tensorflow_metadata.proto.v0 import anomalies_pb2

from tidegate.comparison.distance_findings import DRIFT, check_measures
from tidegate.comparison.drift.compare import compare
from tidegate.comparison.drift.findings import (
    drift_findings,
    share_findings,
    with_accepted_changes,
)
from tidegate.comparison.drift.learned import Steps
from tidegate.contract import Contract
from tidegate.contract.severity import settled
from tidegate.core.verdict import Verdict
from tidegate.data.examples import Examples
from tidegate.numerics.distances import Distance
from tidegate.schema import TRAINING, slices
from tidegate.schema import conformance as against
from tidegate.schema.enforcement import not_enforced
from tidegate.statistics.model import Statistics
from tidegate.validation.checks import basic, shifts
from tidegate.validation.checks.columns import quality_findings
from tidegate.validation.checks.leaks import leak_findings
from tidegate.validation.checks.needs import needs_findings
from tidegate.validation.checks.rows import Past
from tidegate.validation.result import Validation
from tidegate.validation.rules import (
    AnomalousRows,
    RuleResult,
    anomalous_rows,
    judge,
    opened,
    rule_findings,
)


def validate(
    statistics: Statistics,
    schema: Any,
    contract: Contract,
    *,
    baseline: Statistics | None,
    examples: Examples | None = None,
    environment: str = TRAINING,
    history: Sequence[Past] = (),
    steps: Steps | None = None,
    now: datetime | None = None,
) -> Validation:
    """Judge a span.

    Args:
        statistics: The statistics of the span.
        schema: The schema to check it against; see `tidegate.schema`.
        contract: The contract with gates, key, time, label and features.
        baseline: The statistics it is compared with; None if there are none.
        examples: The rows behind the statistics; without them no row is counted or shown, and the
            contract's rules over examples are not evaluated.
        environment: TRAINING, where the label must be there, or SERVING, where it is absent.
        history: The accepted spans before this one, the newest last.
        steps: The distances between accepted spans, for features whose limit is `learned`.
        now: The time at which freshness is judged; the current time by default.

    Raises:
        ContractError: a measure is limited that a feature does not have.
        SchemaError: the schema is one TFDV cannot work with, or lacks the environment.
    """
    rows = statistics.num_examples()
    found = [*basic.too_few(statistics, contract), *basic.leakage(statistics, contract)]
    reported = anomalies_pb2.Anomalies()
    distances: list[Distance] = []
    rules: list[RuleResult] = []
    anomalous: list[AnomalousRows] = []
    if rows:
        features = statistics.features()
        numbers = [name for name, f in features.items() if f.type != "string"]
        check_measures(contract.gates.drift.features, numbers, DRIFT)
        reported = against.validate_with_tfdv(statistics, schema, baseline, environment)
        label = list(basic.label_findings(statistics, contract)) if environment == TRAINING else []
        found += label
        if environment == TRAINING and not label:
            found += leak_findings(statistics, contract, examples)
        found += against.findings(reported, features, schema, contract, environment, bool(label))
        found += slices.findings(
            statistics,
            schema,
            contract,
            baseline=baseline,
            environment=environment,
            known=found,
        )
        found += not_enforced(schema, features)
        found += basic.not_computable(features, contract)
        found += basic.out_of_domain_values(features, schema, contract)
        absent = None if environment == TRAINING else contract.label
        found += needs_findings(features, contract, absent=absent)
        found += quality_findings(statistics, contract, baseline=baseline, history=history, now=now)
        if baseline is not None and baseline.num_examples():
            distances = compare(statistics, baseline, contract, steps=steps)
            moved = drift_findings(distances, contract)
            moved += share_findings(statistics, baseline, contract, moved=moved)
            # A label that cannot be learnt is reported once.
            moved = [f for f in moved if not (label and f.subject == contract.label)]
            found += with_accepted_changes(moved, contract, span=statistics.span)
    found += basic.baseline_findings(statistics, baseline)
    shift, skipped = shifts.measured(statistics, baseline, contract)
    found += shifts.findings(shift, skipped, baseline, contract)
    found = list(settled(found, contract))
    if rows and (contract.rules or examples is not None):
        before = None if baseline is None else baseline.features()
        with opened(examples, statistics.features(), before) as database:
            rules = judge(contract, database)
            anomalous = anomalous_rows(found, database, schema=schema, contract=contract)
        found += settled(rule_findings(rules), contract)
    return Validation(
        span=statistics.span,
        baseline_span=None if baseline is None else baseline.span,
        environment=environment,
        num_examples=rows,
        verdict=Verdict(tuple(found)),
        distances=tuple(distances),
        anomalies=reported,
        rules=tuple(rules),
        anomalous=tuple(anomalous),
        shift=shift,
        shift_skipped=skipped,
    )
