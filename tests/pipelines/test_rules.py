"""Rules at the data gate, through the steps that components call."""

import json

import pytest

from tidegate import steps
from tidegate.contract import Contract
from tidegate.platform.registry import Registry

CONTRACT = """\
dataset: d
source: {{uri: "{span}.csv", format: csv}}
key: [id]
gates: {{min_examples: 10, drift: report}}
rules:
  - name: far_enough
    description: Nothing is nearer than a mile.
    check: km > 1.6
"""
SPANS = {
    "1": "".join(f"a{i},{i + 2}\n" for i in range(40)),
    "2": "".join(f"b{i},{i - 2}\n" for i in range(40)),
}


@pytest.fixture
def home(tmp_path):
    for span, rows in SPANS.items():
        (tmp_path / f"{span}.csv").write_text(f"id,km\n{rows}")
    (tmp_path / "contract.yaml").write_text(CONTRACT.format(span="{SPAN}"))
    return tmp_path


def gate(home, span, *, with_rows=True, rows_of=None):
    uri = str(home / "contract.yaml")
    contract = {"contract_uri": uri, "contract_digest": Contract.load(uri).digest}
    registry = str(home / "registry")
    resolved = steps.resolve_inputs(contract_uri=uri, span=span, registry_uri=registry)
    out = home / f"run-{span}"
    if not out.exists():
        steps.ingest_examples(
            span=span, content_digest=resolved.content_digest, out=out / "examples", **contract
        )
        steps.compute_statistics(examples=out / "examples", out=out / "statistics")
    steps.infer_schema(
        statistics=out / "statistics",
        registry_uri=registry,
        schema_version=resolved.schema_version,
        out=out / "schema",
        **contract,
    )
    examples = home / f"run-{rows_of or span}" / "examples"
    return steps.validate_examples(
        statistics=out / "statistics",
        schema=out / "schema",
        registry_uri=registry,
        baseline_version=resolved.baseline_version,
        run_id=f"run-{span}",
        out=out / "validation",
        page=out / "validation.html",
        data_page=out / "data.html",
        examples=examples if with_rows else None,
        **contract,
    )


def test_a_rule_holds_the_span_that_breaks_it(home):
    assert gate(home, "1") == ("pass", [])
    verdict, reasons = gate(home, "2")
    assert verdict == "hold"
    assert [r for r in reasons if r.startswith("rule")] == [
        "rule 'far_enough' (Nothing is nearer than a mile) fails in 4 of 40 rows (10.0%), and "
        f"none may: for example id {_first(home)}; fix the source, or change the rule"
    ]
    page = (home / "run-2" / "validation.html").read_text()
    assert 'id="rule-far_enough"' in page
    assert "4 of 40 rows (10.0%) fail" in page
    run = Registry(str(home / "registry"), "d").run("run-2")
    assert "far_enough" in json.dumps(run)


def _first(home):
    document = json.loads((home / "run-2" / "validation" / "validation.json").read_text())
    key, km = document["rules"][0]["rows"]["sample"][0]
    assert int(key[1:]) - 2 == int(km) < 2
    return f"{key}, km {km}"


def test_rules_over_rows_hold_without_examples(home):
    verdict, reasons = gate(home, "1", with_rows=False)
    assert verdict == "hold"
    (reason,) = reasons
    assert "rule 'far_enough'" in reason
    assert "it needs rows, and there are only statistics; give the data itself" in reason


def test_examples_must_be_those_of_the_statistics(home):
    gate(home, "1")
    with pytest.raises(SystemExit, match="are not those that the statistics are of"):
        gate(home, "2", rows_of="1")
