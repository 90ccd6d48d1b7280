"""What docs/schema.md says of bounds, measured on the months of New York's departures."""

import pyarrow.csv
import pytest

from tests.examples.test_flights import out  # noqa: F401
from tidegate.schema.evidence import gather
from tidegate.statistics import compute_table

pytestmark = pytest.mark.xdist_group("flights")


@pytest.fixture(scope="module")
def months(out):  # noqa: F811
    found = []
    for file in sorted((out / "data").glob("*/flights.csv")):
        options = pyarrow.csv.ConvertOptions(strings_can_be_null=True)
        table = pyarrow.csv.read_csv(file, convert_options=options).drop(
            ["flight_id", "sched_dep_time", "date", "flight"]
        )
        batches = table.to_batches()
        found.append(compute_table(batches, schema=table.schema, span=file.parent.name))
    return found


def test_no_later_month_trips_what_earlier_ones_suggest(months):
    ranges = shares = 0
    tripped = []
    for size in (3, 4, 6):
        for begin in range(12 - size):
            learnt = gather(months[begin : begin + size])
            for later in months[begin + size :]:
                for name, column in later.features().items():
                    presence, bound = learnt[name].presence(), learnt[name].range()
                    if presence is not None and learnt[name].missing:
                        shares += 1
                        if 1 - column.missing_fraction < presence.low:
                            tripped.append((begin, size, later.span, presence))
                    if bound is not None and column.count:
                        ranges += 1
                        if column.min < bound.low or column.max > bound.high:
                            tripped.append((begin, size, later.span, bound))
    assert tripped == []
    assert (ranges, shares) == (1314, 831)


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("temp", lambda fahrenheit: (fahrenheit + 459.67) / 1.8),
        ("distance", lambda miles: miles * 1609.344),
        ("temp", lambda _: -999),
        ("pressure", lambda _: 0),
        ("wind_speed", lambda _: -999),
        ("hour", lambda _: 9999),
    ],
)
def test_gross_errors_do(months, column, change):
    bound = gather(months[:3])[column].range()
    summary = months[3].features()[column]
    assert bound.low <= summary.min <= summary.max <= bound.high
    assert change(summary.max) < bound.low or change(summary.max) > bound.high
