"""Rules in SQL: what passes, what fails and is shown, and what they may not do."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate import schema as schemas
from tidegate import statistics as stats
from tidegate.contract import Contract
from tidegate.core.errors import ExamplesError
from tidegate.data.examples import ingest
from tidegate.validation import Validation, validate
from tidegate.validation.rules.database import MAX_COLUMNS, MAX_TEXT, SAMPLE, QueryError, opened
from tidegate.validation.rules.names import mentioned

ROWS = 60
HEAD = "id,from,to,km,note\n"
LINES = [f"r{i:02},{'ab'[i % 2]},c,{i * 10},n{i}\n" for i in range(ROWS)]
CONTRACT = "dataset: d\nsource: {uri: URI, format: csv}\nkey: [id]\n"


class Span:
    """One ingested span with its statistics and a schema inferred from it."""

    def __init__(self, home, content):
        (home / "1.csv").write_text(content)
        contract = Contract.parse(CONTRACT.replace("URI", json.dumps(f"{home}/{{SPAN}}.csv")))
        self.examples = ingest(contract, span="1", out=home / "examples")
        self.statistics = stats.compute(self.examples)
        self.schema = schemas.infer(self.statistics, contract)

    def judge(self, *rules, gates="", with_rows=True, baseline=None):
        lines = "".join(f"  - {json.dumps(r)}\n" for r in rules)
        extra = f"gates: {{min_examples: 1, drift: report{gates}}}\nrules:\n{lines}"
        contract = Contract.parse(CONTRACT + extra)
        examples = self.examples if with_rows else None
        return validate(
            self.statistics, self.schema, contract, baseline=baseline, examples=examples
        )


@pytest.fixture(scope="module")
def span(tmp_path_factory):
    return Span(tmp_path_factory.mktemp("span"), HEAD + "".join(LINES))


def rule(check=None, **keys):
    return {"name": "r", **({"check": check} if check else {}), **keys}


def told(validation, code="rule_failed"):
    (found,) = [f for f in validation.verdict.findings if f.code == code]
    assert "\n" not in found.message
    return found


def test_a_condition_that_is_true_of_every_row_passes(span):
    result = span.judge(rule("km >= 0 AND id <> ''"))
    assert result.verdict.status == "pass"
    (judged,) = result.rules
    assert (judged.state, judged.rows.failing, judged.rows.of) == ("pass", 0, ROWS)
    assert judged.rows.sample == ()


def test_rows_that_fail_are_counted_and_shown_key_first(span):
    result = span.judge(rule("km < 500", description="Nothing is far."))
    found = told(result)
    assert (found.subject, found.severity) == ("r", "hold")
    assert found.message.startswith(
        "rule 'r' (Nothing is far) fails in 10 of 60 rows (16.7%), and none may: for example id r5"
    )
    rows = result.rules[0].rows
    assert rows.columns == ("id", "km")
    assert len(rows.sample) == SAMPLE
    assert all(int(km) >= 500 and id_ == f"r{int(km) // 10}" for id_, km in rows.sample)
    assert span.judge(rule("km < 500")).rules[0].rows == rows


def test_a_null_condition_fails_and_the_rule_can_say_otherwise(tmp_path):
    gaps = Span(tmp_path, HEAD + "gap,x,y,,\n" + "".join(LINES[1:]))
    rows = gaps.judge(rule("km > 0")).rules[0].rows
    assert (rows.failing, rows.of, rows.sample) == (1, ROWS, (("gap", None),))
    assert "for example id gap, km missing" in told(gaps.judge(rule("km > 0"))).message
    assert gaps.judge(rule("km IS NULL OR km > 0")).verdict.status == "pass"
    rows = gaps.judge(rule("km > 0", where="km IS NOT NULL")).rules[0].rows
    assert (rows.failing, rows.of) == (0, ROWS - 1)


NAN_IS_GREATEST = [
    ("x <= 1", 1),
    ("NOT isnan(x)", 1),
    ("x = 1", 1),
    ("x < 1000", 1),
    ("x BETWEEN 0 AND 5", 1),
    ("isfinite(x)", 1),
    ("x >= 1", 0),
    ("isnan(x)", ROWS - 1),
]


@pytest.mark.parametrize(("check", "failing"), NAN_IS_GREATEST)
def test_nan_is_seen_wherever_it_lies(tmp_path, check, failing):
    """DuckDB overlooks it where it believes what Parquet states of a column."""
    lines = [f"r{i},{'nan' if i == 7 else 1.0}\n" for i in range(ROWS)]
    one = Span(tmp_path, "id,x\n" + "".join(lines))
    query = f"SELECT * FROM examples WHERE ({check}) IS NOT TRUE"  # noqa: S608
    result = one.judge(rule(check), rule(select=query) | {"name": "s"})
    for judged in result.rules:
        assert judged.rows.failing == failing
        assert len(judged.rows.sample) == min(failing, SAMPLE)
    about = f"NOT ({check})"
    (judged,) = one.judge(rule("false", where=about)).rules
    assert judged.rows.of == failing


def test_a_rule_about_no_row_is_told(span):
    result = span.judge(rule("km > 1e9", where="note = 'gone'"))
    assert result.verdict.status == "pass"
    assert told(result, "rule_without_rows").severity == "warn"
    assert result.rules[0].state == "empty"
    held = span.judge(rule("false", where="false"), gates=", findings: {rule_without_rows: hold}")
    assert held.verdict.status == "hold"


@pytest.mark.parametrize(
    ("limit", "state"),
    [(9, "fail"), (10, "pass"), (0.16, "fail"), (0.17, "pass"), (0.999, "pass")],
)
def test_some_rows_may_fail(span, limit, state):
    result = span.judge(rule("km < 500", max_failing=limit))
    assert result.rules[0].state == state
    assert (result.verdict.status == "hold") == (state == "fail")
    assert result.rules[0].rows.failing == 10


@pytest.mark.parametrize(
    ("severity", "failed", "broken"),
    [("hold", "hold", "hold"), ("warn", "warn", "warn"), ("info", "info", "warn")],
)
def test_severity(span, severity, failed, broken):
    assert told(span.judge(rule("km < 500", severity=severity))).severity == failed
    wrong = span.judge(rule("nope < 500", severity=severity))
    assert told(wrong, "rule_not_evaluated").severity == broken


def test_a_rule_that_is_off_is_not_run(span):
    result = span.judge(rule("nope < 500", severity="off"))
    assert not [f for f in result.verdict.findings if f.code.startswith("rule_")]
    assert result.rules[0].state == "off"


def test_a_query_returns_what_fails(span):
    query = 'SELECT "from", count(*) AS n FROM examples GROUP BY ALL HAVING n > 20;'
    result = span.judge(rule(select=query))
    rows = result.rules[0].rows
    assert (rows.failing, rows.of, rows.columns) == (2, ROWS, ("from", "n"))
    assert set(rows.sample) == {("a", "30"), ("b", "30")}
    assert span.judge(rule(select="FROM examples WHERE km < 0")).verdict.status == "pass"


def test_rules_over_statistics(span):
    result = span.judge(
        rule("missing_fraction = 0 AND count = 60", over="statistics"),
        with_rows=False,
    )
    assert (result.verdict.status, result.rules[0].rows.of) == ("pass", 5)
    result = span.judge(rule("max < 500", over="statistics", where="type = 'int'"))
    assert "fails in 1 of 1 columns (100%)" in told(result).message
    assert result.rules[0].rows.sample == (("km", "590.0", "int"),)
    result = span.judge(rule("quantiles[51] < 100", over="statistics", where="name = 'km'"))
    assert result.rules[0].state == "fail"


def test_statistics_are_compared_with_the_span_before(span):
    query = "SELECT name FROM statistics s JOIN baseline b USING (name) WHERE s.count >= b.count"
    moved = rule(select=query, over="statistics")
    assert span.judge(moved).rules[0].rows.failing == 0
    assert span.judge(moved, baseline=span.statistics).rules[0].rows.failing == 5


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (rule("nope > 1"), 'Referenced column "nope" not found'),
        (rule("km > "), "Parser Error"),
        (rule("km"), "'km' is BIGINT, not true or false"),
        (rule("NULL"), "not true or false"),
        (rule("*"), "'*' is"),
        (rule("id > 1"), "Cannot compare values of type VARCHAR"),
        (rule("CAST(id AS BIGINT) > 1"), "Could not convert string"),
        (rule("sum(km) > 1"), "aggregate"),
        (rule("true) OR (true"), "Parser Error"),
        (rule("true, true"), "single expression"),
        (rule("true; DROP VIEW examples"), "Parser Error"),
        (rule("true /*"), "unterminated /* comment"),
        (rule("true", where="nope = 1"), '"nope" not found'),
        (rule("true", where="true) OR (true"), "Parser Error"),
        (rule("km < 0", show=["neither"]), "show names 'neither', which examples does not have"),
        (rule(select="SELECT id FROM examples", show=["km"]), "select returns id"),
        (rule(select="SELECT * FROM nowhere"), "Table with name nowhere does not exist"),
        (rule(select="SELECT 1; SELECT 2"), "must be one SELECT, and is SELECT, SELECT"),
        (rule(select="DROP VIEW examples"), "must be one SELECT, and is DROP"),
        (rule(select="COPY examples TO 'x.csv'"), "and is COPY"),
        (rule(select="INSERT INTO statistics DEFAULT VALUES"), "and is INSERT"),
        (rule(select="SET threads = 1"), "must be one SELECT, and is SET"),
        (rule(select="PRAGMA version"), "must be one SELECT"),
        (rule(select="INSTALL httpfs"), "must be one SELECT"),
        (rule(select="ATTACH 'x.db'"), "must be one SELECT, and is ATTACH"),
        (rule(select="  "), "must be one SELECT, and is nothing"),
        (rule(select="SELECT * FROM read_csv('/etc/passwd')"), "disabled by configuration"),
        (rule(select="SELECT * FROM read_text('/etc/passwd')"), "disabled by configuration"),
        (rule(select="SELECT * FROM glob('/etc/*')"), "disabled by configuration"),
        (rule(select="SELECT * FROM 'https://localhost/x.parquet'"), "disabled by config"),
        (rule(select="SELECT getenv('HOME')"), "getenv does not exist"),
        (rule(select="SELECT * FROM span"), "Table with name span does not exist"),
        (rule("nope > 1", over="statistics"), '"nope" not found'),
    ],
    ids=lambda value: value.get("check") or value.get("select") if isinstance(value, dict) else "",
)
def test_a_rule_that_cannot_be_judged_holds_and_is_named(span, asked, problem):
    result = span.judge(asked, rule("km >= 0") | {"name": "fine"})
    found = told(result, "rule_not_evaluated")
    assert (found.subject, found.severity, result.verdict.status) == ("r", "hold", "hold")
    assert found.message.startswith("rule 'r' cannot be judged: ")
    assert problem in found.message
    assert len(found.message) < 500
    assert [r.state for r in result.rules] == ["not_evaluated", "pass"]
    assert not Path("x.csv").exists()
    assert not Path("x.db").exists()


def test_rules_over_rows_hold_where_there_are_none_to_see(span):
    result = span.judge(rule("km >= 0"), with_rows=False)
    assert (
        "it needs rows, and there are only statistics" in told(result, "rule_not_evaluated").message
    )
    assert result.verdict.status == "hold"


def test_a_query_that_takes_too_long_is_ended(span):
    with (
        opened(span.examples, {}, time_limit=0.2) as database,
        pytest.raises(QueryError, match=r"takes longer than 0\.2 seconds"),
    ):
        database.returned("SELECT 1 FROM range(10000000), range(10000000)", of=1, show=None)


def test_a_file_that_is_broken_is_an_error(tmp_path):
    home = tmp_path / "it's [a] *x?"
    home.mkdir()
    odd = Span(home, HEAD + "".join(LINES))
    with opened(odd.examples, {}) as database:
        assert database.run("SELECT count(*) FROM examples") == [(ROWS,)]
    for split in odd.examples.splits:
        for file in odd.examples.files(split):
            file.write_bytes(b"PAR1" + bytes(file.stat().st_size - 4))
    with (
        pytest.raises(ExamplesError, match=r"cannot read the examples in .* ingest the span again"),
        opened(odd.examples, {}),
    ):
        pass


def test_what_a_rule_shows_is_its_own_choice(span):
    assert span.judge(rule("km < 500", show=["km"])).rules[0].rows.columns == ("km",)
    hidden = span.judge(rule("km < 500", show=[]))
    assert hidden.rules[0].rows.failing == 10
    assert (hidden.rules[0].rows.columns, hidden.rules[0].rows.sample) == ((), ())
    assert "for example" not in told(hidden).message
    query = "SELECT id, km FROM examples WHERE km > 0"
    assert span.judge(rule(select=query, show=["km"])).rules[0].rows.columns == ("km",)


def test_what_is_shown_is_bounded(tmp_path):
    names = [f"c{i:02}" for i in range(40)]
    long = "é" * 500
    content = f"id,{','.join(names)}\n" + "".join(
        f"k{i}{long},{','.join(['1'] * 40)}\n" for i in range(50)
    )
    wide = Span(tmp_path, content)
    (judged,) = wide.judge(rule(" + ".join(names) + " > 1000")).rules
    assert judged.rows.failing == 50
    assert len(judged.rows.columns) == MAX_COLUMNS
    assert len(judged.rows.sample) == SAMPLE
    cut = judged.rows.sample[0][0]
    assert len(cut) == MAX_TEXT
    assert cut.endswith("\u2026")


def test_names_are_told_apart_and_quoted(tmp_path):
    content = 'id,"A b","a ""b",x,X\n' + "".join(f"{i},{i},{i},1,2\n" for i in range(20))
    odd = Span(tmp_path, content)
    (judged,) = odd.judge(rule('"A b" < 5 AND "a ""b" < 5')).rules
    assert judged.rows.columns == ("id", "A b", 'a "b')
    assert judged.rows.failing == 15
    (judged,) = odd.judge(rule("x = 2", show=["X", "x"])).rules
    assert set(judged.rows.sample) == {("2", "1")}


def test_only_names_are_mentioned_not_texts():
    columns = ["a", "B", "c d", "e"]
    assert mentioned("b = 'a' AND \"c d\" > E.x", columns) == ["B", "c d", "e"]
    assert mentioned("'it''s a' || a", columns) == ["a"]


@given(st.text(max_size=60), st.lists(st.text(max_size=9), max_size=5))
def test_any_text_can_be_searched_for_names(sql, columns):
    assert set(mentioned(sql, columns)) <= set(columns)


def test_results_survive_the_disk(span, tmp_path):
    result = span.judge(rule("km < 500"), rule("nope") | {"name": "s"})
    result.write(tmp_path)
    assert Validation.read(tmp_path) == result
    document = json.loads((tmp_path / "validation.json").read_text())
    assert [r["state"] for r in document["rules"]] == ["fail", "not_evaluated"]
    assert document["rules"][0]["rows"]["failing"] == 10
