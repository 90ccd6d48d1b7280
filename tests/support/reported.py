"""What pages are about: rows, verdicts, evaluations and runs, all with hostile text."""

from dataclasses import replace

import numpy as np
import pyarrow as pa

from tests.support.pages import HOSTILE, HOSTILE_VALUE
from tidegate.contract import Contract
from tidegate.core.verdict import Finding, Verdict
from tidegate.model.evaluation import Metric, MetricChange, SliceResult
from tidegate.numerics.metrics import METRICS as DEFINITIONS
from tidegate.report.run import summary as run_summary
from tidegate.statistics import compute_table
from tidegate.validation.rules import AnomalousRows, Rows, RuleResult


def contract_on(columns, /, **sections):
    lines = [
        "dataset: flights",
        "source: {uri: '{YYYY}-{MM}.csv', format: csv}",
        f"key: [{columns[0]!r}]",
        *(f"{k}: {v}" for k, v in sections.items()),
    ]
    return Contract.parse("\n".join(lines))


def table(rows, *, seed=0, shift=0.0, carrier="UA", features=()):
    rng = np.random.default_rng(seed)
    share = [0.4, 0.35, 0.25]
    columns = {
        "id": np.arange(rows).astype(str),
        "distance": rng.normal(1000 + shift, 200, rows),
        "hour": rng.integers(5, 24, rows),
        "carrier": rng.choice([carrier, "AA", "DL"], rows, p=share),
        HOSTILE: rng.choice([HOSTILE_VALUE, "b"], rows),
        "late": rng.choice(["yes", "no"], rows, p=[0.2, 0.8]),
        "const": np.zeros(rows),
    }
    columns |= {name: rng.normal(0, 1, rows) for name in features}
    arrays = {k: pa.array(v) for k, v in columns.items()}
    arrays["gaps"] = pa.array([None if i % 10 == 0 else float(i) for i in range(rows)])
    arrays["empty"] = pa.nulls(rows, pa.string())
    return pa.table(arrays)


def measure(rows, span):
    return compute_table(rows.to_batches(), schema=rows.schema, span=span, content_digest="a" * 64)


def ruled(name, rows, **fields):
    given = {"severity": "hold", "over": "examples", "allowed": 0, "sql": f"{HOSTILE} > 1"}
    return RuleResult(name, HOSTILE_VALUE, rows=rows, **(given | fields))


def with_rules(validated):
    """The same verdict with rules in every state, one finding's rows, and hostile text in both."""
    sample = Rows(12, 3000, ("id", HOSTILE), ((HOSTILE_VALUE, None), ("", "b")))
    rules = (
        ruled("fine", Rows(0, 3000)),
        ruled("broken", sample),
        ruled("warned", replace(sample, failing=4000), severity="warn", over="statistics"),
        ruled("wrong", None, problem=f"no column {HOSTILE_VALUE}"),
        ruled("idle", Rows(0, 0)),
        ruled("asleep", None, severity="off"),
        ruled("lenient", sample, allowed=20),
    )
    said = (Finding("rule_failed", "broken", "hold", "rule 'broken' fails; fix the source"),)
    domain = ("enum_type_unexpected_string_values", "carrier")
    return replace(
        validated,
        rules=rules,
        anomalous=(AnomalousRows(*domain, sample),),
        verdict=Verdict((*validated.verdict.findings, *said)),
    )


def metric(value, half=0.01):
    return Metric(value, value - half, value + half)


def judged(name="all", rows=5000, auc=0.73, change=0.006):
    ours = {n: metric(auc if n == "auc" else 0.4) for n in DEFINITIONS["binary"]}
    theirs = ours | {"auc": metric(auc - change)}
    compared = MetricChange("auc", auc, auc - change, metric(change, 0.004), -change)
    return SliceResult(name, rows, ours, theirs, compared)


MODEL = {
    "task": "binary",
    "features": [{"name": HOSTILE, "kind": "number"}],
    "versions": {"tidegate": HOSTILE_VALUE},
    "history": [{"loss": 0.6, "eval_loss": 0.58}, {"loss": 0.5, "eval_loss": 0.51}],
}


def a_run(state="published", **fields):
    given = {
        "dataset": "flights",
        "span": "2013-02",
        "run_id": "run-1",
        "started": "2026-01-02T03:00:00+00:00",
        "state": state,
        "reasons": (HOSTILE_VALUE,),
        "tasks": (
            run_summary.TaskRun("train-model", "succeeded", 21.5),
            run_summary.TaskRun(HOSTILE, "failed", None),
        ),
        "verdicts": (
            run_summary.GateVerdict("data", "hold", (HOSTILE,)),
            run_summary.GateVerdict("x", ""),
        ),
        "metrics": (run_summary.MetricRow("auc", 0.731, 0.725, 0.006),),
        "version": "2013-02-0aa1",
        "registry": "/registry",
        "links": (
            run_summary.Link("Data", "data.html", HOSTILE_VALUE),
            run_summary.Link("Evil", "javascript:alert(1)"),
        ),
        "lineage": (("content digest", HOSTILE),),
    }
    return run_summary.RunSummary(**(given | fields))
