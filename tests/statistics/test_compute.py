"""Statistics of a span: TFDV's, whatever the batches and processes."""

import datetime
import decimal
import importlib
import math
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import tensorflow_data_validation as tfdv
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow_metadata.proto.v0 import statistics_pb2

from tidegate.core.errors import StatisticsError
from tidegate.data import examples as examples_module
from tidegate.statistics import compute, compute_files, compute_table, exact
from tidegate.statistics import partial as partials

# The package's function `compute` hides the module of that name.
computing = importlib.import_module("tidegate.statistics.compute")

QUANTILES = statistics_pb2.Histogram.QUANTILES


def of(columns, **options):
    table = pa.table(columns)
    return compute_table(table.to_batches(), schema=table.schema, **options)


def summary(values, name="x"):
    return of({name: values}).features()[name]


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(computing, "CHUNK_ROWS", 64)
    monkeypatch.setattr(computing, "UNIT_ROWS", 256)


def serialized(statistics):
    return statistics.proto.SerializeToString(deterministic=True)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_bytes_are_the_same_whatever_row_groups_and_batches(data, mixed, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(computing, "CHUNK_ROWS", 64)
        patch.setattr(computing, "UNIT_ROWS", 256)
        expected = serialized(compute_table(mixed.to_batches(), schema=mixed.schema))
        batch = data.draw(st.integers(1, 400), label="batch")
        assert expected == serialized(compute_table(mixed.to_batches(batch), schema=mixed.schema))
        cuts = data.draw(st.lists(st.integers(0, mixed.num_rows), max_size=3).map(sorted))
        edges = [0, *cuts, mixed.num_rows]
        folder = tmp_path_factory.mktemp("files")
        files = [folder / f"{i}.parquet" for i in range(len(edges) - 1)]
        group = data.draw(st.integers(1, 400), label="row group")
        for file, low, high in zip(files, edges, edges[1:], strict=False):
            pq.write_table(mixed.slice(low, high - low), file, row_group_size=group)
        assert expected == serialized(compute_files({"all": files}))


def test_bytes_are_the_same_in_two_processes(tmp_path):
    rows = 2 * computing.UNIT_ROWS + 12_345
    generator = np.random.default_rng(1)
    table = pa.table(
        {
            "number": generator.normal(size=rows),
            "text": pa.DictionaryArray.from_arrays(
                generator.integers(0, 30_000, rows).astype(np.int32),
                [f"value {i}" for i in range(30_000)],
            ),
        }
    )
    file = tmp_path / "rows.parquet"
    pq.write_table(table, file, row_group_size=300_000)
    seen = []
    one = compute_files({"train": [file], "eval": []}, processes=1)
    two = compute_files(
        {"train": [file], "eval": []}, processes=2, on_progress=lambda *p: seen.append(p)
    )
    assert serialized(one) == serialized(two)
    assert seen == [(1 << 20, rows), (2 << 20, rows), (rows, rows)]


def test_agrees_with_tfdv_in_memory(flights_csv):
    as_text = pa.csv.ConvertOptions(column_types={"time_hour": pa.string()})
    table = pa.csv.read_csv(flights_csv, convert_options=as_text)
    ours = compute_table(table.to_batches(), schema=table.schema, span="2013")
    options = tfdv.StatsOptions(num_top_values=1000, num_rank_histogram_buckets=1000)
    theirs = tfdv.generate_statistics_from_dataframe(table.to_pandas(), options, n_jobs=1)
    assert ours.num_examples() == theirs.datasets[0].num_examples == 991
    expected = {f.path.step[0]: f for f in theirs.datasets[0].features}
    assert [f.path.step[0] for f in ours.split().features] == table.column_names
    for found in ours.split().features:
        wanted = expected[found.path.step[0]]
        if pa.types.is_integer(table.schema.field(found.path.step[0]).type) and (
            table[found.path.step[0]].null_count
        ):
            wanted.type = found.type  # pandas makes floats of integers that are missing somewhere
        exact.drop(found)
        for feature in (found, wanted):
            kept = [h for h in feature.num_stats.histograms if h.type != QUANTILES]
            del feature.num_stats.histograms[:]
            feature.num_stats.histograms.extend(kept)
        assert found == wanted


def test_quantile_histogram_is_tfdvs_own_at_a_hundred_buckets():
    values = np.random.default_rng(3).normal(size=5000)
    table = pa.table({"x": values})
    ours = compute_table(table.to_batches(), schema=table.schema)
    theirs = tfdv.generate_statistics_from_dataframe(
        table.to_pandas(),
        tfdv.StatsOptions(num_quantiles_histogram_buckets=100, epsilon=partials.EPSILON),
        n_jobs=1,
    )
    histogram = next(
        h for h in theirs.datasets[0].features[0].num_stats.histograms if h.type == QUANTILES
    )
    buckets = ours.features()["x"].quantile_histogram
    assert len(buckets) == len(histogram.buckets) == 100
    edges = [b.high_value for b in histogram.buckets]
    rank = np.searchsorted(np.sort(values), [b[1] for b in buckets]) / 5000
    assert np.abs(rank - np.searchsorted(np.sort(values), edges) / 5000).max() < 0.003
    assert np.abs(rank - np.arange(1, 101) / 100).max() < 0.003


def test_sketches_are_close_over_many_chunks(small_chunks):
    generator = np.random.default_rng(5)
    values = generator.exponential(size=20_000)
    found = summary(values)
    ordered = np.sort(values)
    ranks = np.searchsorted(ordered, found.quantiles) / len(ordered)
    assert np.abs(ranks - np.linspace(0, 1, 101)).max() < 0.005
    assert found.mean == pytest.approx(values.mean())
    assert found.std == pytest.approx(values.std())
    assert np.searchsorted(ordered, found.median) / len(ordered) == pytest.approx(0.5, abs=0.005)
    assert sum(c for _, _, c in found.histogram) == pytest.approx(len(values))


def test_counts_of_strings_are_exact_up_to_twenty_thousand_values(small_chunks):
    values = [f"v{i % 3000}" for i in range(9000)] + ["v0"] * 5
    found = summary(values)
    assert found.unique == 3000
    assert found.top_values[0] == ("v0", 8)
    assert len(found.top_values) == 1000
    assert {c for _, c in found.top_values[1:]} == {3}


def test_values_that_cannot_be_counted_are_not_guessed():
    rows = 70_000
    names = [f"id-{i}" for i in range(rows)]
    assert summary(names).top_values == ()
    assert summary(names).unique == pytest.approx(rows, rel=0.03)
    often = summary([*names, *["often"] * 9000])
    assert [v for v, _ in often.top_values] == ["often"]


def test_plain_types_become_three():
    found = of(
        {
            "bool": [True, None, False],
            "small": pa.array([1, 2, None], pa.int8()),
            "half": pa.array([1.5, None, 2], pa.float32()),
            "decimal": [decimal.Decimal("1.25"), None, decimal.Decimal("2.50")],
            "day": [datetime.date(2013, 2, 1), None, datetime.date(2013, 2, 2)],
            "moment": [
                datetime.datetime(2013, 2, 1, 5),
                None,
                datetime.datetime(2013, 2, 1, 5, 0, 0, 250000),
            ],
            "word": pa.array(["a", None, "a"]).dictionary_encode(),
            "large": pa.array(["a", None, "b"], pa.large_string()),
            "nothing": pa.nulls(3),
        }
    ).features()
    assert [f.type for f in found.values()] == [
        "int", "int", "float", "float", "string", "string", "string", "string", "string",
    ]  # fmt: skip
    assert all(f.missing == 1 and f.count == 2 for n, f in found.items() if n != "nothing")
    assert found["decimal"].max == 2.5
    assert dict(found["moment"].top_values) == {
        "2013-02-01T05:00:00": 1,
        "2013-02-01T05:00:00.250000": 1,
    }
    assert dict(found["word"].top_values) == {"a": 2}
    assert (found["nothing"].count, found["nothing"].missing_fraction) == (0, 1.0)


def test_a_nested_column_is_refused_by_name():
    with pytest.raises(StatisticsError, match=r"column 'tags' is of type list.*flatten it"):
        of({"tags": [["a"], ["b"]]})


def test_an_integer_too_large_is_refused_by_name():
    with pytest.raises(StatisticsError, match="column 'n' of type uint64 does not fit int64"):
        of({"n": pa.array([2**64 - 1], pa.uint64())})


def test_numbers_that_are_not_finite():
    nan = summary([1.0, math.nan, 3.0])
    assert (nan.count, nan.nans, nan.mean) == (3, 1, 2.0)
    nothing = summary([math.nan, math.nan])
    assert (nothing.count, nothing.nans, nothing.mean, nothing.histogram) == (2, 2, None, ())
    infinite = summary([1.0, math.inf, 3.0])
    assert infinite.max == math.inf
    assert not math.isfinite(infinite.mean)


def test_examples_have_statistics_by_split(flights, tmp_path):
    data = examples_module.ingest(flights, span="2013-02", out=tmp_path / "examples")
    found = compute(data)
    assert found.splits == ("all", "train", "eval")
    assert found.num_examples() == found.num_examples("train") + found.num_examples("eval") > 50
    assert (found.span, found.content_digest) == ("2013-02", data.content_digest)
    assert found.features()["carrier"].count == found.num_examples()
    assert list(found.features()) == data.schema.names


def test_an_empty_split_has_zeroes(tmp_path):
    file = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"x": [1, 2], "y": ["a", None]}), file)
    found = compute_files({"train": [file], "eval": []})
    assert found.num_examples("eval") == 0
    assert {n: f.rows for n, f in found.features("eval").items()} == {"x": 0, "y": 0}
    counted, plain = found.features("all"), found.features("train")
    assert counted["x"].counts.total == 2
    assert {n: replace(f, counts=None) for n, f in counted.items()} == plain
    with pytest.raises(StatisticsError, match="no split 'test'; there are: all, train, eval"):
        found.split("test")


