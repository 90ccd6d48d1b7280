"""One function for each component: what a pod does, with paths in and plain values out.

A component in `components/` declares its interface to KFP and calls the function of the same
name here; so does anybody who wants the step without KFP. A mistake the user can cure ends the
process with one line on stderr instead of a traceback.
"""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from tidegate import __version__, lineage, notification, openlineage, origins
from tidegate.contract import Contract
from tidegate.errors import EvaluationError, ExamplesError, RegistryError, TidegateError
from tidegate.lineage import Lineage, Making, directory_digest
from tidegate.registry import Registry
from tidegate.sources.selection import scheduled
from tidegate.sources.spans import TO, span_order

if TYPE_CHECKING:
    from tidegate.evaluation import Evaluation
    from tidegate.quality.rows import Past
    from tidegate.signal import Signal
    from tidegate.statistics import Statistics

P = ParamSpec("P")
R = TypeVar("R")


def step(function: Callable[P, R]) -> Callable[P, R]:
    """Print progress, and end the process with one line where the user can cure the error."""

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
        try:
            with openlineage.reported(function.__name__, kwargs):
                return function(*args, **kwargs)
        except TidegateError as error:
            sys.exit(f"{function.__name__}: {error}")

    return wrapper


def _progress(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Resolved:
    """What a run is about: names and digests that fix every byte it will use."""

    span: str
    content_digest: str
    contract_digest: str
    schema_version: str
    baseline_version: str
    champion_version: str


@step
def resolve_inputs(
    *, contract_uri: str, span: str, registry_uri: str, scheduled_at: str = ""
) -> Resolved:
    """Turn contract and span into digests, and look up what the registry has to compare with.

    Versions are empty where the registry has none yet. `scheduled_at` is the moment the run was
    scheduled for, in ISO 8601, for a span such as `before:scheduled`.

    Raises:
        SystemExit: the contract, the span or the registry cannot be read.
    """
    from tidegate import sources
    from tidegate.drift import against

    contract = Contract.load(contract_uri)
    inputs = sources.resolve(contract, scheduled(span, scheduled_at))
    registry = Registry(registry_uri, contract.dataset)
    schema = registry.current("schema")
    # Of several spans, what shares none of them; else what shares some is better than nothing.
    compared = contract.gates.drift.against
    baselines = against.chosen(registry, against=compared, before=inputs.spans[0])
    baselines = baselines or against.chosen(registry, against=compared, before=inputs.span)
    champion = registry.current("model")
    champion_version = champion.version if champion else ""
    origin = _origin(contract, inputs.digest)
    for entry in registry.versions("model"):
        if origin.items() <= entry.lineage.items():
            # This run was published before: replay it against the champion of that time.
            champion_version = entry.lineage["champion_before"]
    _progress(f"{contract.dataset} {inputs.span}: {len(inputs.objects)} objects")
    accepted = [e for e in registry.versions("statistics") if e.span == inputs.span]
    if accepted and accepted[-1].lineage.get("content_digest", inputs.digest) != inputs.digest:
        _progress(
            f"{inputs.span} has other objects or content than when {accepted[-1].version} was "
            "registered: something arrived late or was corrected, and is a new input"
        )
    return Resolved(
        span=inputs.span,
        content_digest=inputs.digest,
        contract_digest=contract.digest,
        schema_version=schema.version if schema else "",
        baseline_version=against.SEPARATOR.join(entry.version for entry in baselines),
        champion_version=champion_version,
    )


def _origin(contract: Contract, content_digest: str) -> dict[str, str]:
    return {
        "contract_digest": contract.digest,
        "content_digest": content_digest,
        "tidegate": __version__,
    }


@step
def ingest_examples(
    *, contract_uri: str, contract_digest: str, span: str, content_digest: str, out: Path
) -> dict[str, Any]:
    """Read one span and write it as split Parquet; returns the artifact's metadata."""
    from tidegate import examples

    contract = Contract.load(contract_uri, digest=contract_digest)
    made = examples.ingest(
        contract, span=span, out=out, content_digest=content_digest, on_progress=_progress
    )
    rows = ", ".join(f"{split} {made.num_rows(split):,}" for split in made.splits)
    _progress(f"{made.num_rows():,} rows: {rows}")
    lineage.record(
        out,
        "examples",
        name=span,
        parents=[*origins.of_sources(contract, out), origins.of_contract(contract, contract_uri)],
        facts={
            "content": made.content_digest,
            "rows": {split: made.num_rows(split) for split in made.splits},
            "columns": {field.name: str(field.type) for field in made.schema},
        },
    )
    return {
        "span": span,
        "rows": made.num_rows(),
        "content_digest": made.content_digest,
        "dropped": made.dropped,
        "bad_records": made.facts.bad_records,
        "shared": {", ".join(fact.columns): fact.shared for fact in made.leakage},
    }


@step
def compute_statistics(*, examples: Path, out: Path) -> dict[str, Any]:
    """Compute the statistics of every split; returns the artifact's metadata."""
    from tidegate import statistics
    from tidegate.examples import Examples

    computed = statistics.compute(
        Examples.open(examples),
        on_progress=lambda done, total: _progress(f"{done:,} of {total:,} rows"),
    )
    computed.write(out)
    lineage.record(
        out,
        "statistics",
        name=computed.span,
        parents=[lineage.read(examples, "examples")],
        facts={"rows": computed.num_examples()},
    )
    return {
        "span": computed.span,
        "rows": computed.num_examples(),
        "columns": len(computed.features()),
    }


@step
def infer_schema(
    *,
    statistics: Path,
    contract_uri: str,
    contract_digest: str,
    registry_uri: str,
    schema_version: str,
    out: Path,
) -> dict[str, Any]:
    """Fetch the registered schema, or infer the first one; returns the artifact's metadata.

    A registered schema is never widened here: data that does not fit it is held instead.
    """
    from tidegate import schema
    from tidegate.statistics import Statistics

    contract = Contract.load(contract_uri, digest=contract_digest)
    computed = Statistics.read(statistics)
    if schema_version:
        registry = Registry(registry_uri, contract.dataset)
        entry = registry.get("schema", schema_version)
        registry.fetch(entry, out)
        found = schema.read(out)
        parents = [origins.of_version(entry)]
    else:
        parents = [
            lineage.read(statistics, "statistics"),
            origins.of_contract(contract, contract_uri),
        ]
        contract.require_columns(tuple(computed.features()))
        found = schema.infer(computed, contract)
        schema.write(found, out)
    lineage.record(
        out,
        "schema",
        name=contract.dataset,
        parents=parents,
        facts={"columns": len(found.feature)},
    )
    origin = f"registered as {schema_version}" if schema_version else "inferred from this span"
    _progress(f"schema of {len(found.feature)} columns, {origin}")
    return {"digest": schema.digest(found), "inferred": not schema_version}


@step
def validate_examples(
    *,
    statistics: Path,
    schema: Path,
    contract_uri: str,
    contract_digest: str,
    registry_uri: str,
    baseline_version: str,
    run_id: str,
    out: Path,
    page: Path,
    data_page: Path,
    examples: Path | None = None,
) -> tuple[str, list[str]]:
    """Judge a span's data; returns the verdict and the reasons to hold.

    Data that passes becomes the baseline of later spans: its statistics, and the schema when it
    is the first, are committed to the registry. Where the schema holds it, the changes that it
    would need are proposed there, for a person to approve. Without `examples` rules over rows are
    not evaluated (the contract's hold then), and no row is shown.
    """
    from tidegate import report, validation
    from tidegate import schema as schemas
    from tidegate.drift import against
    from tidegate.drift.kept import Kept
    from tidegate.examples import Examples
    from tidegate.schema import offer
    from tidegate.statistics import Statistics

    contract = Contract.load(contract_uri, digest=contract_digest)
    registry = Registry(registry_uri, contract.dataset)
    current = Statistics.read(statistics)
    expected = schemas.read(schema)
    parents = [
        lineage.read(statistics, "statistics"),
        lineage.read(schema, "schema"),
        origins.of_contract(contract, contract_uri),
    ]
    versions = baseline_version.split(against.SEPARATOR) if baseline_version else []
    entries = [registry.get("statistics", version) for version in versions]
    parents += [origins.of_version(entry) for entry in entries]
    kept = Kept(registry)
    baseline = kept.merged(entries) if entries else None

    rows = None
    if examples is not None:
        rows = Examples.open(examples)
        parents.append(lineage.read(examples, "examples"))
        if rows.content_digest != current.content_digest:
            raise ExamplesError(
                f"the examples in {examples} are not those that the statistics are of; compute "
                "the statistics of these"
            )
    history = _history(registry, current.span)
    result = validation.validate(
        current,
        expected,
        contract,
        baseline=baseline,
        examples=rows,
        history=history,
        steps=kept.steps(contract, before=current.span),
    )
    result = offer.with_proposal(
        result,
        current,
        expected,
        contract,
        out,
        registry=registry,
        command=(registry_uri, contract_uri),
        by=f"run {run_id}",
        lineage={**_origin(contract, current.content_digest), **_maker()},
        schema_lineage=parents[1],
        parents=parents,
    )
    result.write(out)
    _write(page, report.validation_page(result, current, baseline, expected, contract))
    told = report.data_page(current, expected, contract, validation=result, history=history)
    _write(data_page, told)
    verdict = result.verdict
    validated = lineage.record(
        out,
        "validation",
        name=current.span,
        parents=parents,
        facts={"verdict": verdict.status, "reasons": len(verdict.reasons)},
    )
    if verdict.status == "pass":
        _accept_data(registry, contract, current, statistics, schema, validated)
    registry.record(
        run_id,
        "validate_examples",
        {"span": current.span, "verdict": verdict.status, "reasons": list(verdict.reasons)},
    )
    _announce("data", verdict.status, [*verdict.reasons, *verdict.told(offer.PROPOSED)])
    return verdict.status, list(verdict.reasons)


def _history(registry: Registry, span: str) -> list[Past]:
    """The accepted spans that were over before this one began, the newest last."""
    from tidegate.quality.rows import Past

    first = span_order(span.partition(TO)[0])
    found = {
        entry.span: int(entry.lineage["rows"])
        for entry in registry.versions("statistics")
        if entry.promoted and span_order(entry.span) < first
    }
    return [
        Past(name, rows) for name, rows in sorted(found.items(), key=lambda i: span_order(i[0]))
    ]


def _accept_data(
    registry: Registry,
    contract: Contract,
    current: Statistics,
    statistics: Path,
    schema: Path,
    validated: Lineage,
) -> None:
    made = {**_origin(contract, current.content_digest), **_maker()}
    span = current.span
    if registry.current("schema") is None:
        version = directory_digest(schema)[:12]
        parents = [lineage.read(schema, "schema"), validated]
        registry.commit("schema", version, schema, span=span, lineage=made, parents=parents)
    version = f"{span}-{directory_digest(statistics)[:12]}"
    counted = {**made, "rows": str(current.num_examples())}
    parents = [lineage.read(statistics, "statistics"), validated]
    registry.commit("statistics", version, statistics, span=span, lineage=counted, parents=parents)


def _maker() -> dict[str, str]:
    made = Making.now()
    return {"code": made.code, "image": made.image, "run": made.run}


@step
def train_model(
    *,
    examples: Path,
    statistics: Path,
    schema: Path,
    contract_uri: str,
    contract_digest: str,
    out: Path,
) -> dict[str, Any]:
    """Train a model on the train split; returns the artifact's metadata."""
    from tidegate import schema as schemas
    from tidegate import training
    from tidegate.examples import Examples
    from tidegate.statistics import Statistics

    contract = Contract.load(contract_uri, digest=contract_digest)

    def on_epoch(epoch: int, logs: Mapping[str, float]) -> None:
        shown = "  ".join(f"{name} {value:.4f}" for name, value in logs.items())
        _progress(f"epoch {epoch}/{contract.training.epochs}  {shown}")

    model = training.train(
        Examples.open(examples),
        Statistics.read(statistics),
        schemas.read(schema),
        contract,
        out=out,
        on_epoch=on_epoch,
    )
    lineage.record(
        out,
        "model",
        name=contract.dataset,
        parents=[
            lineage.read(examples, "examples"),
            lineage.read(statistics, "statistics"),
            lineage.read(schema, "schema"),
            origins.of_contract(contract, contract_uri),
        ],
        facts={"framework": "tensorflow", "task": model.task, "label": contract.label},
    )
    return {"framework": "tensorflow", "task": model.task}


@step
def evaluate_model(
    *,
    model: Path,
    examples: Path,
    contract_uri: str,
    contract_digest: str,
    registry_uri: str,
    champion_version: str,
    out: Path,
    page: Path,
) -> Evaluation:
    """Judge a model on the eval split, against the champion on the same rows."""
    from tidegate import evaluation, report
    from tidegate.examples import Examples

    contract = Contract.load(contract_uri, digest=contract_digest)
    parents = [
        lineage.read(model, "model"),
        lineage.read(examples, "examples"),
        origins.of_contract(contract, contract_uri),
    ]
    with tempfile.TemporaryDirectory() as scratch:
        champion = None
        if champion_version:
            registry = Registry(registry_uri, contract.dataset)
            entry = registry.get("model", champion_version)
            champion = registry.fetch(entry, Path(scratch) / "champion")
            parents.append(origins.of_version(entry))
        result = evaluation.evaluate(
            model,
            Examples.open(examples),
            contract,
            champion=champion,
            champion_version=champion_version or None,
        )
    result.write(out)
    _write(out / "model.sha256", directory_digest(model))
    lineage.record(
        out,
        "evaluation",
        name=result.span,
        parents=parents,
        facts={
            "verdict": result.verdict.status,
            "split": result.split,
            "rows": result.overall.rows,
            "metric": result.metric,
            **_compared(result),
        },
    )
    card = json.loads((model / "model.json").read_text())
    _write(page, report.evaluation_page(result, card, contract))
    _announce("model", result.verdict.status, result.verdict.reasons)
    return result


def _compared(result: Evaluation) -> dict[str, float]:
    """The metric that decides, of the model and of the champion, where they are defined."""
    scalars = result.scalars()
    named = {"value": result.metric, "champion": f"champion_{result.metric}"}
    return {name: scalars[key] for name, key in named.items() if key in scalars}


@step
def measure_features(
    *,
    examples: Path,
    contract_uri: str,
    contract_digest: str,
    out: Path,
    page: Path,
    model: Path | None = None,
) -> Signal:
    """Measure what every column tells of the label; with a model, what it loses without each."""
    from tidegate import report, signal
    from tidegate.examples import Examples

    contract = Contract.load(contract_uri, digest=contract_digest)
    opened = Examples.open(examples)
    parents = [lineage.read(examples, "examples"), origins.of_contract(contract, contract_uri)]
    rows = signal.of_examples(opened)
    shuffled = None
    if model is not None:
        parents.append(lineage.read(model, "model"))
        shuffled = signal.shuffle(model, rows, contract)
    digests = {"content": opened.content_digest, "contract": contract.digest}
    result = signal.measure(rows, contract, shuffled=shuffled, digests=digests)
    result.write(out)
    lineage.record(out, "signal", name=result.name, parents=parents, facts=result.scalars())
    _write(page, report.signal_page(result, contract))
    for feature in result.dropped:
        _progress(f"{feature.name}: {feature.reason}")
    return result


@step
def measure_skew(
    *,
    examples: Path,
    statistics: Path,
    schema: Path,
    contract_uri: str,
    contract_digest: str,
    serving_span: str,
    out: Path,
    page: Path,
) -> tuple[str, list[str]]:
    """Hold serving logs against training data; returns the verdict and the reasons to hold."""
    from tidegate import report, skew, sources
    from tidegate import schema as schemas
    from tidegate.examples import Examples
    from tidegate.statistics import Statistics

    contract = Contract.load(contract_uri, digest=contract_digest)
    reading = contract.for_serving()
    training = skew.of_examples(Examples.open(examples), Statistics.read(statistics))
    expected = schemas.read(schema)
    inputs = sources.resolve(reading, serving_span)
    bad = sources.BadRecords(reading)
    with tempfile.TemporaryDirectory() as scratch:
        serving = skew.recorded(
            sources.read(inputs, reading, bad=bad),
            name=inputs.span,
            directory=Path(scratch),
            digest=inputs.digest,
            logs=contract.serving,
            bad=bad,
        )
        result = skew.measure(training, serving, expected, contract)
    result.write(out)
    _write(page, report.skew_page(result, training, serving, expected, contract))
    verdict = result.verdict
    lineage.record(
        out,
        "skew",
        name=inputs.span,
        parents=[
            lineage.read(examples, "examples"),
            lineage.read(statistics, "statistics"),
            lineage.read(schema, "schema"),
            *origins.of_inputs(inputs),
            origins.of_contract(contract, contract_uri),
        ],
        facts={
            "verdict": verdict.status,
            "reasons": len(verdict.reasons),
            "pairs": result.keys.pairs,
        },
    )
    _announce("serving", verdict.status, verdict.reasons)
    return verdict.status, list(verdict.reasons)


@step
def publish_model(
    *,
    model: Path,
    evaluation: Path,
    schema: Path,
    contract_uri: str,
    contract_digest: str,
    content_digest: str,
    registry_uri: str,
    champion_version: str,
    run_id: str,
) -> str:
    """Commit a blessed model to the registry as the new champion; returns its version.

    The version names what the model was made of (span, contract, content, schema and code), so
    that the same run started again finds it published and changes nothing.

    Raises:
        SystemExit: no blessing for exactly this model, its lineage does not reach the objects it
            came from, or the champion it was compared with is no longer the champion.
    """
    from tidegate import evaluation as evaluations

    contract = Contract.load(contract_uri, digest=contract_digest)
    result = evaluations.read(evaluation)
    if result.verdict.status != "pass":
        raise EvaluationError("the evaluation holds this model back; it cannot be published")
    judged = (evaluation / "model.sha256").read_text()
    if judged != directory_digest(model):
        raise EvaluationError(
            "the evaluation is of another model than the one to publish; evaluate this one"
        )
    parents = [
        lineage.read(model, "model"),
        lineage.read(evaluation, "evaluation"),
        lineage.read(schema, "schema"),
    ]
    origins.check_publishable(
        *parents[:2], content_digest=content_digest, contract_digest=contract_digest
    )
    made = _origin(contract, content_digest)
    made["schema_digest"] = directory_digest(schema)
    key = hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()
    version = f"{result.span}-{key[:12]}"

    registry = Registry(registry_uri, contract.dataset)
    if version in {entry.version for entry in registry.versions("model")}:
        told = f"{contract.dataset} model {version} is published already"
    else:
        current = registry.current("model")
        now = current.version if current else ""
        if now != champion_version:
            raise RegistryError(
                f"the champion changed from {champion_version or 'none'} to {now} since this "
                "model was judged; start the run again to compare with the new one"
            )
        made = {**made, **_maker(), "champion_before": champion_version}
        with tempfile.TemporaryDirectory() as scratch:
            payload = Path(scratch) / "payload"
            without = shutil.ignore_patterns(lineage.FILE)
            shutil.copytree(model, payload, ignore=without)
            shutil.copytree(evaluation, payload / "evaluation", ignore=without)
            registry.commit(
                "model", version, payload, span=result.span, lineage=made, parents=parents
            )
        told = f"published {contract.dataset} model {version}"
    registry.record(run_id, "publish_model", {"span": result.span, "version": version})
    _progress(told)
    return version


@step
def hold_run(
    *,
    stage: str,
    reasons: Sequence[str],
    on_hold: str,
    contract_uri: str,
    registry_uri: str,
    run_id: str,
) -> None:
    """Record that the run was held and why, and end red unless `on_hold` is `succeed`.

    Raises:
        SystemExit: with the reasons, unless the user asked for held runs to succeed.
    """
    contract = Contract.load(contract_uri)
    Registry(registry_uri, contract.dataset).record(
        run_id, "hold_run", {"stage": stage, "reasons": list(reasons)}
    )
    message = "\n".join([f"held at the {stage} gate:", *(f"  - {r}" for r in reasons)])
    if on_hold != "succeed":
        sys.exit(message)
    _progress(message)


@step
def notify(*, status: str, contract_uri: str, registry_uri: str, run_id: str) -> None:
    """Log how the run ended, and post it to the webhook in the environment if there is one.

    KFP does not tell an exit handler which task failed; the run's record in the registry says
    how far it came.
    """
    contract = Contract.load(contract_uri)
    record = Registry(registry_uri, contract.dataset).run(run_id)
    message = notification.message(contract.dataset, run_id, status, record)
    _progress(message["text"])
    if url := os.environ.get(notification.WEBHOOK_VARIABLE):
        notification.post(url, message)


def _announce(what: str, status: str, reasons: Sequence[str]) -> None:
    _progress("\n".join([f"{what}: {status}", *(f"  - {r}" for r in reasons)]))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
