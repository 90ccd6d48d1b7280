"""Small spans of the real flights for runs of the whole pipeline."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = 6000

CONTRACT = """\
dataset: flights
source: {{uri: "data/{{YYYY}}-{{MM}}/*.csv", format: csv}}
key: [flight_id]
time: sched_dep_time
label: late
features: {{exclude: [flight, date], categorical: [weekday], numeric: [precip]}}
gates:
  min_examples: 1000
  drift:
    features: {{{free}}}
slices: [[origin]]
training: {{epochs: 2}}
evaluation: {{max_regression: 0.2}}
"""
WEATHER = ("temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure")


@pytest.fixture(scope="session")
def months(tmp_path_factory):
    """January and February, the first days of each, as lists of rows (the first is the header)."""
    out = tmp_path_factory.mktemp("flights")
    subprocess.run(
        [sys.executable, "examples/flights/prepare.py", "--out", str(out)], cwd=ROOT, check=True
    )
    spans = {}
    for span in ("2013-01", "2013-02"):
        with (out / "data" / span / "flights.csv").open(newline="") as file:
            reader = csv.reader(file)
            spans[span] = [row for row, _ in zip(reader, range(ROWS + 1), strict=False)]
    return spans


def write_span(root, span, rows):
    """Write rows (the header first) as the only file of a span."""
    path = root / span / "flights.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def write_contract(directory, data, *, extra=""):
    """Write the contract beside a link to the data, so that its bytes are the same everywhere."""
    path = directory / "contract.yaml"
    if data != directory / "data":
        (directory / "data").symlink_to(data, target_is_directory=True)
    free = ", ".join(f"{name}: report" for name in (*WEATHER, "visib", "weekday"))
    path.write_text(CONTRACT.format(free=free) + extra)
    return path
