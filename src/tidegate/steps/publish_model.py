"""The step that publishes a blessed model as the champion."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path

from tidegate.core.errors import EvaluationError, RegistryError
from tidegate.platform import lineage
from tidegate.platform.lineage import directory_digest
from tidegate.steps import parents
from tidegate.steps.running import Run, maker, progress, step


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
    """Commit a blessed model to the registry as the new champion.

    The version is derived from the model's inputs (span, contract, content, schema and code), so
    that the same run started again finds it published and changes nothing.

    Returns:
        The version.

    Raises:
        SystemExit: no blessing for exactly this model, its lineage does not reach its source
            objects, or the champion it was compared with is no longer the champion.
    """
    from tidegate.model import evaluation as evaluations

    run = Run.open(contract_uri, contract_digest, registry_uri=registry_uri, run_id=run_id)
    dataset, registry = run.contract.dataset, run.registry
    result = evaluations.read(evaluation)
    if result.verdict.status != "pass":
        raise EvaluationError("the evaluation holds this model back; it cannot be published")
    judged = (evaluation / "model.sha256").read_text()
    if judged != directory_digest(model):
        raise EvaluationError(
            "the evaluation is of another model than the one to publish; evaluate this one"
        )
    parents.check_publishable(
        run.given(model, "model"),
        run.given(evaluation, "evaluation"),
        content_digest=content_digest,
        contract_digest=contract_digest,
    )
    run.given(schema, "schema")
    made = run.origin(content_digest)
    made["schema_digest"] = directory_digest(schema)
    key = hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()
    version = f"{result.span}-{key[:12]}"

    if version in {entry.version for entry in registry.versions("model")}:
        outcome = f"{dataset} model {version} is published already"
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
                "model", version, payload, span=result.span, lineage=made, parents=run.parents
            )
        outcome = f"published {dataset} model {version}"
    registry.record(run_id, "publish_model", {"span": result.span, "version": version})
    progress(outcome)
    return version
