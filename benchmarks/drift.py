"""How fast a drift report is made, and how large: prints Markdown tables.

    python benchmarks/drift.py

On two random halves of the 336,776 departures of New York in 2013 (19 columns), each one Parquet
file: Tidegate reads both, computes statistics, compares and writes the validation page; Evidently
reads both into pandas, runs DataDriftPreset and saves its page. Then the statistics of all rows:
Tidegate's against a whylogs profile of the same file in pandas. Each runs in a fresh process, one
after the other, three times; the median counts. Seconds are from the closed files to the written
result, without imports; memory is the process's peak, with them.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import peers

ROUNDS = 3
CONTRACT = """
dataset: flights
source: {uri: x, format: parquet}
key: [year, month, day, carrier, flight, origin]
"""


def main() -> None:
    """Run one measurement if told which, else all of them and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--measure", choices=[*MEASURES], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        MEASURES[arguments.measure](arguments.folder)
        return
    others = peers.python()
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        write(folder)
        own = sys.executable
        ours, theirs = (
            median(name, python, folder)
            for name, python in (("report", own), ("evidently", others))
        )
        profile, whylogs = (
            median(name, python, folder)
            for name, python in (("statistics", own), ("whylogs", others))
        )
    print(f"\n{os.cpu_count()} processors, Python {sys.version.split()[0]}\n")
    print("| drift report of two halves | seconds | of processor | page | peak memory |")
    print("|---|---:|---:|---:|---:|")
    print(row("Tidegate", ours))
    print(row(f"Evidently {theirs['version']}", theirs))
    print(f"\n{faster(theirs, ours)}, {theirs['bytes'] / ours['bytes']:.0f} times as small.\n")
    print("| statistics of all rows | seconds | of processor | file | peak memory |")
    print("|---|---:|---:|---:|---:|")
    print(row("Tidegate", profile))
    print(row(f"whylogs {whylogs['version']}", whylogs))
    print(f"\n{faster(whylogs, profile)}.")


def faster(theirs: dict, ours: dict) -> str:
    """By which factor."""
    clock, processor = (theirs[key] / ours[key] for key in ("seconds", "processor"))
    return f"{clock:.1f} times as fast ({processor:.1f} times by processor time)"


def row(name: str, figures: dict) -> str:
    """One line of a table."""
    return (
        f"| {name} | {figures['seconds']:.2f} | {figures['processor']:.2f} "
        f"| {figures['bytes'] / 1e6:.2f} MB "
        f"| {figures['peak_mib']:,.0f} MiB |"
    )


def median(name: str, python: str, folder: Path) -> dict:
    """The middle of several measurements in fresh processes."""
    found = []
    for _ in range(ROUNDS):
        command = [python, __file__, "--measure", name, "--folder", str(folder)]
        print(f"{name} ...", file=sys.stderr, flush=True)
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        found.append(json.loads(done.stdout.splitlines()[-1]))
    return sorted(found, key=lambda figures: figures["seconds"])[ROUNDS // 2]


def write(folder: Path) -> None:
    """The flights as one file, and as two of random halves."""
    import compute_statistics
    import numpy as np
    import pyarrow.parquet as pq

    whole = compute_statistics.write(folder / "all.parquet", 1)
    table = pq.read_table(whole)
    half = np.random.default_rng(1).permutation(table.num_rows) % 2 == 0
    pq.write_table(table.filter(half), folder / "baseline.parquet", compression="zstd")
    pq.write_table(table.filter(~half), folder / "current.parquet", compression="zstd")


def clocks() -> tuple[float, float]:
    """The time, and the processor time this process has used; in seconds."""
    return time.perf_counter(), time.process_time()


def told(start: tuple[float, float], file: Path, version: str = "") -> None:
    """Print the figures of this process since `start`."""
    seconds, processor = (now - then for now, then in zip(clocks(), start, strict=True))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = {"seconds": seconds, "processor": processor, "peak_mib": peak}
    figures["bytes"] = file.stat().st_size
    print(json.dumps({**figures, "version": version}))


def report(folder: Path) -> None:
    """Tidegate's validation page of one half against the other."""
    from tidegate import schema, validation
    from tidegate.contract import Contract
    from tidegate.report import pages
    from tidegate.statistics import compute_files

    contract = Contract.parse(CONTRACT)
    page = folder / "tidegate.html"
    start = clocks()
    before, now = (
        compute_files({"all": [folder / f"{name}.parquet"]}, span=span, processes=1)
        for name, span in (("baseline", "1"), ("current", "2"))
    )
    expected = schema.infer(before, contract)
    result = validation.validate(now, expected, contract, baseline=before)
    page.write_text(pages.validation_page(result, now, before, expected, contract))
    told(start, page)


def evidently(folder: Path) -> None:
    """Evidently's page of one half against the other."""
    import evidently
    import pandas
    from evidently import Report
    from evidently.presets import DataDriftPreset

    page = folder / "evidently.html"
    start = clocks()
    before, now = (pandas.read_parquet(folder / f"{n}.parquet") for n in ("baseline", "current"))
    Report([DataDriftPreset()]).run(now, before).save_html(str(page))
    told(start, page, evidently.__version__)


def statistics(folder: Path) -> None:
    """Tidegate's statistics of all rows, written."""
    from tidegate.statistics import compute_files

    start = clocks()
    compute_files({"all": [folder / "all.parquet"]}, span="1", processes=1).write(folder / "own")
    told(start, folder / "own" / "statistics.pb")


def whylogs(folder: Path) -> None:
    """A whylogs profile of all rows, written."""
    from importlib.metadata import version

    import pandas
    import whylogs

    file = folder / "whylogs.bin"
    start = clocks()
    frame = pandas.read_parquet(folder / "all.parquet")
    whylogs.log(frame).view().write(str(file))
    told(start, file, version("whylogs"))


MEASURES = {
    "report": report,
    "evidently": evidently,
    "statistics": statistics,
    "whylogs": whylogs,
}


if __name__ == "__main__":
    main()
