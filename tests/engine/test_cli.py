"""`tidegate stats` and `tidegate validate`, as a person calls them."""

import gzip
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
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.cli import main
from tidegate.report import terminal

ROWS = 1200
HEADER = ["id", "day", "carrier", "distance", "gust"]


def lines(seed, *, carriers=("AA", "UA", "DL"), scale=1.0, rows=ROWS):
    random = np.random.default_rng(seed)
    for i in range(rows):
        gust = "" if i % 4 else f"{random.normal(20, 4):.2f}"
        distance = round(int(random.choice([200, 500, 1400])) * scale)
        yield [
            f"{seed}-{i}",
            f"2013-0{seed}-{i % 28 + 1:02}",
            random.choice(carriers),
            distance,
            gust,
        ]


def text_of(rows, between=","):
    return "".join(between.join(map(str, row)) + "\n" for row in [HEADER, *rows])


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Two alike files, one in kilometres with a misspelt carrier, and this as the directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    Path("january.csv").write_text(text_of(lines(1)))
    Path("february.csv").write_text(text_of(lines(2)))
    Path("broken.csv").write_text(text_of(lines(3, carriers=("AA", "ua", "DL"), scale=1.609)))
    return tmp_path


@pytest.fixture
def call(home, capsys):
    def call(*arguments):
        code = main([str(a) for a in arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def test_stats_are_a_table(call):
    code, out, err = call("stats", "january.csv")
    assert code == 0
    title, _, header, *columns = out.splitlines()
    assert title == "january.csv: 1,200 rows, 5 columns"
    assert header.endswith("distinct  min, median, max; or most frequent")
    assert [c.split()[:4] for c in columns] == [
        ["id", "string", "1,200", "0%"],
        ["day", "string", "1,200", "0%"],
        ["carrier", "string", "1,200", "0%"],
        ["distance", "int", "1,200", "0%"],
        ["gust", "float", "300", "75.0%"],
    ]
    assert columns[3].split()[4:] == ["200", "500", "1,400"]
    assert "AA" in columns[2]
    assert "\x1b" not in out
    assert err == "january.csv: 1,200 rows, 5 columns\n"


def test_stats_as_json_and_html(call, home):
    code, out, _ = call("stats", "january.csv", "--format", "json")
    found = json.loads(out)
    assert (code, found["rows"]) == (0, ROWS)
    gust = found["columns"][4]
    assert (gust["name"], gust["missing"], gust["missing_fraction"]) == ("gust", 900, 0.75)
    assert call("stats", "january.csv", "--format", "html", "--out", "a/b.html")[1] == ""
    page = (home / "a" / "b.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "carrier" in page


def test_stats_of_every_format_and_place_are_the_same(call, home):
    rows = [dict(zip(HEADER, row, strict=True)) for row in lines(1)]
    for row in rows:
        row["carrier"], row["gust"] = str(row["carrier"]), float(row["gust"] or "nan")
    Path("data/deep").mkdir(parents=True)
    table = pa.Table.from_pylist(rows)
    gust = table["gust"].to_pylist()
    table = table.set_column(4, "gust", pa.array([None if v != v else v for v in gust]))
    pq.write_table(table, "data/deep/a.parquet")
    Path("data/deep/_SUCCESS").write_text("")
    Path("data/.hidden.parquet").write_text("no Parquet")
    with gzip.open("a.csv.gz", "wt") as file:
        file.write(Path("january.csv").read_text())
    Path("a.tsv").write_text(text_of(lines(1), between="\t"))
    Path("a.semicolon").write_text(text_of(lines(1), between=";"))
    with Path("a.jsonl").open("w") as file:
        for row in table.to_pylist():
            file.write(json.dumps(row) + "\n")

    def columns(*arguments):
        code, out, err = call("stats", *arguments, "--format", "json")
        assert code == 0, err
        return json.loads(out)["columns"]

    expected = columns("january.csv")
    assert columns("data") == expected
    assert columns(f"file://{home}/data") == expected
    assert columns(home / "data/deep/a.parquet") == expected
    assert columns("a.csv.gz") == columns("a.tsv") == columns("a.jsonl") == expected
    assert columns("a.semicolon", "--read-as", "csv", "--delimiter", ";") == expected
    both = columns("january.csv", "february.csv")
    assert both[3]["count"] == 2 * ROWS


def test_a_text_can_mean_missing(call):
    Path("a.csv").write_text("n\n1\nNA\n3\n")
    column = json.loads(call("stats", "a.csv", "--null", "NA", "--format", "json")[1])["columns"][0]
    assert (column["type"], column["missing"], column["max"]) == ("int", 1, 3)


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
    assert moved[1].split()[:3] == ["distance", "jensen_shannon", "0.9351"]
    assert "What tells them apart most: distance" in out.partition("\nrows told apart\n")[2]


def test_what_is_told_apart_is_in_the_json_too_and_labels_are_compared(call):
    arguments = ("validate", "broken.csv", "--against", "january.csv", "--label", "carrier")
    code, out, _ = call(*arguments, "--format", "json")
    told = json.loads(out)["shift"]
    assert (code, told["told"], told["measured"]) == (3, True, [ROWS, ROWS])
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


CONTRACT = """
dataset: flights
source: {uri: "spans/{YYYY}-{MM}.csv", format: csv}
key: [id]
time: day
label: late
gates: {min_examples: 500}
"""


@pytest.fixture
def contract(home):
    Path("contract.yaml").write_text(CONTRACT)
    Path("spans").mkdir()
    for month in (1, 2):
        rows = [[*row, i % 2] for i, row in enumerate(lines(month))]
        body = text_of([]).replace("\n", ",late\n") + text_of(rows).split("\n", 1)[1]
        Path(f"spans/2013-0{month}.csv").write_text(body)
    return "contract.yaml"


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["stats", "none.csv"], "none.csv is not there; check the path"),
        (["stats", "empty"], "empty holds no data files; there are: .csv"),
        (["stats", "notes"], "notes: its name does not tell its format; say --read-as FORMAT"),
        (["stats", "january.csv", "january.csv"], "january.csv is given twice"),
        (["stats", "january.csv", "a.jsonl"], "of several formats (csv, jsonl)"),
        (["stats", "a.jsonl", "--null", "NA"], "--delimiter and --null are for CSV"),
        (["stats", "january.csv", "--delimiter", ";;"], "january.csv cannot be read so"),
        (["stats", "header.csv"], "header.csv has a header and no rows"),
        (
            ["validate", "january.csv", "--against", "january.csv", "--label", "lat"],
            "label names the column 'lat', which the data does not have",
        ),
        (
            ["validate", "1", "--against", "1", "--contract", "c.yaml", "--label", "late"],
            "--label is for files without a contract",
        ),
        (
            ["validate", "january.csv", "--against", "january.csv", "--schema", "none.pbtxt"],
            "cannot read none.pbtxt",
        ),
    ],
)
def test_mistakes_are_one_line(call, home, arguments, message):
    Path("empty").mkdir()
    Path("notes").write_text("a\n1\n")
    Path("header.csv").write_text("a,b\n")
    Path("a.jsonl").write_text('{"a": 1}\n')
    code, out, err = call(*arguments)
    assert (code, out) == (1, "")
    last = err.splitlines()[-1]
    assert last.startswith("error: ")
    assert message in last
    assert "Traceback" not in err