def test_unreadable_files_are_named(tmp_path):
    good = tmp_path / "good.parquet"
    pq.write_table(pa.table({"x": list(range(1000)), "y": [0.5] * 1000}), good)
    cut = tmp_path / "cut.parquet"
    cut.write_bytes(good.read_bytes()[:-40])
    other = tmp_path / "other.parquet"
    pq.write_table(pa.table({"x": ["a"], "y": [0.5]}), other)
    lacking = tmp_path / "lacking.parquet"
    pq.write_table(pa.table({"x": [1]}), lacking)
    with pytest.raises(StatisticsError, match="there are no files"):
        compute_files({"all": []})
    with pytest.raises(StatisticsError, match=r"cannot read .*cut\.parquet"):
        compute_files({"all": [good, cut]})
    with pytest.raises(StatisticsError, match=r"column 'x' of .*other\.parquet is of type string"):
        compute_files({"all": [good, other]})
    with pytest.raises(StatisticsError, match=r"lacking\.parquet has no column 'y'"):
        compute_files({"all": [good, lacking]})


@settings(max_examples=50, deadline=None)
@given(st.lists(st.none() | st.integers(-9, 9).map(float) | st.floats(), min_size=1))
def test_values_with_a_fraction_are_counted_exactly(values):
    found = summary(pa.array(values, pa.float64()))
    numbers = [v for v in values if v is not None and not math.isnan(v)]
    assert found.fractions == sum(not v.is_integer() for v in numbers)
    assert found.is_whole == (found.fractions == 0)
    whole = summary(pa.array([1, None]))
    assert (whole.fractions, whole.is_whole) == (None, True)
