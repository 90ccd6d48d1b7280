"""Is this span what the model was promised? Against the schema, the contract and the span before.

Fails closed: no rows, too few rows, a label that cannot be learnt, a statistic or a distance that
cannot be computed all hold.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import tidegate._quiet  # noqa: F401  (before TFDV)

# isort: split
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2

from tidegate import anomalies
from tidegate.contract import Contract
from tidegate.distances import Distance
from tidegate.drift.compare import check_measures, compare
from tidegate.drift.findings import drift_findings, share_findings
from tidegate.drift.learned import Steps
from tidegate.enforcement import mended, not_enforced
from tidegate.errors import SchemaError, StatisticsError
from tidegate.examples import Examples
from tidegate.needs import needs_findings
from tidegate.quality.findings import quality_findings
from tidegate.quality.rows import Past
from tidegate.rules import AnomalousRows, RuleResult, anomalous_rows, judge, opened, rule_findings
from tidegate.schema import TRAINING, domain
from tidegate.severities import settled
from tidegate.statistics.model import FeatureSummary, Statistics
from tidegate.verdict import Finding, Verdict

#: A value that differs from a known one only in case or spaces comes from a broken writer: it
#: holds above this share of the values, a tenth of what is tolerated of values nobody has seen.
MAX_RESPELLED = 0.001

_LABEL_PRESENCE = {
    "schema_missing_column",
    "feature_type_not_present",
    "feature_type_low_fraction_present",
    "feature_type_low_number_present",
}


@dataclass(frozen=True)
class Validation:
    """What the gate before training found.

    Attributes:
        span: The span that was judged.
        baseline_span: The span it was compared with; None if there was none.
        environment: The environment of the schema it was held against.
        num_examples: Its rows.
        verdict: Whether it passes, and everything that was noticed.
        distances: Of every column from the baseline, whether judged or not.
        anomalies: TFDV's `Anomalies` proto.
        rules: The contract's rules, judged; empty where the span has no rows.
        anomalous: The rows behind the findings that say something of single rows; empty where
            only statistics were given.
    """

    span: str
    baseline_span: str | None
    environment: str
    num_examples: int
    verdict: Verdict
    distances: tuple[Distance, ...]
    anomalies: Any
    rules: tuple[RuleResult, ...] = ()
    anomalous: tuple[AnomalousRows, ...] = ()

    @property
    def bootstrap(self) -> bool:
        """True if there was no span to compare with."""
        return self.baseline_span is None

    def to_json(self) -> dict[str, Any]:
        """What `validation.json` holds: all but TFDV's proto."""
        return {
            "span": self.span,
            "baseline_span": self.baseline_span,
            "environment": self.environment,
            "num_examples": self.num_examples,
            "status": self.verdict.status,
            "findings": self.verdict.to_json(),
            "rules": [r.to_json() for r in self.rules],
            "anomalous": [asdict(a) for a in self.anomalous],
            "distances": [asdict(d) for d in self.distances],
        }

    def write(self, directory: Path) -> None:
        """Write `validation.json` and TFDV's `anomalies.pbtxt`."""
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "validation.json").write_text(
            json.dumps(self.to_json(), indent=2, allow_nan=False, ensure_ascii=False) + "\n",
            encoding="utf-8",
        )
        (directory / "anomalies.pbtxt").write_text(
            text_format.MessageToString(self.anomalies, as_utf8=True), encoding="utf-8"
        )

    @classmethod
    def read(cls, directory: Path) -> Validation:
        """Read back what `write` wrote.

        Raises:
            StatisticsError: a file is missing, cut short or contradicts itself.
        """
        try:
            document = json.loads((directory / "validation.json").read_text(encoding="utf-8"))
            verdict = Verdict.from_json(document["findings"])
            if verdict.status != document["status"]:
                raise ValueError("its status is not what its findings say")
            return cls(
                span=document["span"],
                baseline_span=document["baseline_span"],
                environment=document["environment"],
                num_examples=document["num_examples"],
                verdict=verdict,
                distances=tuple(Distance.of(d) for d in document["distances"]),
                anomalies=text_format.Parse(
                    (directory / "anomalies.pbtxt").read_text(encoding="utf-8"),
                    anomalies_pb2.Anomalies(),
                ),
                rules=tuple(RuleResult.from_json(r) for r in document["rules"]),
                anomalous=tuple(AnomalousRows.from_json(a) for a in document["anomalous"]),
            )
        except (OSError, ValueError, KeyError, TypeError, text_format.ParseError) as error:
            raise StatisticsError(
                f"cannot read the validation in {directory}: {error}; validate the span again"
            ) from None


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
        statistics: Of the span.
        schema: What it is held against; see `tidegate.schema`.
        contract: Its gates, and which columns are key, time, label and features.
        baseline: The statistics it is compared with; None if there are none.
        examples: The rows the statistics are of; without them no row is counted or shown, and
            the contract's rules over examples are not evaluated.
        environment: TRAINING, where the label must be there, or SERVING, where it is absent.
        history: Accepted spans before this one, the newest last.
        steps: The distances between accepted spans, for features whose limit is `learned`.
        now: When freshness is judged; the clock's time by default.

    Raises:
        ContractError: a measure is limited that a feature does not have.
        SchemaError: the schema is one TFDV cannot work with, or lacks the environment.
    """
    rows = statistics.num_examples()
    found = [*_too_few(statistics, contract), *_leakage(statistics, contract)]
    reported = anomalies_pb2.Anomalies()
    distances: list[Distance] = []
    rules: list[RuleResult] = []
    anomalous: list[AnomalousRows] = []
    if rows:
        features = statistics.features()
        check_measures(features, contract)
        reported = _tfdv(statistics, schema, baseline, environment)
        label = list(_label(statistics, contract)) if environment == TRAINING else []
        found += label
        found += _from_tfdv(reported, features, schema, contract, environment, bool(label))
        found += not_enforced(schema)
        found += _not_computable(features, contract)
        found += _strays(features, schema, contract)
        absent = None if environment == TRAINING else contract.label
        found += needs_findings(features, contract, absent=absent)
        found += quality_findings(statistics, contract, baseline=baseline, history=history, now=now)
        if baseline is not None and baseline.num_examples():
            distances = compare(statistics, baseline, contract, steps=steps)
            moved = drift_findings(distances, contract)
            found += moved
            found += share_findings(statistics, baseline, contract, moved=moved)
    found += _about_baseline(statistics, baseline)
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
    )


def _tfdv(
    statistics: Statistics, schema: Any, baseline: Statistics | None, environment: str
) -> Any:
    if environment not in schema.default_environment:
        known = ", ".join(schema.default_environment) or "none"
        raise SchemaError(
            f"schema.pbtxt does not know the environment {environment!r} (it has: {known}); add "
            f'default_environment: "{environment}"'
        )
    try:
        return tfdv.validate_statistics(
            statistics.as_list(),
            mended(schema),
            environment=environment,
            previous_statistics=baseline.as_list()
            if baseline is not None and baseline.num_examples()
            else None,
        )
    except (ValueError, TypeError, RuntimeError) as error:
        raise SchemaError(
            f"TFDV cannot validate with schema.pbtxt: {' '.join(str(error).split())}; correct it"
        ) from None


def _too_few(statistics: Statistics, contract: Contract) -> Iterable[Finding]:
    rows = statistics.num_examples()
    if rows == 0:
        yield Finding(
            "no_examples", "", "hold", f"span {statistics.span!r} has no rows; fix the source"
        )
        return
    if rows < contract.gates.min_examples:
        yield Finding(
            "too_few_examples",
            "",
            "hold",
            f"span {statistics.span!r} has {rows:,} rows, fewer than the "
            f"{contract.gates.min_examples:,} of gates.min_examples: too few to judge; take a "
            "longer span, or lower it",
        )
    for split in statistics.splits:
        if statistics.num_examples(split) == 0:
            yield Finding(
                "empty_split",
                "",
                "hold",
                f"split {split!r} of span {statistics.span!r} has no rows; take a longer span, or "
                "change splits in the contract",
            )


def _leakage(statistics: Statistics, contract: Contract) -> Iterable[Finding]:
    by_hash = contract.splits.by != "time" and contract.splits.column is None
    for fact in statistics.leakage:
        columns = ", ".join(fact.columns)
        said = f"of {fact.values:,} values of {columns} stand in more than one split"
        if not fact.shared:
            yield Finding("no_leakage", columns, "info", f"none {said}")
        elif by_hash and fact.columns == contract.split_columns:
            yield Finding(
                "leakage",
                columns,
                "hold",
                f"{fact.shared:,} {said}, and splits.by hashes them: the examples are not what "
                "they should be; ingest the span again",
            )
        else:
            yield Finding(
                "leakage",
                columns,
                "warn",
                f"{fact.shared:,} {said}: what a model learns of them by heart helps it on eval; "
                f"splits.by: hash({columns}) keeps each in one",
            )


def _label(statistics: Statistics, contract: Contract) -> Iterable[Finding]:
    name = contract.label
    if name is None:
        return
    for split in statistics.splits:
        summary = statistics.features(split).get(name)
        where = "" if split == "all" else f" in split {split!r}"
        if summary is None:
            yield Finding(
                "label_absent",
                name,
                "hold",
                f"the label {name!r} is not in the data; restore it in the source, or name "
                "another label in the contract",
            )
            return
        if summary.missing + summary.nans:
            yield Finding(
                "label_missing_values",
                name,
                "hold",
                f"the label {name!r} is missing in {summary.missing + summary.nans:,} of "
                f"{summary.rows:,} rows; fix the source, or leave out rows that have none yet",
            )
            return
        if summary.rows and _one_value(summary):
            value = summary.top_values[0][0] if summary.top_values else f"{summary.min:g}"
            yield Finding(
                "label_one_value",
                name,
                "hold",
                f"the label {name!r} has one value only{where} ({value!r} in {summary.rows:,} "
                "rows): there is nothing to learn; take a longer span or fix the source",
            )
            return


def _one_value(summary: FeatureSummary) -> bool:
    return summary.unique == 1 if summary.type == "string" else summary.min == summary.max


def _from_tfdv(
    reported: Any,
    features: dict[str, FeatureSummary],
    schema: Any,
    contract: Contract,
    environment: str,
    label_is_told: bool,
) -> Iterable[Finding]:
    if reported.data_missing:
        yield Finding(
            "no_data_in_span", "", "hold", "TFDV found no data in the statistics; fix the source"
        )
    for finding in anomalies.findings(
        reported, features=features, schema=schema, environment=environment
    ):
        if label_is_told and finding.subject == contract.label and finding.code in _LABEL_PRESENCE:
            continue
        excluded = finding.subject in contract.features.exclude
        if excluded and finding.code != "schema_missing_column" and finding.severity == "hold":
            yield Finding(
                finding.code, finding.subject, "warn", f"{finding.message} (no model sees it)"
            )
            continue
        yield finding


def _not_computable(features: dict[str, FeatureSummary], contract: Contract) -> Iterable[Finding]:
    for name, summary in features.items():
        if summary.type == "string" or summary.count == 0:
            continue
        figures = {"mean": summary.mean, "std": summary.std, "median": summary.median}
        wrong = [k for k, v in figures.items() if v is None or not math.isfinite(v)]
        if wrong:
            yield Finding(
                "statistic_not_computable",
                name,
                "warn" if name in contract.not_features else "hold",
                f"{', '.join(wrong)} of column {name!r} cannot be computed: {summary.nans:,} of "
                f"{summary.count:,} values are NaN, the others from {summary.min} to "
                f"{summary.max}; fix the source",
            )
        elif summary.nans and name not in contract.not_features:
            yield Finding(
                "nan_values",
                name,
                "warn",
                f"feature {name!r} has {summary.nans:,} values of {summary.count:,} that are NaN; "
                "write a missing value instead",
            )


def _strays(
    features: dict[str, FeatureSummary], schema: Any, contract: Contract
) -> Iterable[Finding]:
    """Values outside a closed domain that are too few for TFDV's limit."""
    for feature in schema.feature:
        summary, known = features.get(feature.name), domain(schema, feature.name)
        if summary is None or not known or not summary.top_values:
            continue
        values = anomalies.unseen(summary, known)
        share = sum(c for _, c in values) / summary.count
        tolerated = 1 - feature.distribution_constraints.min_domain_mass
        if not values or share > tolerated:
            continue
        spelled = anomalies.respelled(values, known)
        respelled = [(v, c) for v, c in values if v in spelled]
        if sum(c for _, c in respelled) / summary.count > MAX_RESPELLED:
            pairs = ", ".join(f"{v!r} for {spelled[v]!r}" for v, _ in respelled[: anomalies.SHOWN])
            yield Finding(
                "respelled_values",
                feature.name,
                "warn" if feature.name in contract.features.exclude else "hold",
                f"column {feature.name!r} spells known values in another way ({pairs}; "
                f"{sum(c for _, c in respelled):,} rows); fix the source, or add them to its "
                "domain in schema.pbtxt",
            )
        else:
            yield Finding(
                "unseen_values",
                feature.name,
                "warn",
                f"column {feature.name!r} has values nobody has seen: "
                f"{anomalies.shown(values, summary.count)}, below the {tolerated:.2%} that are "
                "tolerated; add them to its domain in schema.pbtxt if they are to stay",
            )


def _about_baseline(statistics: Statistics, baseline: Statistics | None) -> Iterable[Finding]:
    if baseline is None:
        yield Finding(
            "no_baseline",
            "",
            "warn",
            f"there is no span before {statistics.span!r} to compare with: drift is not judged",
        )
    elif baseline.num_examples() == 0:
        yield Finding(
            "empty_baseline",
            "",
            "hold",
            f"the baseline, span {baseline.span!r}, has no rows: drift cannot be judged; choose "
            "another",
        )