def test_a_wrong_command_line_is_2(call):
    for arguments in ([], ["stats"], ["validate", "a"], ["valdate"]):
        with pytest.raises(SystemExit) as ended:
            call(*arguments)
        assert ended.value.code == 2


def test_help_needs_no_tensorflow():
    script = (
        "import sys\n"
        "for name in ('tensorflow', 'tensorflow_data_validation', 'tfx_bsl'):\n"
        "    sys.modules[name] = None\n"
        "from tidegate.cli import main\n"
        "main(['validate', '--help'])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "--against BASELINE" in done.stdout


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


@pytest.mark.parametrize("lacking", ["tensorflow_data_validation", "duckdb"])
def test_what_is_not_installed_is_named_with_the_remedy(home, lacking):
    code = (
        f"import sys; sys.modules[{lacking!r}] = None\n"
        "from tidegate.cli import main\n"
        "sys.exit(main(['validate', 'february.csv', '--against', 'january.csv']))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == 1
    (last,) = [line for line in ended.stderr.splitlines() if line.startswith("error:")]
    assert last.startswith(f"error: {lacking} is not installed, and this command needs it")
    assert last.endswith("install tidegate (docs/cli.md says how)")
    assert "Traceback" not in ended.stderr


def test_colours_are_for_terminals_and_off_with_no_color(home):
    arguments = ["validate", "broken.csv", "--against", "january.csv"]
    environment = {"TERM": "xterm", "COLUMNS": "200"}
    code, shown = in_terminal(arguments, home, **environment)
    assert code == 3
    assert "\x1b[31mhold: 3 reasons" in shown
    code, shown = in_terminal(arguments, home, **environment, NO_COLOR="1")
    assert code == 3
    assert "\x1b[" not in shown


def test_a_reader_that_has_seen_enough_is_no_error(home):
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "tidegate", "stats", "january.csv"]
    done = subprocess.run(command, cwd=home, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "january.csv: 1,200 rows, 5 columns\n")


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5), st.integers(1, 30))
def test_lines_of_a_table_fit_and_hold_no_controls(rows, limit):
    plain = terminal.Ink(coloured=False)
    made = terminal.table(["a", "b"], rows, align="lr", ink=plain, limit=limit)
    assert len(made) == len(rows) + 1
    for line in made:
        assert terminal.cells(line) <= max(limit, 1)
        assert line.isprintable() or not line


def test_columns_line_up_under_wide_characters():
    plain = terminal.Ink(coloured=False)
    made = terminal.table(
        ["a", "b"], [("東京", "1"), ("e\u0301t\u0301e", "22")], align="lr", ink=plain
    )
    assert len({terminal.cells(line) for line in made}) == 1
