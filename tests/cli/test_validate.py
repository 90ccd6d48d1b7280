"""`tidegate validate`, as a person calls it."""

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest

from tests.support.commands import CONTRACT, HEADER, ROWS, lines, text_of


def test_a_pass(call):
    code, out, err = call("validate", "february.csv", "--against", "january.csv")
    assert code == 0
    first, *rest = out.splitlines()
    assert first == "pass  february.csv (1,200 rows) against january.csv"
    assert "holds" not in rest
    assert "moved most" in rest
    assert "not compared, as no contract says what they are: day (times)" in err
    assert "id (a different value in nearly every row)" in err
    assert "too few" not in out
    apart = out.partition("\nrows told apart\n")[2].splitlines()
    assert len(apart) == 1
    assert "Nothing in the features tells a row of february.csv from one of january.csv" in apart[0]


def test_a_hold_says_what_and_exits_with_3(call):
    code, out, _ = call("validate", "broken.csv", "--against", "january.csv")
    assert code == 3
    assert out.startswith("hold: 3 reasons  broken.csv (1,200 rows) against january.csv\n\nholds\n")
    assert "'ua' looks like 'UA'" in out
    assert "feature 'distance' drifted" in out
    moved = out.partition("\nmoved most\n")[2].splitlines()
    assert moved[1].split()[:3] == ["distance", "jensen_shannon", "1.0000"]
    assert "What tells them apart most: distance" in out.partition("\nrows told apart\n")[2]


def test_what_is_told_apart_is_in_the_json_too_and_labels_are_compared(call):
    arguments = ("validate", "broken.csv", "--against", "january.csv", "--label", "carrier")
    code, out, _ = call(*arguments, "--format", "json")
    told = json.loads(out)["shift"]
    assert (code, told["significant"], told["measured"]) == (3, True, [ROWS, ROWS])
    assert told["features"][0]["name"] == "distance"
    assert told["label"]["label"] == "carrier"
    apart = call(*arguments)[1].partition("\nrows told apart\n")[2].splitlines()
    assert "The share of carrier = " in apart[1]


def test_few_rows_are_not_told_apart(call):
    Path("few.csv").write_text(text_of(lines(2, rows=40)))
    out = call("validate", "few.csv", "--against", "january.csv")[1]
    assert "rows not told apart: few.csv has 40 rows; 50 are the fewest" in out


def test_what_moved_can_be_left_out(call):
    code, out, _ = call(
        *("validate", "broken.csv", "--against", "january.csv"),
        *("--exclude", "distance", "--exclude", "carrier"),
    )
    assert code == 0
    assert "UA fell from 33.4% to 0% (recorded only)" in out


def test_validate_as_json(call):
    code, out, _ = call("validate", "broken.csv", "--against", "january.csv", "--format", "json")
    found = json.loads(out)
    assert (code, found["status"], found["baseline_span"]) == (3, "hold", "january.csv")
    assert {f["code"] for f in found["findings"] if f["severity"] == "hold"} == {
        "drift", "enum_type_unexpected_string_values",
    }  # fmt: skip


def test_junit_has_a_case_for_each_rule_and_feature(call):
    code, out, _ = call("validate", "broken.csv", "--against", "january.csv", "--format", "junit")
    assert code == 3
    suite = ET.fromstring(out).find("testsuite")  # noqa: S314 (our own)
    cases = {(c.get("classname"), c.get("name")): c for c in suite}
    assert {n for k, n in cases if k == "january.schema"} == set(HEADER)
    failed = {key for key, case in cases.items() if case.find("failure") is not None}
    assert failed == {
        ("january.schema", "carrier"),
        ("january.drift.jensen_shannon", "carrier"),
        ("january.drift.l_infinity", "carrier"),
        ("january.drift.jensen_shannon", "distance"),
    }
    skipped = {key[1] for key, case in cases.items() if case.find("skipped") is not None}
    assert skipped == {"day", "id"}
    assert suite.get("tests") == str(len(cases))
    assert suite.get("failures") == "4"
    assert cases["january.quality", "duplicate_keys"].find("failure") is None
    said = cases["january.drift.jensen_shannon", "gust"].find("system-out").text
    assert said.startswith("Jensen-Shannon divergence 0.")


def test_html_is_the_validation_page(call, home):
    code, out, err = call(
        *("validate", "broken.csv", "--against", "january.csv"),
        *("--format", "html", "--out", "page.html"),
    )
    assert (code, out) == (3, "")
    assert "wrote page.html" in err
    assert "Hold: 3 reasons" in (home / "page.html").read_text()


def test_with_a_contract_spans_can_be_named(call, contract):
    code, out, err = call("validate", "2013-02", "--against", "2013-01", "--contract", contract)
    assert code == 0, out
    assert out.startswith("pass  2013-02 (1,200 rows) against 2013-01\n")
    assert "no contract" not in err
    of_files = call(
        *("validate", "spans/2013-02.csv", "--against", "2013-01", "--contract", contract),
    )
    assert of_files[0] == 0
    code, _, err = call("validate", "2013-03", "--against", "2013-01", "--contract", contract)
    assert code == 1
    assert "span '2013-03' is not in" in err


def test_with_a_contract_its_gates_hold(call, contract):
    path = Path("spans/2013-02.csv")
    path.write_text("\n".join(path.read_text().splitlines()[:101]) + "\n")
    arguments = ("validate", "2013-02", "--against", "2013-01", "--contract", contract)
    code, out, _ = call(*arguments)
    assert code == 3
    assert "too_few_examples" in out
    path.write_text(path.read_text() + path.read_text().splitlines()[1] + "\n")
    assert "duplicate_keys" in call(*arguments)[1]


