"""The schema that a span suggests."""

import numpy as np
import pyarrow as pa
import pytest
import tensorflow_data_validation as tfdv

from tidegate import schema as schemas
from tidegate.contract import Contract
from tidegate.core.errors import ContractError, SchemaError
from tidegate.statistics import compute_table

CONTRACT = """
dataset: d
source: {uri: x, format: csv}
key: [id]
time: when
label: late
features: {exclude: [after, note]}
"""
ROWS = 1000


def table(**changes):
    generator = np.random.default_rng(1)
    columns = {
        "id": [f"row {i}" for i in range(ROWS)],
        "when": ["2013-01-01T00:00:00"] * ROWS,
        "after": generator.normal(size=ROWS),
        "note": generator.choice(["x", "y"], ROWS),
        "carrier": generator.choice(["UA", "AA", "DL"], ROWS),
        "tail": [f"N{i % 150}" for i in range(ROWS)],
        "flight": [str(i % 9) for i in range(ROWS)],
        "month": [1] * ROWS,
        "flag": generator.integers(0, 2, ROWS),
        "gust": [None if i % 3 else 5.0 + i for i in range(ROWS)],
        "late": generator.integers(0, 2, ROWS),
    }
    return pa.table({**columns, **changes})


def statistics(**changes):
    data = table(**changes)
    return compute_table(data.to_batches(), schema=data.schema, span="2013-01")


@pytest.fixture(scope="module")
def contract():
    return Contract.parse(CONTRACT)


@pytest.fixture(scope="module")
def inferred(contract):
    return schemas.infer(statistics(), contract)


def feature(schema, name):
    return next(f for f in schema.feature if f.name == name)


def test_domains_are_for_values_that_recur(inferred):
    assert schemas.domain(inferred, "carrier") == ("AA", "DL", "UA")
    assert feature(inferred, "carrier").distribution_constraints.min_domain_mass == 0.99
    # Names that hardly recur, a time, what no model sees and names made of digits have none; nor
    # is a constant a flag.
    for name in ("id", "tail", "when", "month", "note"):
        assert schemas.domain(inferred, name) == ()
        assert feature(inferred, name).WhichOneof("domain_info") is None
    assert feature(inferred, "flight").WhichOneof("domain_info") != "int_domain"
    assert feature(inferred, "flag").WhichOneof("domain_info") == "bool_domain"
    assert {d.name for d in inferred.string_domain} <= {"carrier", "flight"}


def test_presence_is_what_the_contract_and_the_data_promise(inferred):
    assert feature(inferred, "late").presence.min_fraction == 1
    assert feature(inferred, "id").presence.min_fraction == 1
    assert feature(inferred, "carrier").presence.min_fraction == 0.99
    assert feature(inferred, "gust").presence.min_fraction == 0
    assert feature(inferred, "gust").presence.min_count == 1


def test_environments(inferred):
    assert list(inferred.default_environment) == ["TRAINING", "SERVING"]
    absent = {f.name for f in inferred.feature if "SERVING" in f.not_in_environment}
    assert absent == {"late", "after", "note"}


def test_a_schema_accepts_its_own_span(inferred):
    found = tfdv.validate_statistics(statistics().as_list(), inferred, environment="TRAINING")
    assert not found.anomaly_info


def test_text_is_deterministic_and_survives(inferred, contract, tmp_path):
    schemas.write(inferred, tmp_path)
    again = schemas.read(tmp_path)
    assert again == inferred
    assert schemas.digest(again) == schemas.digest(schemas.infer(statistics(), contract))
    path = tmp_path / "schema.pbtxt"
    path.write_text("# a comment\n" + path.read_text())
    assert schemas.digest(schemas.read(tmp_path)) == schemas.digest(inferred)
    path.write_text(path.read_text().replace('"UA"', '"U2"'))
    assert schemas.digest(schemas.read(tmp_path)) != schemas.digest(inferred)


def test_no_rows_and_no_such_column_are_refused(contract):
    empty = table().slice(0, 0)
    nothing = compute_table(empty.to_batches(), schema=empty.schema, span="2013-01")
    with pytest.raises(SchemaError, match="span '2013-01' has no rows"):
        schemas.infer(nothing, contract)
    other = Contract.parse(CONTRACT.replace("[after,", "[aftr,"))
    with pytest.raises(ContractError, match="did you mean 'after'"):
        schemas.infer(statistics(), other)
