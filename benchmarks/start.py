"""How long small commands take from start to end: prints a Markdown table.

    python benchmarks/start.py [--before CHECKOUT] [--training]

On the flights of January and February 2013 (26,398 and 23,611 rows, 3 MB of CSV each): `tidegate
stats`, `tidegate validate` and `tidegate --version` beside DuckDB, Evidently (in an environment of
its own, `requirements/peers.txt`) and TFDV as it is imported, and, with `--before`, beside Tidegate
of another checkout, whose figures must be the same. `--training` measures a training run of three
months too, from nothing. Every figure is of a whole process and those it starts: seconds and
processor seconds between start and end, the memory of the largest; medians of several rounds, in
which everything takes its turn.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import peers

ROUNDS = 5
CONTRACT = "examples/flights/contract.yaml"

DUCKDB = "import duckdb, sys; duckdb.sql(f\"SUMMARIZE FROM read_csv('{sys.argv[1]}')\").show()"

TFDV_STATISTICS = """
import sys
import tensorflow_data_validation as tfdv
made = [tfdv.generate_statistics_from_csv(file) for file in sys.argv[1:]]
"""
TFDV_VALIDATION = f"""{TFDV_STATISTICS}
now, before = made
tfdv.validate_statistics(now, tfdv.infer_schema(before), previous_statistics=before)
"""

EVIDENTLY_SUMMARY = """
import sys
import pandas
from evidently import Report
from evidently.presets import DataSummaryPreset
Report([DataSummaryPreset()]).run(pandas.read_csv(sys.argv[1])).json()
"""
EVIDENTLY_DRIFT = """
import sys
import pandas
from evidently import Report
from evidently.presets import DataDriftPreset
# Tidegate does not compare these either, as nothing says what they are.
left_out = ["flight_id", "sched_dep_time", "date"]
now, before = (pandas.read_csv(file).drop(columns=left_out) for file in sys.argv[1:])
Report([DataDriftPreset()]).run(now, before).json()
"""


@dataclass(frozen=True)
class Command:
    """A process that is measured.

    Attributes:
        task: What it does; commands of one task are compared.
        name: Whose it is.
        words: Its command line.
        checkout: The checkout whose Tidegate it imports, in which it runs.
        ends: The exit codes that are right.
    """

    task: str
    name: str
    words: tuple[str, ...]
    checkout: Path = peers.ROOT
    ends: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Figures:
    """What one process took."""

    seconds: float
    processor: float
    mib: float


def main() -> None:
    """Measure all in turn, several times over, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", type=Path, metavar="CHECKOUT", help="another one to compare")
    parser.add_argument("--training", action="store_true", help="measure a training run too")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="default: %(default)s")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        prepare = [sys.executable, "examples/flights/prepare.py", "--out", str(folder / "flights")]
        subprocess.run(prepare, check=True, cwd=peers.ROOT, stdout=subprocess.DEVNULL)
        checkouts = {"Tidegate": peers.ROOT}
        if options.before is not None:
            checkouts["Tidegate before"] = options.before.resolve()
        commands = [*small(folder, checkouts)]
        if options.training:
            commands += training(folder, checkouts)
        taken: dict[Command, list[Figures]] = {command: [] for command in commands}
        for number in range(options.rounds):
            print(f"round {number + 1} of {options.rounds} ...", file=sys.stderr, flush=True)
            for command in commands:
                taken[command].append(measure(command, folder))
        made = {path.read_bytes() for path in folder.glob("Tidegate*.stats.json")}
        judged = {judgement(path) for path in folder.glob("Tidegate*.validate.json")}
    print(f"\n{os.cpu_count()} processors, Python {sys.version.split()[0]}\n")
    print("| | | seconds | of Tidegate's | processor seconds | peak memory |")
    print("|---|---|---:|---:|---:|---:|")
    own: dict[str, float] = {}
    for command, figures in taken.items():
        seconds = median(f.seconds for f in figures)
        ratio = seconds / own.setdefault(command.task, seconds)
        print(
            f"| {command.task} | {command.name} | {seconds:.2f} | {ratio:.1f} "
            f"| {median(f.processor for f in figures):.2f} "
            f"| {median(f.mib for f in figures):,.0f} MiB |"
        )
    if options.before is not None:
        same = len(made) == 1 and len(judged) == 1
        print(
            "\nThe statistics of both checkouts (as JSON) and their judgements (status, codes and "
            f"distances) are {'the same' if same else 'NOT THE SAME'}."
        )


