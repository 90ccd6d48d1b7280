import math

import pyarrow as pa
import pytest

from tidegate import schema as schemas
from tidegate.contract import Contract
from tidegate.core.errors import ContractError
from tidegate.schema import SERVING
from tidegate.statistics import compute_table
from tidegate.validation import validate
from tidegate.validation.checks.needs import needs_findings

ROWS = 10
TABLE = pa.table(
    {
        "id": [f"{i}" for i in range(ROWS)],
        "carrier": ["UA", "AA"] * 5,
        "gust": pa.array([1.0] + [None] * 9, pa.float64()),
        "wind": [math.nan] * 2 + [3.0] * 8,
        "empty": pa.array([None] * ROWS, pa.string()),
        "late": [0, 1] * 5,
    }
)


def contract(needs):
    return Contract.parse(
        "dataset: d\nsource: {uri: x, format: csv}\nkey: [id]\nlabel: late\n"
        f"gates: {{min_examples: 1}}\n{needs}"
    )


def statistics(table=TABLE):
    return compute_table(table.to_batches(), schema=table.schema, span="1")


def findings(needs, **kwargs):
    return [*needs_findings(statistics().features(), contract(needs), **kwargs)]


def one(data, **more):
    options = "".join(f", {k}: {v}" for k, v in more.items())
    return f"needs: [{{user: a traveller rebooks, data: [{data}]{options}}}]\n"


def test_without_needs_nothing_is_said():
    assert findings("") == []


def test_a_need_that_is_served_holds_nothing_and_idle_features_are_named():
    (found,) = findings(one("carrier, gust"))
    assert (found.code, found.severity) == ("serves_no_need", "info")
    assert found.message.startswith("features that serve no need: wind, empty;")


def test_excluded_columns_need_no_need():
    assert findings("features: {exclude: [empty]}\n" + one("carrier, gust, wind")) == []


@pytest.mark.parametrize(
    ("data", "populated", "message"),
    [
        ("carier", None, "there is no column 'carier', did you mean 'carrier'?"),
        ("empty", None, "column 'empty' has no value in 10 rows"),
        ("gust", 0.5, "column 'gust' has a value in 1 of 10 rows, fewer than the 50.0%"),
        ("wind", 0.9, "column 'wind' has a value in 8 of 10 rows, fewer than the 90.0%"),
    ],
)
def test_a_need_that_is_not_served_holds(data, populated, message):
    more = {} if populated is None else {"populated": populated}
    found = findings(one(f"carrier, {data}", **more))[0]
    assert (found.code, found.subject, found.severity) == (
        "need_not_served",
        "a traveller rebooks",
        "hold",
    )
    assert message in found.message


def test_the_share_is_met_at_its_very_edge():
    assert {f.code for f in findings(one("wind", populated=0.8))} == {"serves_no_need"}


def test_the_gate_holds_what_serves_no_user():
    asked = contract(one("carrier, empty"))
    computed = statistics()
    schema = schemas.infer(computed, asked)
    verdict = validate(computed, schema, asked, baseline=None).verdict
    assert any("'a traveller rebooks' is not served" in reason for reason in verdict.reasons)


def test_the_label_is_not_asked_of_serving_data():
    asked = contract(one("carrier, late"))
    schema = schemas.infer(statistics(), asked)
    serving = statistics(TABLE.drop(["late"]))
    found = validate(serving, schema, asked, baseline=None, environment=SERVING).verdict.findings
    assert "need_not_served" not in {f.code for f in found}


@pytest.mark.parametrize("populated", [0, 1.1])
def test_a_share_that_means_nothing_is_refused(populated):
    with pytest.raises(ContractError, match=r"needs\[0\]\.populated"):
        contract(one("carrier", populated=populated))
