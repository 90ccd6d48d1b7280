"""`measure_skew` in a pipeline, as docs/skew.md shows it: logs that pass, and that hold."""

import json

import numpy as np
import pytest
from kfp import compiler, dsl

from tidegate.comparison.skew import Skew
from tidegate_kfp import components, local

ROWS = 500
CONTRACT = """\
dataset: shop
source: {uri: "data/{YYYY}-{MM}/*.csv", format: csv}
key: [id]
label: returned
gates: {min_examples: 10}
serving:
  source: {uri: "logs/{YYYY}-{MM}.jsonl", format: jsonl}
  columns: {price: price_eur}
"""


@dsl.pipeline(name="watching")
def watching(contract_uri: str, registry_uri: str, span: str, serving_span: str):
    resolved = components.resolve_inputs(
        contract_uri=contract_uri, span=span, registry_uri=registry_uri
    ).outputs
    contract = {"contract_uri": contract_uri, "contract_digest": resolved["contract_digest"]}
    ingested = components.ingest_examples(
        span=resolved["span"], content_digest=resolved["content_digest"], **contract
    )
    computed = components.compute_statistics(examples=ingested.outputs["examples"])
    inferred = components.infer_schema(
        statistics=computed.outputs["statistics"],
        registry_uri=registry_uri,
        schema_version="",
        **contract,
    )
    judged = components.measure_skew(
        examples=ingested.outputs["examples"],
        statistics=computed.outputs["statistics"],
        schema=inferred.outputs["schema"],
        serving_span=serving_span,
        **contract,
    )
    judged.set_caching_options(enable_caching=False)
    with dsl.If(judged.outputs["verdict"] == "pass", name="serving-passed"):
        components.compute_statistics(examples=ingested.outputs["examples"])
    with dsl.Else(name="serving-held"):
        components.hold_run(
            stage="serving",
            reasons=judged.outputs["reasons"],
            on_hold="fail",
            contract_uri=contract_uri,
            registry_uri=registry_uri,
            run_id="watching-1",
        )


@pytest.fixture
def home(tmp_path):
    random = np.random.default_rng(0)
    price = np.round(random.normal(20, 5, ROWS), 2)
    returned = random.integers(0, 2, ROWS)
    file = tmp_path / "data" / "2013-01" / "a.csv"
    file.parent.mkdir(parents=True)
    lines = [f"{i},{p},{r}" for i, (p, r) in enumerate(zip(price, returned, strict=True))]
    file.write_text("\n".join(["id,price,returned", *lines]) + "\n")
    (tmp_path / "logs").mkdir()
    for span, factor in (("2013-01", 1), ("2013-02", 100)):
        logs = [{"id": i, "price_eur": p * factor} for i, p in enumerate(price)]
        text = "".join(json.dumps(row) + "\n" for row in logs)
        (tmp_path / "logs" / f"{span}.jsonl").write_text(text)
    (tmp_path / "contract.yaml").write_text(CONTRACT)
    return tmp_path


@pytest.mark.parametrize(("span", "verdict"), [("2013-01", "pass"), ("2013-02", "hold")])
def test_logs_are_judged(home, span, verdict):
    compiler.Compiler().compile(watching, str(home / "watching.yaml"))
    ended = local.run(
        home / "watching.yaml",
        {
            "contract_uri": str(home / "contract.yaml"),
            "registry_uri": str(home / "registry"),
            "span": "2013-01",
            "serving_span": span,
        },
        root=home / "run",
        on_change=lambda _: None,
    )
    states = {task.name: task.state for task in ended.tasks}
    assert states["measure-skew"] == "succeeded"
    assert ended.output("measure-skew", "verdict") == verdict
    found = Skew.read(ended.artifact("measure-skew", "skew"))
    assert (found.verdict.status, found.keys.pairs) == (verdict, ROWS)
    page = ended.artifact("measure-skew", "skew_report").read_text()
    assert page.startswith("<!doctype html>")
    assert ended.ok == (verdict == "pass")
    assert ("hold-run" in states) == (verdict == "hold")
    if verdict == "hold":
        (price,) = [f for f in found.features if f.feature == "price"]
        assert price.pattern.startswith("serving is 100 times training")
        (red,) = [task for task in ended.tasks if task.name == "hold-run"]
        assert "held at the serving gate" in red.message