def test_the_contracts_rules_are_cases_too(call, contract):
    path = Path(contract)
    rules = (
        "rules:\n  - {name: far, check: distance > 0}\n  - {name: near, check: distance < 300}\n"
    )
    path.write_text(path.read_text() + rules)
    code, out, _ = call(
        *("validate", "2013-02", "--against", "2013-01", "--contract", contract),
        *("--format", "junit"),
    )
    assert code == 3
    suite = ET.fromstring(out).find("testsuite")  # noqa: S314 (our own)
    rules = {
        c.get("name"): c.find("failure") for c in suite if c.get("classname").endswith(".rule")
    }
    assert rules["far"] is None
    assert rules["near"].get("type") == "rule_failed"


def test_with_a_contract_its_rules_are_judged_over_the_rows(call, contract):
    Path(contract).write_text(CONTRACT + "rules:\n  - {name: few, check: length(id) < 4}\n")
    arguments = ("validate", "2013-02", "--against", "2013-01", "--contract", contract)
    code, out, _ = call(*arguments)
    assert code == 3
    assert "rule 'few' fails in" in out
    found = json.loads(call(*arguments, "--format", "json")[1])
    assert found["rules"][0]["rows"]["of"] == ROWS
    assert found["rules"][0]["rows"]["columns"] == ["id"]


def test_serving_data_has_no_label(call, contract):
    arguments = ("february.csv", "--against", "2013-01", "--contract", contract)
    code, out, _ = call("validate", *arguments)
    assert code == 3
    assert "the label 'late' is not in the data" in out
    assert call("validate", *arguments, "--environment", "SERVING")[0] == 0


def test_serving_data_needs_to_know_which_column_the_label_is(call):
    arguments = ("validate", "february.csv", "--against", "january.csv", "--environment", "SERVING")
    code, out, err = call(*arguments)
    assert (code, out) == (1, "")
    assert "nothing says which column that is; give --label COLUMN" in err
    assert "nothing says" not in call(*arguments, "--label", "gust")[2]


def test_a_schema_can_be_given(call, home):
    Path("schema.pbtxt").write_text(
        'default_environment: "TRAINING"\n'
        'feature { name: "carrier" type: BYTES string_domain { value: "AA" value: "UA" } }\n'
    )
    code, out, _ = call(
        *("validate", "february.csv", "--against", "january.csv", "--schema", "schema.pbtxt"),
    )
    assert code == 3
    assert "'DL'" in out
    assert "schema_new_column" in out


def in_terminal(arguments, directory, **environment):
    """What a terminal shows of a run, stdout and stderr together."""
    primary, secondary = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "tidegate", *arguments],
        cwd=directory, stdout=secondary, stderr=secondary, env={**os.environ, **environment},
    )  # fmt: skip
    os.close(secondary)
    shown = io.BytesIO()
    try:
        while chunk := os.read(primary, 4096):
            shown.write(chunk)
    except OSError:
        pass
    return process.wait(), shown.getvalue().decode()


def test_colours_are_for_terminals_and_off_with_no_color(home):
    arguments = ["validate", "broken.csv", "--against", "january.csv"]
    environment = {"TERM": "xterm", "COLUMNS": "200"}
    code, shown = in_terminal(arguments, home, **environment)
    assert code == 3
    assert "\x1b[31mhold: 3 reasons" in shown
    code, shown = in_terminal(arguments, home, **environment, NO_COLOR="1")
    assert code == 3
    assert "\x1b[" not in shown


WRITERS = {
    "csv": pcsv.write_csv,
    "parquet": pq.write_table,
    "jsonl": lambda table, file: Path(file).write_text(
        "".join(json.dumps(row) + "\n" for row in table.to_pylist())
    ),
}


@pytest.mark.parametrize("end", WRITERS)
def test_whole_numbers_are_whole_however_they_are_written(call, end):
    every = np.arange(500)
    WRITERS[end](pa.table({"n": every % 9}), f"whole.{end}")
    floats = pa.array((every % 9).astype(float), mask=every % 50 == 7)
    WRITERS[end](pa.table({"n": floats}), f"written.{end}")
    Path("schema.pbtxt").write_text(
        'default_environment: "TRAINING" feature { name: "n" type: INT }\n'
    )
    options = ("--against", f"whole.{end}", "--schema", "schema.pbtxt")
    assert call("validate", f"written.{end}", *options)[0] == 0
    halves = pc.if_else(pc.equal(floats, 8.0), 8.5, floats)
    WRITERS[end](pa.table({"n": halves}), f"halves.{end}")
    code, out, _ = call("validate", f"halves.{end}", *options)
    assert code == 3
    assert "column 'n' now has decimals" in out


def test_a_distance_of_values_that_hardly_recur_is_told_as_what_it_is(call, tmp_path):
    for name in ("old", "new"):
        lines = [f"{name}{i},{i % 7}" for i in range(300)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["note,x", *lines]) + "\n")
    contract = tmp_path / "contract.yaml"
    contract.write_text("dataset: d\nsource: {uri: 'x.csv', format: csv}\n")
    files = (str(tmp_path / "new.csv"), "--against", str(tmp_path / "old.csv"))
    _, out, _ = call("validate", *files, "--contract", str(contract))
    (line,) = [line for line in out.splitlines() if line.startswith("note ")]
    assert "1.0000" in line
    assert line.endswith("no more than chance gives where values hardly recur, up to 1.0000")