def judgement(path: Path) -> str:
    """What a validation decided and measured, under the names that all its formats have."""
    found = json.loads(path.read_text())
    names = ("feature", "measure", "slice", "value", "threshold", "status")
    distances = [[d[name] for name in names] for d in found["distances"]]
    codes = [(f["code"], f["subject"], f["severity"]) for f in found["findings"]]
    return json.dumps([found["status"], codes, distances])


def small(folder: Path, checkouts: dict[str, Path]) -> Iterator[Command]:
    """The commands on one file or two."""
    january, february = (
        str(folder / "flights" / "data" / f"2013-{month}" / "flights.csv") for month in ("01", "02")
    )
    python, of_peers = sys.executable, peers.python()
    for name, checkout in checkouts.items():
        out = ("--format", "json", "--out", str(folder / f"{name}.stats.json"))
        words = (python, "-m", "tidegate", "stats", february, *out)
        yield Command("statistics", name, words, checkout)
    yield Command("statistics", "DuckDB SUMMARIZE", (python, "-c", DUCKDB, february))
    yield Command("statistics", "Evidently", (of_peers, "-c", EVIDENTLY_SUMMARY, february))
    yield Command("statistics", "TFDV", (python, "-c", TFDV_STATISTICS, february))
    for name, checkout in checkouts.items():
        out = ("--format", "json", "--out", str(folder / f"{name}.validate.json"))
        words = (python, "-m", "tidegate", "validate", february, "--against", january, *out)
        yield Command("validation", name, words, checkout, (0, 3))
    yield Command("validation", "Evidently", (of_peers, "-c", EVIDENTLY_DRIFT, february, january))
    yield Command("validation", "TFDV", (python, "-c", TFDV_VALIDATION, february, january))
    for name, checkout in checkouts.items():
        yield Command("--version", name, (python, "-m", "tidegate", "--version"), checkout)


def training(folder: Path, checkouts: dict[str, Path]) -> Iterator[Command]:
    """The run of a training pipeline on 77,911 rows."""
    contract = folder / "examples" / "flights" / "contract.yaml"
    contract.parent.mkdir(parents=True)
    text = (peers.ROOT / CONTRACT).read_text()
    contract.write_text(text.replace("../../build/flights", str(folder / "flights")))
    for name, checkout in checkouts.items():
        module = "pipelines" if (checkout / "pipelines" / "__main__.py").exists() else "tidegate"
        words = (
            *(sys.executable, "-m", module, "run", "training", "--contract", str(contract)),
            *("--span", "2013-01..2013-03", "--registry", "{new}/registry", "--out", "{new}/out"),
        )
        yield Command("training", name, words, checkout)


def measure(command: Command, folder: Path) -> Figures:
    """Run a command and say what it took, with all processes that it waited for."""
    with tempfile.TemporaryDirectory(dir=folder) as new, (folder / "log").open("w+b") as log:
        words = [word.replace("{new}", new) for word in command.words]
        environment = {**os.environ, "PYTHONPATH": str(command.checkout / "src")}
        start = time.perf_counter()
        process = subprocess.Popen(
            words, cwd=command.checkout, env=environment, stdout=log, stderr=log
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in command.ends:
            log.seek(0)
            raise SystemExit(f"{words} ended with {process.returncode}:\n{log.read().decode()}")
    return Figures(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


if __name__ == "__main__":
    main()
