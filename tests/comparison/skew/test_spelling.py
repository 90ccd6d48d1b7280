"""One time or boolean is the same value in every format and spelling."""

import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tidegate.comparison.skew import recorded

AT = [dt.datetime(2024, 1, 24, 8, 30, i) for i in range(3)] + [None]
DAY = [dt.datetime(2024, 1, 24 + i) for i in range(3)] + [None]
TIMES = {
    "typed": pa.array(AT, pa.timestamp("us")),
    "blank": pa.array([None if t is None else t.isoformat(" ") for t in AT]),
    "T": pa.array([None if t is None else t.isoformat() for t in AT]),
    "Z": pa.array([None if t is None else t.isoformat() + "Z" for t in AT]),
    "zone": pa.array([None if t is None else t.isoformat() + "+00:00" for t in AT]),
}
DAYS = {
    "typed": pa.array(DAY, pa.timestamp("us")),
    "day": pa.array([None if t is None else f"{t:%Y-%m-%d}" for t in DAY]),
    "moment": pa.array([None if t is None else f"{t:%Y-%m-%d %H:%M:%S}" for t in DAY]),
}
BOOLEANS = {
    "typed": pa.array([1, 0, 1, None]),
    "lower": pa.array(["true", "false", "true", None]),
    "title": pa.array(["True", "False", "True", None]),
    "upper": pa.array(["TRUE", "FALSE", "TRUE", None]),
}


def side(directory, values, like=None):
    directory.mkdir()
    batch = pa.RecordBatch.from_arrays([values, pa.array(["x", "y", "true", None])], ["v", "s"])
    return recorded([batch], name="n", directory=directory, like=like)


def pairs(spellings):
    return [(a, b) for a in spellings for b in spellings if a != b]


@pytest.mark.parametrize(
    ("training", "serving"),
    [
        *((TIMES[a], TIMES[b]) for a, b in pairs(TIMES)),
        *((DAYS[a], DAYS[b]) for a, b in pairs(DAYS)),
        *((BOOLEANS["typed"], BOOLEANS[b]) for b in ("lower", "title", "upper")),
        *((BOOLEANS[a], BOOLEANS["typed"]) for a in ("lower", "title", "upper")),
    ],
)
def test_equal_values_have_the_type_and_spelling_of_training(tmp_path, training, serving):
    one = side(tmp_path / "one", training)
    other = side(tmp_path / "other", serving, one)
    assert other.schema == one.schema
    assert pq.read_table(other.files[0]) == pq.read_table(one.files[0])
    assert other.statistics.features() == one.statistics.features()


@pytest.mark.parametrize(
    ("training", "serving"),
    [
        (TIMES["typed"], pa.array(["2024-01-24", "soon", None, None])),
        (DAYS["day"], TIMES["typed"]),
        (BOOLEANS["typed"], pa.array(["true", "maybe", None, None])),
        (pa.array([0, 1, 2, 3]), BOOLEANS["lower"]),
        (BOOLEANS["lower"], pa.array([0, 1, 2, 3])),
        (BOOLEANS["lower"], BOOLEANS["title"]),
        (pa.array(["a", "b", "c", None]), TIMES["typed"]),
    ],
)
def test_what_is_not_the_same_stays_as_it_is(tmp_path, training, serving):
    one = side(tmp_path / "one", training)
    other = side(tmp_path / "other", serving, one)
    assert other.schema.field("v").type == serving.type
    assert pq.read_table(other.files[0])["v"].to_pylist() == serving.to_pylist()
