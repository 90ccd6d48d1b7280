"""`measure_features` in a pipeline of one's own, with a model and without."""

import json

import numpy as np
import pytest
from kfp import compiler, dsl

from tidegate.model import feature_analysis
from tidegate_kfp import components, local

CONTRACT = """\
dataset: shop
source: {uri: "data/{YYYY}-{MM}/*.csv", format: csv}
key: [id]
label: returned
training: {epochs: 1, hidden_units: [4]}
"""


@dsl.pipeline(name="features")
def features(contract_uri: str, registry_uri: str, span: str):
    resolved = components.resolve_inputs(
        contract_uri=contract_uri, span=span, registry_uri=registry_uri
    ).outputs
    contract = {"contract_uri": contract_uri, "contract_digest": resolved["contract_digest"]}
    examples = components.ingest_examples(
        span=resolved["span"], content_digest=resolved["content_digest"], **contract
    ).outputs["examples"]
    components.measure_features(examples=examples, **contract)
    statistics = components.compute_statistics(examples=examples).outputs["statistics"]
    schema = components.infer_schema(
        statistics=statistics, registry_uri=registry_uri, schema_version="", **contract
    ).outputs["schema"]
    model = components.train_model(
        examples=examples, statistics=statistics, schema=schema, **contract
    ).outputs["model"]
    components.measure_features(examples=examples, model=model, **contract)


@pytest.fixture
def home(tmp_path):
    random = np.random.default_rng(0)
    returned = (random.random(1000) < 0.4).astype(int)
    price = random.normal(20, 5, 1000) + 4 * returned
    lines = [
        f"{i},{p:.2f},{random.normal():.3f},{7 * r},{r}"
        for i, (p, r) in enumerate(zip(price, returned, strict=True))
    ]
    file = tmp_path / "data" / "2013-01" / "a.csv"
    file.parent.mkdir(parents=True)
    file.write_text("\n".join(["id,price,noise,refund,returned", *lines]) + "\n")
    (tmp_path / "contract.yaml").write_text(CONTRACT)
    return tmp_path


def test_with_a_model_and_without(home):
    compiler.Compiler().compile(features, str(home / "features.yaml"))
    ended = local.run(
        home / "features.yaml",
        {
            "contract_uri": str(home / "contract.yaml"),
            "registry_uri": str(home / "registry"),
            "span": "2013-01",
        },
        root=home / "run",
        on_change=lambda _: None,
    )
    assert {t.state for t in ended.tasks} == {"succeeded"}
    found = [
        feature_analysis.Signal.read(p.parent) for p in sorted((home / "run").rglob("signal.json"))
    ]
    assert len(found) == 2
    for each in found:
        assert [f.name for f in each.suspects] == ["refund"]
        assert each.parts == ("train", "eval")
    assert sorted(bool(each.metric) for each in found) == [False, True]
    pages = list((home / "run").rglob("*signal_report*"))
    assert len([p for p in pages if p.is_file()]) == 2
    assert json.dumps([each.to_json() for each in found], allow_nan=False)
