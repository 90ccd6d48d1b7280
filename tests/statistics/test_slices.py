"""Statistics of slices: those of their rows, however the rows are cut."""

import json
from dataclasses import replace

import pyarrow.compute as pc
import pyarrow.csv
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.support.slices import CONTRACT, of, places, rows_of
from tidegate import statistics
from tidegate.contract import Contract
from tidegate.core.errors import StatisticsError
from tidegate.data.examples import Examples, ingest
from tidegate.statistics import Statistics, compute_table, exact
from tidegate.statistics import slices as slicing
from tidegate.statistics.merging import merged
from tidegate.statistics.slices import compute_slices, name_of, values_of


def test_a_slice_has_the_statistics_of_its_rows():
    table = places(1)
    sliced = of(table, by=[["place"], ["place", "kind"]]).by_slice()
    assert list(sliced)[:3] == ["place=A", "place=B", "place=C"]
    rows = table.filter(pc.and_(pc.equal(table["place"], "B"), pc.equal(table["kind"], "l")))
    alone = compute_table(rows.to_batches(), schema=table.schema)
    found = sliced["place=B, kind=l"]
    assert found.num_examples() == rows.num_rows
    for name in ("x", "kind", "n", "place"):
        ours, theirs = found.features()[name], alone.features()[name]
        plain = {"histogram": (), "counts": None}
        assert replace(ours, **plain) == replace(theirs, **plain), name
        if ours.counts is not None:
            assert ours.counts == theirs.counts.within(exact.LEAST)
    assert found.features()["id"].unique == rows.num_rows
    assert found.features()["id"].top_values == ()


def test_slices_do_not_depend_on_how_the_rows_are_cut(monkeypatch):
    monkeypatch.setattr(slicing, "_CHUNK_ROWS", 500)
    table = places(2)
    made = [
        compute_slices(rows_of(table, size), [["place"]], schema=table.schema)[0]
        for size in (100, 777, 9000)
    ]
    assert made[0].SerializeToString(deterministic=True) == made[1].SerializeToString(
        deterministic=True
    )
    assert made[1] == made[2]


def test_small_slices_and_rows_without_a_value_are_left_out(monkeypatch):
    table = places(3, rows=3000)
    assert set(of(table).by_slice()) == {"place=A", "place=B", "place=C"}
    null = table.set_column(1, "place", pc.if_else(pc.equal(table["place"], "B"), None, "A"))
    assert set(of(null).by_slice()) == {"place=A"}
    whole = table.append_column("code", pc.add(pc.multiply(table["n"], 0), 7))
    assert set(of(whole, by=[["code"]]).by_slice()) == {"code=7"}
    monkeypatch.setattr(slicing, "MOST", 2)
    few = of(table)
    assert (list(few.by_slice()), few.slices_left_out) == (["place=A", "place=B"], 1)
    monkeypatch.setattr(slicing, "MOST_COLUMNS", 5)
    assert list(of(table).by_slice()) == ["place=A"]
    assert of(table, by=[]).by_slice() == {}


def test_slices_survive_the_disk_and_cannot_be_swapped(tmp_path):
    made = of(places(4))
    made.write(tmp_path)
    again = Statistics.read(tmp_path)
    assert again.slices == made.slices
    about = json.loads((tmp_path / "statistics.json").read_text())
    assert about["slices"]["rows"]["place=A"] == made.by_slice()["place=A"].num_examples()
    of(places(5)).write(tmp_path / "other")
    (tmp_path / "slices.pb").write_bytes((tmp_path / "other" / "slices.pb").read_bytes())
    with pytest.raises(StatisticsError, match=r"are not what statistics\.json was written for"):
        Statistics.read(tmp_path)
    (tmp_path / "slices.pb").unlink()
    with pytest.raises(StatisticsError, match="cannot read"):
        Statistics.read(tmp_path)


def test_slices_of_several_spans_merge():
    both = merged([of(places(6), "1"), of(places(7), "2")])
    total = sum(of(places(seed)).by_slice()["place=B"].num_examples() for seed in (6, 7))
    assert both.by_slice()["place=B"].num_examples() == total


def test_what_the_contract_slices_by_goes_with_the_examples(tmp_path):
    (tmp_path / "data").mkdir()
    pyarrow.csv.write_csv(places(8, rows=2000), tmp_path / "data" / "1.csv")
    path = tmp_path / "contract.yaml"
    path.write_text(CONTRACT % "")
    examples = ingest(Contract.load(path), span="1", out=tmp_path / "examples")
    assert examples.slices == (("place",),)
    computed = statistics.compute(examples)
    assert list(computed.by_slice()) == ["place=A", "place=B", "place=C"]
    old = json.loads((tmp_path / "examples" / "manifest.json").read_text())
    del old["slices"]
    (tmp_path / "examples" / "manifest.json").write_text(json.dumps(old))
    assert statistics.compute(Examples.open(tmp_path / "examples")).slices is None


@given(
    st.dictionaries(
        st.sampled_from(["place", "kind", "a b"]), st.text("ab=', ", max_size=8), min_size=1
    )
)
def test_a_slice_is_read_from_its_name(cut):
    """Unless a value is written like another column's."""
    assume(not any(f", {c}=" in f", {v}" for v in cut.values() for c in ("kind", "place", "a b")))
    assert values_of(name_of(list(cut), list(cut.values())), ["kind", "place", "a b"]) == cut
