"""A rule is judged on the column that it names, and on no other."""

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.modelling import contract_of, ingested
from tidegate import statistics
from tidegate.contract import Rule
from tidegate.data.duckdb import quoted
from tidegate.validation.rules import judge, opened
from tidegate.validation.rules.names import UnboundNameError, bound, fold, sql_names

ROWS = 10
COLUMNS = {"amount": list(range(1, ROWS + 1)), "Amount": [-1] * ROWS, "Day": [5] * ROWS}


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """The result of a rule over `amount` (positive), `Amount` (negative) and `Day`."""
    folder = tmp_path_factory.mktemp("cases")
    contract = contract_of(folder, label=None)
    made = ingested(folder, contract, COLUMNS)
    measured = statistics.compute(made).features()

    def result(**written):
        rule = Rule(**{"name": "r", **written})
        with opened(made, measured) as database:
            (found,) = judge(contract.model_copy(update={"rules": (rule,)}), database)
        return found

    return result


@pytest.mark.parametrize("name", ["amount", '"amount"', "examples.amount", 'examples."amount"'])
def test_a_rule_on_the_first_of_two_passes(judged, name):
    assert judged(check=f"{name} > 0").state == "pass"


@pytest.mark.parametrize("name", ["Amount", '"Amount"', "examples.Amount", "(/* amount */ Amount)"])
def test_a_rule_on_the_second_of_two_fails(judged, name):
    found = judged(check=f"{name} > 0")
    assert (found.state, found.rows.failing) == ("fail", ROWS)
    assert found.rows.columns == ("id", "Amount")
    assert {row[1] for row in found.rows.sample} == {"-1"}


def test_conditions_and_selects_are_exact_too(judged):
    assert judged(check="amount > 5", where='"Amount" > 0').state == "empty"
    assert judged(select='SELECT * FROM examples e WHERE e."Amount" > 0').state == "pass"
    found = judged(select="SELECT * FROM examples WHERE Amount < 0", show=("Amount",))
    assert (found.rows.failing, found.rows.columns) == (ROWS, ("Amount",))
    over = {"over": "statistics", "select": 'SELECT 1 FROM examples WHERE "AMOUNT" > 0'}
    assert judged(**over).state == "not_evaluated"


@pytest.mark.parametrize("name", ["AMOUNT", '"AMOUNT"', '"day"'])
def test_a_name_that_is_no_column_s_cannot_be_judged(judged, name):
    found = judged(check=f"{name} > 0")
    assert found.state == "not_evaluated"
    assert f"it names {name.strip(chr(34))!r}, and the data has" in found.problem


def test_without_quotes_case_is_free_where_one_column_can_be_meant(judged):
    assert judged(check="DAY = 5 AND 'Amount' <> \"Day\"::VARCHAR").state == "pass"


NAMES = st.text(st.sampled_from('aAbBéÉß\u017fKk\u212a_ 1"'), min_size=1, max_size=4)


@given(st.lists(NAMES, min_size=1, max_size=6, unique=True))
def test_every_column_is_found_by_its_name_in_quotes(tmp_path_factory, columns):
    file = tmp_path_factory.mktemp("names") / "x.parquet"
    pq.write_table(pa.table([[i] for i in range(len(columns))], names=columns), file)
    names = sql_names(columns)
    assert len({fold(n) for n in names.values()}) == len(columns)
    listed = ", ".join(quoted(n) for n in names.values())
    with duckdb.connect() as connection:
        rows = f"read_parquet('{file}') AS t({listed})"
        connection.execute(f"CREATE VIEW examples AS SELECT * FROM {rows}")  # noqa: S608
        for number, column in enumerate(columns):
            sql = bound(f"SELECT {quoted(column)} FROM examples", names)  # noqa: S608
            assert connection.execute(sql).fetchall() == [(number,)]


@given(st.text(max_size=40), st.lists(NAMES, max_size=4, unique=True))
def test_any_text_is_bound_or_refused(sql, columns):
    try:
        assert isinstance(bound(sql, sql_names(columns)), str)
    except UnboundNameError as error:
        assert "\n" not in str(error).replace(sql, "")
