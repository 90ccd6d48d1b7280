"""Statistics that TFDV wrote, without rows."""

import numpy as np
import pyarrow as pa
import pytest
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_data_validation.statistics import stats_impl
from tensorflow_metadata.proto.v0 import statistics_pb2

from tests.support.drift import contract, of
from tidegate.comparison.drift.compare import compare
from tidegate.core.errors import StatisticsError
from tidegate.statistics import tfdv_files

ROWS = 2000


def lists(values, type_):
    return pa.array([None if v is None else v if isinstance(v, list) else [v] for v in values],
                    pa.list_(type_))  # fmt: skip


def written(**columns):
    """What TFDV computes of rows as it sees them: a feature is a list of values."""
    batch = pa.RecordBatch.from_arrays(list(columns.values()), list(columns))
    return stats_impl.generate_statistics_in_memory(batch, tfdv.StatsOptions())


def read(proto):
    return tfdv_files.of_proto(proto, span="a", content_digest="d")


def rows(seed, mean=0.0):
    draw = np.random.default_rng(seed)
    return {
        "x": draw.normal(mean, 1, ROWS),
        "late": draw.integers(0, 2, ROWS),
        "c": draw.choice(list("abcdefghij"), ROWS),
    }


def by_tfdv(columns):
    types = {"x": pa.float32(), "late": pa.int64(), "c": pa.string()}
    return written(**{n: lists(v.tolist(), types[n]) for n, v in columns.items()})


def test_plain_columns_are_those_of_our_own_statistics():
    columns = rows(1)
    found, left_out = read(by_tfdv(columns))
    assert not left_out
    own = of(columns).features()
    for name, theirs in found.features().items():
        ours = own[name]
        assert (theirs.type, theirs.count, theirs.missing) == (ours.type, ROWS, 0)
        assert dict(theirs.top_values) == dict(ours.top_values)
        if theirs.mean is not None:
            assert theirs.mean == pytest.approx(ours.mean, abs=1e-6)
            assert theirs.fractions is None
    # TFDV's bucket across 0 and 1 says nothing; its mean does.
    counts = [count for _, _, count in found.features()["late"].quantile_histogram]
    assert counts == np.bincount(columns["late"]).tolist()


def test_rows_without_values_are_missing_and_no_category():
    values = [["a"]] * 60 + [[]] * 30 + [None] * 10
    found, _ = read(written(c=lists(values, pa.string()), n=lists(range(100), pa.int64())))
    column = found.features()["c"]
    assert (column.count, column.missing, column.top_values) == (60, 40, (("a", 60),))
    ours = of({"c": ["a"] * 60 + [None] * 40, "n": np.arange(100)})
    (distance,) = [d for d in compare(found, ours, contract()) if d.feature == "c"][:1]
    assert distance.value == 0


def test_the_shares_of_both_sides_are_compared():
    before, _ = read(by_tfdv(rows(1)))
    for current in (of(rows(2)), read(by_tfdv(rows(2)))[0]):
        for distance in compare(current, before, contract()):
            assert distance.status != "drift", distance
    moved, _ = read(by_tfdv(rows(2, mean=1.0)))
    (x,) = [d for d in compare(moved, of(rows(1)), contract()) if d.feature == "x"]
    assert x.status == "drift"
    assert x.estimated
    assert "ten quantiles" in x.note


def test_what_is_no_plain_column_is_left_out():
    proto = written(
        ok=lists([1, 2], pa.int64()),
        many=lists([[1, 2], [3]], pa.int64()),
    )
    nested = proto.datasets[0].features.add(type=statistics_pb2.FeatureNameStatistics.INT)
    nested.path.step.extend(["a", "b"])
    named = proto.datasets[0].features.add(type=statistics_pb2.FeatureNameStatistics.STRING)
    named.name = "old"
    named.string_stats.common_stats.num_missing = 2
    found, left_out = read(proto)
    assert list(found.features()) == ["ok", "old"]
    assert left_out == {
        "many": "up to 2 values in a row, which is no plain value",
        "a.b": "a nested feature, which is no plain value",
    }


def test_the_dataset_of_all_rows_is_taken():
    proto = written(n=lists([1, 2], pa.int64()))
    whole = proto.datasets[0]
    part = proto.datasets.add()
    part.CopyFrom(whole)
    whole.name, part.name, part.num_examples = "All Examples", "c_a", 1
    assert read(proto)[0].num_examples() == 2
    whole.name = "c_b"
    with pytest.raises(
        StatisticsError, match="a has no statistics of all rows, only: 'c_b', 'c_a'"
    ):
        read(proto)


def test_damaged_files_are_one_line():
    good = written(n=lists([1, 2], pa.int64()))
    text = text_format.MessageToString(good).encode()
    assert tfdv_files.parse("stats.pbtxt", [text]) == good
    assert tfdv_files.parse("FeatureStats.pb", [good.SerializeToString()]) == good
    for name, records in (
        ("stats.pbtxt", [b"feature {"]),
        ("stats.pbtxt", [b"\xff"]),
        ("FeatureStats.pb", [b"\xff\xff"]),
        ("stats_tfrecord", []),
        ("stats_tfrecord", [b"", b""]),
    ):
        with pytest.raises(StatisticsError, match=f"^{name} holds no statistics of TFDV") as caught:
            tfdv_files.parse(name, records)
        assert "\n" not in str(caught.value)
    good.datasets[0].features[0].num_stats.common_stats.tot_num_values = 9
    with pytest.raises(StatisticsError, match="column 'n' has 9 values in 2 rows"):
        read(good)
    with pytest.raises(StatisticsError, match="only: none"):
        read(statistics_pb2.DatasetFeatureStatisticsList())
