"""Slices on the command line: what `--slice` and a contract's slices add to what is said."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from tidegate.cli import main

HEADER = "id,place,kind,x"


def written(name, seed, *, moved=(), kinds=(1, 1, 1), rows=8000):
    """Rows of four places and three kinds; in the places of `moved` all are of one kind."""
    random = np.random.default_rng(seed)
    lines = [HEADER]
    for i in range(rows):
        place = random.choice(list("ABCD"), p=(0.5, 0.35, 0.12, 0.03))
        kind = "k" if place in moved else random.choice(["k", "l", "m"], p=np.divide(kinds, 3))
        lines.append(f"{seed}-{i},{place},{kind},{random.normal():.3f}")
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    home = tmp_path_factory.mktemp("slices")
    for name, seed, moved in (("before", 1, ""), ("calm", 2, ""), ("c", 3, "C"), ("cd", 4, "CD")):
        written(home / f"{name}.csv", seed, moved=moved)
    return home


@pytest.fixture
def call(files, monkeypatch, capsys):
    monkeypatch.chdir(files)

    def call(*arguments):
        code = main([str(a) for a in arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def judged(call, current, *options):
    return call("validate", f"{current}.csv", "--against", "before.csv", *options)


def test_a_drift_in_a_slice_is_found_where_it_is_asked_for(call):
    assert judged(call, "c")[0] == 0
    code, out, _ = judged(call, "c", "--slice", "place")
    assert code == 3
    assert "feature 'kind' drifted in slice place=C (" in out
    moved, slices = out.split("\nmoved most\n")[1].split("\n\nslices: ")
    header, first, *_ = moved.splitlines()
    assert header.split()[:3] == ["feature", "in", "slice"]
    assert first.split()[:3] == ["kind", "place=C", "l_infinity"]
    title, _, worst, *others = slices.split("\n\n")[0].splitlines()
    assert title == "4 compared, 1 with drift"
    assert worst.split()[:2] == ["place=C", "9" + worst.split()[1][1:]]
    assert worst.split()[3:5] == ["kind", "kind"]
    assert "'k' rose from" in worst
    assert {line.split()[0] for line in others} == {"place=A", "place=B", "place=D"}
    assert {line.split()[3] for line in others} == {"\u2013"}


def test_calm_slices_pass(call):
    code, out, _ = judged(call, "calm", "--slice", "place", "--slice", "place,kind")
    assert code == 0
    assert "slices: 13 compared, none with drift" in out
    assert "5 more with --format json or html" in out
    assert "in slice" not in out


def test_what_drifts_over_all_rows_is_shown_of_all_rows(call, files):
    written(files / "all.csv", 5, moved="ABCD")
    code, out, _ = judged(call, "all", "--slice", "place")
    assert code == 3
    assert "in slice" not in out
    assert "slices: 4 compared, 4 with drift" in out


def test_json_and_html_have_the_slices(call):
    found = json.loads(judged(call, "c", "--slice", "place", "--format", "json")[1])
    assert {d["slice"] for d in found["distances"]} == {"", *(f"place={p}" for p in "ABCD")}
    (held,) = [f for f in found["findings"] if f["severity"] == "hold"]
    assert (held["subject"], held["slice"]) == ("kind", "place=C")
    page = judged(call, "c", "--slice", "place", "--format", "html")[1]
    assert '<h2 id="slices">' in page


def cases(call, current, *options):
    code, out, _ = judged(call, current, *options, "--format", "junit")
    suite = ET.fromstring(out).find("testsuite")  # noqa: S314 (our own)
    found = {(c.get("classname").split(".", 1)[1], c.get("name")): c for c in suite}
    assert len(found) == len(suite) == int(suite.get("tests"))
    failed = {key for key, case in found.items() if case.find("failure") is not None}
    return code, found, failed


def test_junit_fails_the_case_of_the_slice_alone(call):
    code, found, failed = cases(call, "c", "--slice", "place")
    assert code == 3
    assert failed == {
        ("drift.jensen_shannon", "kind in place=C"),
        ("drift.l_infinity", "kind in place=C"),
    }
    assert ("drift.jensen_shannon", "kind in place=A") in found
    assert ("drift.jensen_shannon", "x in place=A") in found
    assert ("drift.jensen_shannon", "place in place=A") not in found
    assert found["drift.jensen_shannon", "kind in place=C"].find("failure").get("type") == "drift"


def test_junit_only_says_what_a_small_slice_shows(call):
    code, found, failed = cases(call, "cd", "--slice", "place")
    assert code == 3
    assert {name for _, name in failed} == {"kind in place=C"}
    said = found["drift.jensen_shannon", "kind in place=D"].find("system-out").text
    assert said.startswith("drift: ")


def test_junit_fails_the_measure_that_moved(call, files):
    written(files / "more.csv", 6, kinds=(1.4, 0.7, 0.9))
    assert cases(call, "more")[2] == {("drift.l_infinity", "kind")}


CONTRACT = """
dataset: places
source: {uri: "{SPAN}.csv", format: csv}
key: [id]
slices: [[place]]
gates: {min_examples: 10}
"""


@pytest.fixture
def contract(files):
    (files / "contract.yaml").write_text(CONTRACT)
    return "contract.yaml"


def test_the_contracts_slices_are_compared(call, contract):
    assert judged(call, "calm", "--contract", contract)[0] == 0
    code, out, _ = judged(call, "c", "--contract", contract)
    assert code == 3
    assert "drifted in slice place=C" in out
    code, _, err = judged(call, "c", "--contract", contract, "--slice", "place")
    assert code == 1
    assert err.splitlines()[-1].startswith("error: --slice is for files without a contract")


def test_a_column_that_cuts_slices_and_is_gone_is_the_schemas_to_hold(call, contract, files):
    table = [line.split(",") for line in (files / "calm.csv").read_text().splitlines()]
    (files / "gone.csv").write_text("\n".join(f"{r[0]},{r[2]},{r[3]}" for r in table) + "\n")
    code, out, _ = judged(call, "gone", "--contract", contract)
    assert code == 3
    assert "schema_missing_column" in out
    assert "slices:" not in out


def test_stats_of_slices(call):
    code, out, _ = call("stats", "before.csv", "--slice", "place")
    assert code == 0
    title, _, header, *lines = out.splitlines()
    assert title == "before.csv: 8,000 rows, 4 columns, 4 slices"
    assert header.split()[:4] == ["column", "in", "slice", "type"]
    assert [line.split()[1] for line in lines[:5]] == ["all", *(f"place={p}" for p in "ABCD")]
    found = json.loads(call("stats", "before.csv", "--slice", "place", "--format", "json")[1])
    rows = [s["rows"] for s in found["slices"]]
    assert sum(rows) == found["rows"] == 8000
    assert found["slices"][0]["slice"] == "place=A"
    assert [c["count"] for c in found["slices"][0]["columns"]] == [rows[0]] * 4
    assert "slices" not in json.loads(call("stats", "before.csv", "--format", "json")[1])


def test_slices_without_room_are_said(call, monkeypatch):
    monkeypatch.setattr("tidegate.statistics.slices.MOST", 3)
    assert (
        "before.csv: 1 smaller slice left out" in call("stats", "before.csv", "--slice", "place")[2]
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--slice", "plaec"], "--slice names the column 'plaec', which the data does not have; "
         "did you mean 'place'?"),
        (["--slice", "place,"], "--slice 'place,' is not one or more different columns"),
        (["--slice", "place,place"], "--slice 'place,place' is not one or more different columns"),
        (["--slice", "place", "--format", "html"], "the data page shows no slices"),
    ],
)  # fmt: skip
def test_mistakes_are_one_line(call, arguments, message):
    code, out, err = call("stats", "before.csv", *arguments)
    assert (code, out) == (1, "")
    assert err.splitlines()[-1].startswith(f"error: {message}")
    if "html" not in arguments:
        assert judged(call, "calm", *arguments)[0] == 1
