"""A run over several spans, from the command line to the registry."""

import json

from tests.pipelines.conftest import write_contract, write_span
from tests.pipelines.test_run import run, versions

EXTRA = """\
splits: {by: time, gap: 12h}
joins:
  - uri: airports.csv
    format: csv
    on: {dest: faa}
    columns: [alt]
    prefix: dest_
    unmatched: "null"
    min_match: 0.5
"""


def test_a_range_is_one_run(tmp_path, months):
    for span, rows in months.items():
        # 2,000 rows of each span are enough to see that both are there.
        write_span(tmp_path / "data", span, rows[:2001])
    contract = write_contract(tmp_path, tmp_path / "data", extra=EXTRA)
    header, *rows = months["2013-01"]
    found = sorted({row[header.index("dest")] for row in rows[:2000]})
    lookup = "".join(f"{name},{at}\n" for at, name in enumerate(found))
    (tmp_path / "airports.csv").write_text(f"faa,alt\n{lookup}")
    code, printed = run(contract, tmp_path / "registry", tmp_path / "runs", "2013-01..2013-02")
    assert code == 0, printed
    assert "flights 2013-01..2013-02: 2 objects" in printed
    held = versions(tmp_path / "registry")
    ((version, span, current),) = held["model"]
    assert version.startswith("2013-01..2013-02-")
    assert (span, current) == ("2013-01..2013-02", True)
    assert [span for _, span, _ in held["statistics"]] == ["2013-01..2013-02"]
    (root,) = (tmp_path / "runs").iterdir()
    assert root.name.endswith("-flights-2013-01..2013-02")
    for page in root.glob("*.html"):
        assert "2013-01..2013-02" in page.read_text(), page.name
    (manifest,) = root.glob("*/ingest-examples/examples/manifest.json")
    told = json.loads(manifest.read_text())
    assert [o["name"] for o in told["objects"]] == [f"{s}/flights.csv" for s in months]
    assert told["facts"]["joins"][0]["matched"] > 3000
    assert told["split"]["by"] == "time"
    assert told["split"]["dropped"] > 0


def test_a_gap_fails_the_run_and_is_named(tmp_path, months):
    write_span(tmp_path / "data", "2013-01", months["2013-01"][:10])
    contract = write_contract(tmp_path, tmp_path / "data")
    selection = "interval:2013-01-01T00:00/2013-03-01T00:00"
    code, printed = run(contract, tmp_path / "registry", tmp_path / "runs", selection)
    assert code == 1
    assert "needs 2013-02, which" in printed
    (root,) = (tmp_path / "runs").iterdir()
    assert root.name.endswith("-interval_2013-01-01T00_00_2013-03-01T00_00")
