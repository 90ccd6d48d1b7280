import itertools
import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tidegate.comparison.drift import baselines
from tidegate.comparison.drift.compare import compare
from tidegate.comparison.drift.history import AcceptedStatistics
from tidegate.comparison.drift.learned import OF_CHANCE
from tidegate.comparison.drift.learned import steps as learned_steps
from tidegate.comparison.drift.noise_floor import noise_floor
from tidegate.contract import Contract
from tidegate.core.errors import ContractError, RegistryError, StatisticsError
from tidegate.platform.registry import Registry
from tidegate.statistics import Statistics, compute_table
from tidegate.statistics.cells import of_values
from tidegate.statistics.merging import merged

CONTRACT = "dataset: d\nsource: {uri: x, format: csv}\nkey: [id]\n"


def of(columns, span="1"):
    table = pa.table(columns)
    return compute_table(table.to_batches(), schema=table.schema, span=span)


def contract(drift):
    return Contract.parse(f"{CONTRACT}gates: {{drift: {{{drift}}}}}\n")


@pytest.fixture
def registry(tmp_path):
    return Registry(str(tmp_path / "registry"), "d")


def accept(registry, tmp_path, span, columns, *, version="", promote=True):
    folder = tmp_path / f"statistics-{span}{version}"
    of(columns, span).write(folder)
    return registry.commit(
        "statistics", f"{span}{version}", folder, span=span, lineage={}, promote=promote
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.sampled_from([None, *"abcde"]), min_size=1), min_size=2, max_size=4))
def test_texts_merge_to_what_all_rows_have(parts):
    columns = [pa.array(part, pa.string()) for part in parts]
    ours = merged([of({"x": c}) for c in columns]).features()["x"]
    theirs = of({"x": pa.concat_arrays(columns)}).features()["x"]
    assert (ours.count, ours.missing, ours.unique) == (theirs.count, theirs.missing, theirs.unique)
    assert dict(ours.top_values) == dict(theirs.top_values)
    assert [c for _, c in ours.top_values] == sorted((c for _, c in ours.top_values), reverse=True)
    if ours.count:
        assert ours.avg_length == pytest.approx(theirs.avg_length)


numbers = st.lists(
    st.none() | st.integers(-5, 5).map(float) | st.floats(-50, 50) | st.just(math.nan),
    min_size=1,
    max_size=200,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(numbers, min_size=2, max_size=4))
@example([[None], [0.0, 0.0, 1.0, -1.0]])
def test_numbers_merge_to_what_all_rows_have(parts):
    columns = [pa.array(part, pa.float64()) for part in parts]
    ours = merged([of({"x": c}) for c in columns]).features()["x"]
    theirs = of({"x": pa.concat_arrays(columns)}).features()["x"]
    for field in ("type", "count", "missing", "nans", "zeros", "min", "max"):
        assert getattr(ours, field) == getattr(theirs, field), field
    if theirs.mean is not None:
        assert ours.mean == pytest.approx(theirs.mean, abs=1e-6)
        assert ours.std == pytest.approx(theirs.std, abs=1e-5)
        total = sum(c for _, _, c in ours.quantile_histogram)
        assert total == pytest.approx(ours.count - ours.nans)
        assert len(ours.quantiles) == 101
        assert list(ours.quantiles) == sorted(ours.quantiles)
        assert (ours.quantiles[0], ours.quantiles[-1]) == (ours.min, ours.max)


def test_merged_quantiles_are_within_a_bucket_of_the_exact_ones():
    generator = np.random.default_rng(1)
    parts = [
        generator.normal(0, 1, 8000),
        generator.exponential(3, 20_000),
        np.round(generator.normal(5, 2, 3000)),
    ]
    whole = np.sort(np.concatenate(parts))
    quantiles = merged([of({"x": p}) for p in parts]).features()["x"].quantiles
    below = np.searchsorted(whole, quantiles, side="left") / len(whole)
    upto = np.searchsorted(whole, quantiles, side="right") / len(whole)
    asked = np.linspace(0, 1, 101)
    assert (np.maximum(below - asked, asked - upto) < 0.01).all()


@pytest.mark.parametrize("stray", [math.inf, -math.inf])
def test_infinite_values_stay_at_their_end(stray):
    found = merged([of({"x": [1.0, 2.0, stray] * 20}), of({"x": [3.0, 4.0] * 30})]).features()["x"]
    assert (found.max if stray > 0 else found.min) == stray
    assert stray in found.quantiles


def test_halves_are_no_farther_from_their_merge_than_from_each_other():
    generator = np.random.default_rng(2)
    months = [
        of({"x": generator.exponential(size=9000), "c": generator.choice(list("abc"), 9000)}, s)
        for s in ("2013-01", "2013-02", "2013-03", "2013-04")
    ]
    baseline = merged(months[:3])
    assert baseline.span == "2013-01 to 2013-03 (3 spans)"
    assert baseline.num_examples() == 27_000
    found = compare(months[3], baseline, contract("default: auto"))
    assert [(d.feature, d.status, d.n_baseline) for d in found] == [
        ("x", "ok", 27_000),
        ("c", "ok", 27_000),
        ("c", "ok", 27_000),
    ]
    assert max(d.value for d in found) < 0.015
    assert max(d.value for d in found if d.measure == "jensen_shannon") < 0.002


