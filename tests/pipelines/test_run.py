"""The compiled pipeline on this machine, as `make run` starts it."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.pipelines.conftest import write_contract, write_span
from tidegate.platform.registry import Registry

ROOT = Path(__file__).parents[2]


def start(contract, registry, out, *spans, **options):
    command = [sys.executable, "-m", "tidegate", "run", "training", "--contract", str(contract)]
    command += ["--registry", str(registry), "--out", str(out)]
    for span in spans:
        command += ["--span", span]
    for name, value in options.items():
        command += [f"--{name.replace('_', '-')}", *([] if value is True else [value])]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def run(*args, **options):
    child = start(*args, **options)
    printed, _ = child.communicate()
    return child.returncode, printed


def versions(registry):
    """What a registry holds, without the times at which it came to hold it."""
    store = Registry(str(registry), "flights")
    return {
        kind: [(e.version, e.span, e == store.current(kind)) for e in store.versions(kind)]
        for kind in ("schema", "statistics", "model")
    }


@pytest.fixture(scope="module")
def data(tmp_path_factory, months):
    root = tmp_path_factory.mktemp("data")
    for span, rows in months.items():
        write_span(root, span, rows)
    return root


@pytest.fixture(scope="module")
def published(tmp_path_factory, data):
    """January run once, undisturbed: directory, exit code and what was printed."""
    home = tmp_path_factory.mktemp("published")
    contract = write_contract(home, data)
    code, printed = run(contract, home / "registry", home / "runs", "2013-01")
    assert code == 0, printed
    return home, printed


def test_a_first_span_is_published_with_its_reports(published):
    home, printed = published
    assert re.search(r"^  published  2013-01-[0-9a-f]{12}$", printed, re.M), printed
    assert "data gate   pass" in printed
    assert "auc" in printed
    (root,) = (home / "runs").iterdir()
    pages = {"index.html", "data.html", "validation.html", "evaluation.html"}
    assert {p.name for p in root.glob("*.html")} == pages
    for page in pages:
        assert 2_000 < (root / page).stat().st_size < 500_000
    assert "Traceback" not in (root / "logs" / "kfp.log").read_text()
    found = versions(home / "registry")
    assert [len(found[kind]) for kind in ("schema", "statistics", "model")] == [1, 1, 1]


def copied(published, tmp_path):
    registry = tmp_path / "registry"
    shutil.copytree(published[0] / "registry", registry)
    return registry


def test_running_it_again_changes_nothing_and_the_next_span_goes_on(tmp_path, published):
    registry = copied(published, tmp_path)
    index = registry / "flights/models/index.json"
    before = index.read_bytes()
    contract = published[0] / "contract.yaml"
    code, printed = run(contract, registry, tmp_path / "again", "2013-01")
    assert code == 0, printed
    assert "unchanged  2013-01-" in printed
    assert index.read_bytes() == before

    code, printed = run(contract, registry, tmp_path / "next", "2013-02")
    assert code == 0, printed
    found = versions(registry)
    assert [span for _, span, _ in found["statistics"]] == ["2013-01", "2013-02"]
    assert [(span, now) for _, span, now in found["model"]] == [
        ("2013-01", False),
        ("2013-02", True),
    ]
    assert len(found["schema"]) == 1
    (evaluation,) = (tmp_path / "next").glob("*/*/evaluate-model/evaluation/evaluation.json")
    assert json.loads(evaluation.read_text())["champion_version"] == found["model"][0][0]


def test_a_broken_span_is_held_with_every_reason(tmp_path, data, months, published):
    registry = copied(published, tmp_path)
    rows = [list(row) for row in months["2013-02"]]
    header = rows[0]
    distance, carrier, visib = (header.index(c) for c in ("distance", "carrier", "visib"))
    for row in rows[1:]:
        row[distance] = str(round(float(row[distance]) * 1.609344))
        row[carrier] = "ua" if row[carrier] == "UA" else row[carrier]
    rows = [[value for i, value in enumerate(row) if i != visib] for row in rows]
    broken = tmp_path / "data"
    write_span(broken, "2013-02", rows)
    contract = write_contract(tmp_path, broken)
    before = versions(registry)["model"]

    code, printed = run(contract, registry, tmp_path / "runs", "2013-02")
    assert code == 3, printed
    assert "data gate   hold" in printed
    reasons = [line for line in printed.splitlines() if line.startswith("    - ")]
    for named in ("distance", "'ua'", "visib"):
        assert any(named in reason for reason in reasons), (named, printed)
    assert versions(registry)["model"] == before
    assert len(versions(registry)["statistics"]) == 1
    (root,) = (tmp_path / "runs").iterdir()
    assert {"index.html", "data.html", "validation.html"} <= {p.name for p in root.glob("*.html")}
    assert "not reached" in printed

    code, printed = run(contract, registry, tmp_path / "green", "2013-02", on_hold="succeed")
    assert code == 0, printed
    assert "held" in printed
    assert versions(registry)["model"] == before


def test_a_missing_span_fails_with_one_line_and_publishes_nothing(tmp_path, data):
    contract = write_contract(tmp_path, data)
    code, printed = run(contract, tmp_path / "registry", tmp_path / "runs", "2013-07")
    assert code == 1
    assert "Traceback" not in printed
    (reason,) = [line for line in printed.splitlines() if line.startswith("    - ")]
    assert "2013-07" in reason
    assert "2013-02" in reason
    assert not (tmp_path / "registry/flights/models").exists()


def test_a_run_killed_in_the_middle_and_started_again_ends_the_same(tmp_path, data, published):
    contract = write_contract(tmp_path, data)
    child = start(contract, tmp_path / "registry", tmp_path / "runs", "2013-01")
    deadline = time.monotonic() + 1200
    while not list((tmp_path / "runs").glob("*/logs/validate-examples.log")):
        assert time.monotonic() < deadline
        assert child.poll() is None, child.stdout.read()
        time.sleep(0.1)
    time.sleep(1)
    os.killpg(child.pid, signal.SIGKILL)
    child.communicate()
    assert versions(tmp_path / "registry")["model"] == []

    code, printed = run(contract, tmp_path / "registry", tmp_path / "runs", "2013-01")
    assert code == 0, printed
    resumed, undisturbed = versions(tmp_path / "registry"), versions(published[0] / "registry")
    assert _spans(resumed, "2013-01") == _spans(undisturbed, "2013-01")
    assert len(resumed["model"]) == 1


def _spans(found, span):
    return {kind: [e[:2] for e in entries if e[1] == span] for kind, entries in found.items()}
