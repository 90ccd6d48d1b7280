"""From data to a model that is published, or not."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidegate.contract import Contract
from tidegate.core.errors import EvaluationError, RegistryError
from tidegate.platform import lineage
from tidegate.platform.lineage import directory_digest
from tidegate.platform.registry import Registry
from tidegate.steps import origins
from tidegate.steps.running import announce, maker, origin_of, progress, step, write

if TYPE_CHECKING:
    from tidegate.model.evaluation import Evaluation
    from tidegate.model.feature_analysis import Signal


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
    from tidegate.data.examples import Examples
    from tidegate.model import feature_analysis
    from tidegate.report import pages

    contract = Contract.load(contract_uri, digest=contract_digest)
    opened = Examples.open(examples)
    parents = [lineage.read(examples, "examples"), origins.of_contract(contract, contract_uri)]
    rows = feature_analysis.of_examples(opened)
    shuffled = None
    if model is not None:
        parents.append(lineage.read(model, "model"))
        shuffled = feature_analysis.shuffle(model, rows, contract)
    digests = {"content": opened.content_digest, "contract": contract.digest}
    result = feature_analysis.measure(rows, contract, shuffled=shuffled, digests=digests)
    result.write(out)
    lineage.record(out, "signal", name=result.name, parents=parents, facts=result.scalars())
    write(page, pages.signal_page(result, contract))
    for feature in result.dropped:
        progress(f"{feature.name}: {feature.reason}")
    return result


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
    from tidegate.data.examples import Examples
    from tidegate.model import training
    from tidegate.statistics import Statistics

    contract = Contract.load(contract_uri, digest=contract_digest)

    def on_epoch(epoch: int, logs: Mapping[str, float]) -> None:
        shown = "  ".join(f"{name} {value:.4f}" for name, value in logs.items())
        progress(f"epoch {epoch}/{contract.training.epochs}  {shown}")

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
    from tidegate.data.examples import Examples
    from tidegate.model import evaluation
    from tidegate.report import pages

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
    write(out / "model.sha256", directory_digest(model))
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
    write(page, pages.evaluation_page(result, card, contract))
    announce("model", result.verdict.status, result.verdict.reasons)
    return result


def _compared(result: Evaluation) -> dict[str, float]:
    """The metric that decides, of the model and of the champion, where they are defined."""
    scalars = result.scalars()
    named = {"value": result.metric, "champion": f"champion_{result.metric}"}
    return {name: scalars[key] for name, key in named.items() if key in scalars}


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
    from tidegate.model import evaluation as evaluations

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
    made = origin_of(contract, content_digest)
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
        made = {**made, **maker(), "champion_before": champion_version}
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
    progress(told)
    return version