def test_columns_that_come_go_and_change_their_type():
    old = of({"gone": [1, 2], "x": ["1", "2"], "y": pa.nulls(2, pa.string())}, "1")
    new = of({"x": [3, 4, 5], "y": [1, 2, 3], "new": ["a", "b", "b"]}, "2")
    found = merged([old, new]).features()
    assert {n: (f.type, f.count, f.missing) for n, f in found.items()} == {
        "x": ("int", 3, 2),
        "y": ("int", 3, 2),
        "new": ("string", 3, 2),
        "gone": ("int", 2, 3),
    }
    assert merged([new]) is new
    with pytest.raises(StatisticsError, match="no statistics to merge"):
        merged([])


def test_merged_statistics_survive_the_disk(tmp_path):
    made = merged(
        [of({"x": [1, 2], "c": ["a", "b"]}, "1"), of({"x": [3, 4], "c": ["a", "ü"]}, "2")]
    )
    made.write(tmp_path)
    assert Statistics.read(tmp_path).features() == made.features()


def test_what_a_span_is_compared_with(registry, tmp_path):
    assert baselines.chosen(registry, against="span(2013-02)", before="2013-04") == []
    for span in ("2013-02", "2013-01", "2013-03"):
        accept(registry, tmp_path, span, {"x": [1, 2]})
    accept(registry, tmp_path, "2013-02", {"x": [1, 3]}, version="-again")
    accept(registry, tmp_path, "2013-05", {"x": [1]}, promote=False)

    def versions(said, before="2013-06"):
        return [e.version for e in baselines.chosen(registry, against=said, before=before)]

    assert versions("previous") == ["2013-03"]
    assert versions("previous", "2013-03") == ["2013-02-again"]
    assert versions("rolling(2)") == ["2013-02-again", "2013-03"]
    assert versions("rolling( 9 )") == ["2013-01", "2013-02-again", "2013-03"]
    assert versions("rolling(9)", "2013-01") == []
    assert versions("span(2013-01)") == ["2013-01"]
    assert versions("span( 2013-03 )", "2013-01") == ["2013-03"]
    with pytest.raises(RegistryError, match=r"'2013-05', which is not among the accepted ones"):
        versions("span(2013-05)")


@pytest.mark.parametrize("said", ["last", "rolling(0)", "rolling(x)", "span()", "span(2013-01"])
def test_what_is_no_baseline_is_refused(said):
    with pytest.raises(ContractError, match="against"):
        contract(f"against: '{said}'")


def test_steps_between_accepted_spans_are_what_comparing_them_gives(registry, tmp_path):
    generator = np.random.default_rng(3)
    spans = [f"2013-{m:02}" for m in range(1, 6)]
    months = {
        s: {
            "x": generator.normal(i / 10, 1, 2000),
            "c": generator.choice(list("ab"), 2000, p=[0.4 + 0.2 * (i % 2), 0.6 - 0.2 * (i % 2)]),
        }
        for i, s in enumerate(spans)
    }
    for span, columns in months.items():
        accept(registry, tmp_path, span, columns)
    learning = contract("default: learned")
    found = AcceptedStatistics(registry).steps(learning, before="2013-05")
    assert {k: len(v) for k, v in found.items()} == {
        ("x", "jensen_shannon", ""): 3, ("c", "jensen_shannon", ""): 3, ("c", "l_infinity", ""): 3,
    }  # fmt: skip
    exact = [
        {d.measure: d.value for d in compare(of(months[b]), of(months[a]), learning)[1:]}
        for a, b in itertools.pairwise(spans[:4])
    ]
    assert found["c", "l_infinity", ""] == [d["l_infinity"] for d in exact]
    calm = {"a": of({"c": ["k", "l"] * 200}), "b": of({"c": ["k", "l"] * 150})}
    key = ("c", "jensen_shannon", "")
    cells = of_values(calm["a"].features()["c"], calm["b"].features()["c"])
    median = noise_floor("jensen_shannon", cells, n_current=400, n_baseline=300, level=0.5)
    assert learned_steps([(calm["a"], calm["b"])])[key] == [OF_CHANCE * median]
    rolling = contract("default: learned, against: rolling(2)")
    pairs = baselines.pairs(baselines.accepted(registry), against="rolling(2)")
    assert [(e.span, [b.span for b in those]) for e, those in pairs][-1] == (
        "2013-05", ["2013-03", "2013-04"],
    )  # fmt: skip
    steps = AcceptedStatistics(registry).steps(rolling, before="2013-06")["x", "jensen_shannon", ""]
    both = merged([of(months["2013-03"], "2013-03"), of(months["2013-04"], "2013-04")])
    assert steps[-1] == compare(of(months["2013-05"]), both, rolling)[0].value
    assert AcceptedStatistics(registry).steps(contract("default: auto"), before="2013-06") is None
    fixed = baselines.pairs(baselines.accepted(registry), against="span(2013-02)")
    assert [e.span for e, _ in fixed] == ["2013-01", "2013-03", "2013-04", "2013-05"]
