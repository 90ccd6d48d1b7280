"""Bounds follow from evidence, and the next span of the same kind does not trip them."""

import math

import numpy as np
import pyarrow as pa
import pytest

from tidegate import schema as schemas
from tidegate.contract import Contract
from tidegate.core.errors import SchemaError
from tidegate.schema.evidence import gather
from tidegate.statistics import compute_table

CONTRACT = """
dataset: d
source: {uri: x, format: csv}
key: [id]
label: late
features: {exclude: [after]}
"""
ROWS = 2000


@pytest.fixture(scope="module")
def contract():
    return Contract.parse(CONTRACT)


def span(number, *, rows=ROWS, **changes):
    random = np.random.default_rng(number)
    missing = random.random(rows) < 0.2 + 0.05 * (number % 3)
    columns = {
        "id": [f"{number}-{i}" for i in range(rows)],
        "after": random.normal(size=rows),
        "carrier": random.choice(["AA", "UA", "DL"], rows),
        "temp": random.normal(50, 10, rows),
        "speed": np.abs(random.normal(0, 10, rows)).round(),
        "amount": random.pareto(1.1, rows),
        "gust": pa.array(random.normal(20, 4, rows), mask=missing),
        "late": random.integers(0, 2, rows),
    }
    columns |= changes
    table = pa.table({k: v for k, v in columns.items() if v is not None})
    return compute_table(table.to_batches(), schema=table.schema, span=f"2013-{number:02}")


@pytest.fixture(scope="module")
def spans():
    return [span(n) for n in (1, 2, 3)]


def of(schema, name):
    return next(f for f in schema.feature if f.name == name)


def test_one_span_says_nothing_of_what_differs_between_spans(spans, contract):
    learnt = schemas.learn(spans[:1], contract)
    assert of(learnt.schema, "gust").presence.min_fraction == 0
    assert of(learnt.schema, "temp").WhichOneof("domain_info") is None
    assert {b.kind for b in learnt.bounds} == {"presence", "domain"}
    assert schemas.text(learnt.schema) == schemas.text(schemas.infer(spans[0], contract))


def test_never_missing_is_the_rule_of_three(spans, contract):
    carrier = gather(spans[:1])["carrier"]
    bound = carrier.presence()
    assert bound.low == 0.99
    assert bound.because == "never missing in 2,000 rows: fewer than 0.1% are (95 %)"
    few = gather([span(1, rows=100)])["carrier"]
    assert few.presence().low == pytest.approx(0.97)


def test_seldom_missing_needs_three_spans_and_leaves_room(spans):
    assert gather(spans[:2])["gust"].presence() is None
    bound = gather(spans)["gust"].presence()
    shares = [s.features()["gust"].missing_fraction for s in spans]
    assert bound.low < 1 - max(shares) - 2 * (max(shares) - min(shares))
    assert "a span, at most" in bound.because
    assert bound.low == pytest.approx(
        math.floor(1000 * (1 - _wilson(max(shares), ROWS) - max(0.1, 2 * np.ptp(shares)))) / 1000
    )


def _wilson(p, n, z=1.959963984540054):
    # https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval
    centre = p + z * z / (2 * n)
    return (centre + z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n)


def test_what_is_nearly_always_missing_has_no_bound():
    empty = [span(n, gust=pa.array([1.0] * ROWS, mask=np.arange(ROWS) > 40)) for n in (1, 2, 3)]
    assert gather(empty)["gust"].presence() is None


def test_unseen_values_follow_from_those_seen_once():
    common = gather([span(1)])["carrier"].mass()
    assert common.low == 0.99
    values = [f"rare {i}" for i in range(150)] + ["AA"] * 1850
    rare = gather([span(1, carrier=values)])["carrier"].mass()
    assert rare.low == pytest.approx(1 - _wilson(150 / ROWS, ROWS), abs=0.001)
    assert "151 values in 2,000 rows, 150 of them once" in rare.because
    few = gather([span(1, rows=60)])["carrier"].mass()
    assert few.low == 0.95


def test_ranges_need_three_spans_and_no_long_tail(spans, contract):
    evidence = gather(spans)
    assert gather(spans[:2])["temp"].range() is None
    temp = evidence["temp"].range()
    low = min(s.features()["temp"].min for s in spans)
    high = max(s.features()["temp"].max for s in spans)
    assert temp.low <= low - 2 * (high - low)
    assert temp.high >= high + 2 * (high - low)
    assert temp.high - temp.low < 5.1 * (high - low)
    assert evidence["amount"].range() is None
    assert evidence["speed"].range().low == 0
    assert evidence["carrier"].range() is None
    schema = schemas.infer(spans, contract)
    assert of(schema, "temp").float_domain.max == temp.high
    assert of(schema, "speed").float_domain.min == 0
    assert of(schema, "after").WhichOneof("domain_info") is None


def test_bounds_are_few_digits_and_outwards():
    small = [span(n, temp=np.random.default_rng(n).normal(0.004, 0.0001, ROWS)) for n in (1, 2, 3)]
    bound = gather(small)["temp"].range()
    assert -0.01 < bound.low < 0.003
    assert 0.005 < bound.high < 0.02
    assert len(f"{bound.high:g}") <= 8


def test_infinite_and_constant_columns_have_no_range(spans):
    endless = np.random.default_rng(1).normal(size=ROWS)
    endless[0] = np.inf
    assert gather([span(n, temp=endless) for n in (1, 2, 3)])["temp"].range() is None
    assert gather([span(n, temp=[1.5] * ROWS) for n in (1, 2, 3)])["temp"].range() is None


def test_spans_are_pooled(contract):
    first = span(1, wind=[1] * ROWS, rain=[0] * ROWS)
    second = span(2, carrier=["ZZ"] * ROWS, rain=[0.5] * ROWS, snow=[1] * ROWS)
    schema = schemas.infer([first, second], contract)
    assert schemas.domain(schema, "carrier") == ("AA", "DL", "UA", "ZZ")
    assert of(schema, "rain").type == 3
    # What not every span has is known and not required.
    assert not of(schema, "wind").HasField("presence")
    assert not of(schema, "snow").HasField("presence")
    assert [f.name for f in schema.feature][:3] == ["id", "after", "carrier"]
    seen = gather([first, second])["carrier"].values
    assert (seen["ZZ"].count, seen["ZZ"].spans) == (ROWS, ("2013-02",))


def test_an_empty_column_takes_the_type_of_the_span_that_has_values(contract):
    empty = span(2, temp=pa.nulls(ROWS))
    assert of(schemas.infer([span(1), empty], contract), "temp").type == 3


def test_text_and_numbers_are_refused(contract):
    with pytest.raises(SchemaError, match="'temp' is string in 2013-02 and float in 2013-01"):
        schemas.infer([span(1), span(2, temp=["warm"] * ROWS)], contract)


def test_a_span_counts_once(contract):
    with pytest.raises(SchemaError, match="the same span is given twice"):
        schemas.infer([span(1), span(1)], contract)


def test_spans_of_one_kind_do_not_trip(spans, contract):
    """Learnt from three spans, tried on twenty others."""
    import tensorflow_data_validation as tfdv

    schema = schemas.infer(spans, contract)
    tripped = [
        (number, name)
        for number in range(4, 24)
        for name in tfdv.validate_statistics(
            span(number).as_list(), schema, environment="TRAINING"
        ).anomaly_info
    ]
    assert tripped == []
