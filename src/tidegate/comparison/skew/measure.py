"""Compare serving with training data: three kinds of skew, one verdict.

Fails closed: no rows, no column to join by, no common key, too few pairs of rows and a distance
that cannot be computed all hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tidegate.comparison.distance_findings import SKEW, check_measures
from tidegate.comparison.drift.compare import compare
from tidegate.comparison.drift.missing_and_new import compare_shares
from tidegate.comparison.skew.columns import column_findings, compare_columns, schema_findings
from tidegate.comparison.skew.distribution_findings import already_reported, distribution_findings
from tidegate.comparison.skew.join import joined
from tidegate.comparison.skew.key_findings import feature_findings, key_findings
from tidegate.comparison.skew.pairs import compare_pairs
from tidegate.comparison.skew.result import FeatureSkew, Keys, SetAside, Skew
from tidegate.comparison.skew.sides import JoinSide
from tidegate.contract import Contract
from tidegate.contract.severity import settled
from tidegate.core.codes import SETTABLE
from tidegate.core.text import count, percent
from tidegate.core.verdict import Finding, Verdict
from tidegate.data.sources.types import DOUBLE, INT
from tidegate.schema import SERVING, slices

#: TFDV's anomalies that a comparison of the columns would report again.
_OF_COLUMNS = {"schema_missing_column", "unexpected_data_type"}
_BAD = "quarantined_records"


def measure(training: JoinSide, serving: JoinSide, schema: Any, contract: Contract) -> Skew:
    """Measure and judge the skew between training and serving data.

    Args:
        training: The data a model learns from.
        serving: The data models received in production, with the training data's column names.
        schema: The schema to check the data against, in its environment SERVING.
        contract: The contract with `gates.skew`, `serving_key`, label and features.

    Raises:
        ContractError: its skew or serving section names a column that neither the training data
            nor the schema has, or limits a measure that a feature does not have.
        SchemaError: the schema is one TFDV cannot work with, or lacks the environment.
        StatisticsError: the rows of a side cannot be read.
    """
    known = dict.fromkeys([*training.schema.names, *(f.name for f in schema.feature)])
    contract.require_skew_columns(tuple(known))
    numbers = [f.name for f in training.schema if f.type in (INT, DOUBLE)]
    check_measures(contract.gates.skew.features, numbers, SKEW)
    empty = [_no_rows(side, what) for side, what in _sides(training, serving) if not side.rows]
    found: list[Finding] = [*empty]
    columns = compare_columns(training, serving, schema, contract)
    set_aside = (
        SetAside("training", training.bad_records, training.rows, training.bad_reasons),
        SetAside("serving", serving.bad_records, serving.rows, serving.bad_reasons),
    )
    found += _quarantined(set_aside[1], contract)
    keys = Keys((), training.rows, serving.rows)
    features: tuple[FeatureSkew, ...] = ()
    limits = contract.for_skew()
    if not empty:
        objected = list(schema_findings(serving, schema))
        gone = {f.subject for f in objected if f.code in _OF_COLUMNS}
        found += [*objected, *column_findings(columns, gone, contract)]
        found += slices.findings(
            serving.statistics,
            schema,
            limits,
            baseline=training.statistics,
            environment=SERVING,
            known=objected,
            baseline_name="the training data",
        )
        keys, features = _by_key(training, serving, contract)
        about_keys = list(key_findings(keys, contract))
        enough = not any(f.code == "too_few_pairs" for f in about_keys)
        found += [*about_keys, *feature_findings(features, enough=enough)]
    both = {c.column for c in columns if None not in (c.training_type, c.serving_type)}
    distances = compare(serving.statistics, training.statistics, limits)
    distances = [d for d in distances if d.feature in both]
    shares = compare_shares(serving.statistics, training.statistics, limits)
    if not empty:
        reported = already_reported(settled(found, contract), features)
        found += distribution_findings(distances, shares, reported, limits)
    return Skew(
        training=training.statistics.span,
        serving=serving.statistics.span,
        training_rows=training.rows,
        serving_rows=serving.rows,
        verdict=Verdict(tuple(settled(found, contract))),
        columns=columns,
        keys=keys,
        features=features,
        distances=tuple(distances),
        shares=tuple(shares),
        set_aside=set_aside,
    )


def _sides(
    training: JoinSide, serving: JoinSide
) -> tuple[tuple[JoinSide, str], tuple[JoinSide, str]]:
    return (training, "training"), (serving, "serving")


def _no_rows(side: JoinSide, what: str) -> Finding:
    return Finding(
        "no_examples",
        "",
        "hold",
        f"the {what} data {side.statistics.span!r} has no rows, so nothing can be compared; fix "
        "the source",
    )


def _quarantined(logs: SetAside, contract: Contract) -> Iterator[Finding]:
    severity = contract.gates.severity(_BAD, default=SETTABLE[_BAD])
    if logs.records and severity != "off":
        reasons = "; ".join(f"{reason} ({n:,})" for reason, n in logs.reasons)
        yield Finding(
            _BAD,
            "serving",
            severity,
            f"{count(logs.records, 'record')} ({percent(logs.share)}) of the serving data could "
            f"not be read and were not compared: {reasons}; fix what writes them",
        )


def _by_key(
    training: JoinSide, serving: JoinSide, contract: Contract
) -> tuple[Keys, tuple[FeatureSkew, ...]]:
    if not contract.serving_key:
        problem = (
            "nothing says which row of the serving data belongs to which of the training data, so "
            "no values were compared by key; give --key COLUMN, or name key or serving.key in the "
            "contract"
        )
        return Keys((), training.rows, serving.rows, problem=problem), ()
    for side, what in _sides(training, serving):
        missing = [c for c in contract.serving_key if c not in side.schema.names]
        if missing:
            problem = (
                f"the {what} data has no column {missing[0]!r}, which the key is made of, so no "
                "values could be compared; log it, give its other name in serving.columns, or "
                "another key in serving.key"
            )
            return Keys((), training.rows, serving.rows, problem=problem), ()
    with joined(training, serving, contract) as pairs:
        if not pairs.keys.pairs:
            return pairs.keys, ()
        return compare_pairs(pairs, contract)
