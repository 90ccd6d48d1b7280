"""A run proposes what its data would need, never takes it, and a person's approval lets it pass."""

import argparse
import json
import shlex
from datetime import UTC, datetime

import pytest

from tests.pipelines.conftest import write_contract, write_span
from tests.pipelines.test_bad_input import column, drive
from tidegate import cli, steps
from tidegate.platform import lineage
from tidegate.platform.registry import Registry
from tidegate.schema import approval
from tidegate.schema.proposal import Proposal
from tidegate_kfp import server, submission


@pytest.fixture
def home(tmp_path, months):
    """January accepted; February and March with a new carrier, and without the view."""
    write_span(tmp_path / "data", "2013-01", months["2013-01"])
    for span in ("2013-02", "2013-03"):
        rows = [list(row) for row in months["2013-02"]]
        carrier, visib = column(rows, "carrier"), column(rows, "visib")
        for row in rows[1::20]:
            row[carrier] = "ZZ"
        for row in rows:
            del row[visib]
        write_span(tmp_path / "data", span, rows)
    contract = write_contract(tmp_path, tmp_path / "data")
    contract.write_text(contract.read_text().replace(", visib: report", ""))
    assert drive(contract, tmp_path) == ("pass", [])
    return tmp_path


def run(home, span):
    return drive(home / "contract.yaml", home, span)


def findings(home):
    found = json.loads((home / "validation" / "validation.json").read_text())["findings"]
    return {f["code"]: f for f in found}


def registry(home):
    return Registry(str(home / "registry"), "flights")


def test_held_proposed_approved_and_the_next_passes(home, capsys):
    first = registry(home).current("schema")
    said = findings(home)["schema_inferred"]["message"]
    assert "21 columns is inferred from span '2013-01' itself" in said
    verdict, reasons = run(home, "2013-02")
    assert verdict == "hold"
    assert any("'ZZ'" in r for r in reasons)
    assert any("'visib'" in r for r in reasons)
    assert registry(home).current("schema") == first

    made = Proposal.read(home / "validation" / "proposal")
    assert made.base == first.version
    assert [(c.effect, c.columns) for c in made.changes] == [
        ("widened", ("carrier",)),
        ("gone", ("visib",)),
    ]
    assert made.changes[0].evidence == ("'ZZ': 300 rows (5.0%) in 2013-02",)
    assert made.changes[1].evidence[0] == "not in 2013-02 (6,000 rows)"
    (entry,) = approval.proposals(registry(home))
    assert entry.span == "2013-02"
    assert entry.lineage["proposed_by"] == "run r"
    assert registry(home).lineage(entry).of_kind("object")
    assert lineage.read(home / "validation", "validation").root.facts["verdict"] == "hold"

    told = findings(home)["schema_proposal"]
    assert told["severity"] == "info"
    assert "2 changes: 1 gone, 1 widened (carrier: 'ZZ' may occur too; visib: " in told["message"]
    assert entry.version in (home / "validation.html").read_text()
    command = shlex.split(told["message"].partition("if that is right: ")[2])
    assert capsys.readouterr().err.rstrip().endswith(told["message"])

    # Run again, and it is the same proposal; the gate is as it was.
    assert run(home, "2013-02") == (verdict, reasons)
    assert len(registry(home).versions("schema")) == 2

    assert command[:3] == ["tidegate", "schema", "approve"]
    assert cli.main([*command[1:], "--by", "ada", "--reason", "ZZ flies, visib is gone"]) == 0
    verdict, reasons = run(home, "2013-03")
    assert (verdict, reasons) == ("pass", [])
    assert "schema_inferred" not in findings(home)
    assert not (home / "validation" / "proposal").exists()
    current = registry(home).current("schema")
    assert (current.version, current.lineage["approved_by"]) == (entry.version, "ada")


def test_who_waits_for_a_run_on_a_server_is_told_how_to_approve(home, capfd, monkeypatch):
    assert run(home, "2013-02")[0] == "hold"
    given = {
        "contract_uri": str(home / "contract.yaml"),
        "registry_uri": str(home / "registry"),
    }
    command = findings(home)["schema_proposal"]["message"]
    assert command.endswith(approval.proposals(registry(home))[0].version)
    with pytest.raises(SystemExit) as held:
        steps.hold_run(stage="data", reasons=["no"], on_hold="fail", run_id="r", **given)
    assert str(held.value) == f"held at the data gate:\n  - no\n  - {command}"
    capfd.readouterr()
    steps.notify(status="FAILED", run_id="r", **given)
    assert capfd.readouterr().err == f"Tidegate flights: run r held; no; {command}\n"

    # Pods are gone, or may not be read; the registry is there.
    monkeypatch.setenv("KUBECONFIG", str(home / "none"))
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", "/nowhere")
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    tasks = (server.Task("hold-run", "failed", 1.0),)
    ended = server.Run("r", "flights", "FAILED", datetime.now(UTC), given, tasks, "")
    submission.print_outcome(ended, argparse.Namespace(namespace=None, kfp_namespace="none"))
    shown = capfd.readouterr().out
    assert f"    - no\n    - {command}\n  held\n" in shown
    # What evaluation holds is not mended by a schema.
    steps.hold_run(stage="model", reasons=["worse"], on_hold="succeed", run_id="r", **given)
    assert registry(home).run("r")["hold_run"]["proposals"] == []


def test_what_only_warns_is_written_down_and_not_proposed(home, months):
    rows = [list(row) for row in months["2013-02"]]
    for row in rows[1:9]:
        row[column(rows, "carrier")] = "ZZ"
    write_span(home / "data", "2013-02", rows)
    assert run(home, "2013-02") == ("pass", [])
    made = Proposal.read(home / "validation" / "proposal")
    assert made.changes[0].evidence == ("'ZZ': 8 rows (0.1%) in 2013-02",)
    assert approval.proposals(registry(home)) == []
    assert "schema_proposal" not in findings(home)
