"""`measure_shift` in a pipeline of one's own: one month against another."""

import json

import numpy as np
import pytest
from kfp import compiler, dsl

from tidegate.comparison.shift import Shift
from tidegate_kfp import components, local

CONTRACT = """\
dataset: shop
source: {uri: "data/{YYYY}-{MM}/*.csv", format: csv}
key: [id]
label: returned
"""


@dsl.pipeline(name="shift")
def months(contract_uri: str, registry_uri: str, now: str, before: str):
    made = []
    for span in (now, before):
        resolved = components.resolve_inputs(
            contract_uri=contract_uri, span=span, registry_uri=registry_uri
        ).outputs
        contract = {"contract_uri": contract_uri, "contract_digest": resolved["contract_digest"]}
        examples = components.ingest_examples(
            span=resolved["span"], content_digest=resolved["content_digest"], **contract
        )
        made.append(examples.outputs["examples"])
    components.measure_shift(examples=made[0], baseline=made[1], **contract)


def write(home, month, price, returned):
    random = np.random.default_rng(int(month))
    lines = [
        f"{month}-{i},{random.normal(price, 5):.2f},{random.normal():.3f},{int(r)}"
        for i, r in enumerate(random.random(1000) < returned)
    ]
    file = home / "data" / f"2013-{month}" / "a.csv"
    file.parent.mkdir(parents=True)
    file.write_text("\n".join(["id,price,noise,returned", *lines]) + "\n")


@pytest.mark.parametrize(("price", "told"), [(25, True), (20, False)])
def test_two_months(tmp_path, price, told):
    write(tmp_path, "01", 20, 0.4)
    write(tmp_path, "02", price, 0.4)
    (tmp_path / "contract.yaml").write_text(CONTRACT)
    compiler.Compiler().compile(months, str(tmp_path / "months.yaml"))
    ended = local.run(
        tmp_path / "months.yaml",
        {
            "contract_uri": str(tmp_path / "contract.yaml"),
            "registry_uri": str(tmp_path / "registry"),
            "now": "2013-02",
            "before": "2013-01",
        },
        root=tmp_path / "run",
        on_change=lambda _: None,
    )
    assert {t.state for t in ended.tasks} == {"succeeded"}
    (file,) = (tmp_path / "run").rglob("shift.json")
    found = Shift.from_json(json.loads(file.read_text()))
    assert (found.current, found.baseline, found.rows) == ("2013-02", "2013-01", (1000, 1000))
    assert found.significant is told
    assert [f.name for f in found.features if f.significant] == (["price"] if told else [])
    assert not found.label.significant
    (page,) = (p for p in (tmp_path / "run").rglob("*shift_report*") if p.is_file())
    assert "What tells them apart" in page.read_text()
    lineage = json.loads((file.parent / "lineage.json").read_text())
    assert {"shift", "examples", "contract", "object"} <= {
        n["kind"] for n in lineage["nodes"].values()
    }
