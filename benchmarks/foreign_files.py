"""What `tidegate stats` does with files that others made to break readers: a Markdown table.

    python benchmarks/foreign_files.py CHECKOUT...

Each CHECKOUT is a clone of one of apache/parquet-testing, apache/arrow-testing, nst/JSONTestSuite
and max-mapper/csv-spectrum, in a directory of the repository's name. A file is *refused* if one
line of error says why, *right* if all that is told of it (rows, counts, least, greatest and mean
numbers, distinct and frequent texts) agrees with another reader, *wrong* if it does not, or if the
set says that nobody may read it. The other reader is DuckDB, for CSV Python's csv module, for
csv-spectrum the JSON that is part of it. Files that the other reader refuses are *unjudged*. What
became of each file is on stderr.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import faulthandler
import io
import json
import math
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import duckdb

from tidegate.cli.program import main as tidegate

OUTCOMES = ("refused", "right", "wrong", "unjudged", "traceback")
#: A file that takes longer is a hang.
SECONDS = 60

Values = dict[str, list[Any]]


def parquet(file: Path) -> Values:
    """The columns of a Parquet file as DuckDB reads them."""
    found = duckdb.execute("SELECT * FROM read_parquet(?)", [str(file)])
    names = [column[0] for column in found.description or ()]
    return dict(zip(names, map(list, zip(*found.fetchall(), strict=True)), strict=False))


def json_lines(file: Path) -> Values:
    """The columns of JSON Lines as DuckDB reads them."""
    if file.name.startswith("n_"):
        raise AssertionError("the set says that this is no JSON")
    found = duckdb.execute("SELECT json FROM read_ndjson_objects(?)", [str(file)]).fetchall()
    rows = [json.loads(row[0]) for row in found]
    return {name: [row.get(name) for row in rows] for row in rows for name in row}


def comma_separated(file: Path) -> Values:
    """The columns of a CSV file as Python's csv module reads them."""
    truth = file.parent.parent / "json" / f"{file.stem}.json"
    # The JSON of this one has another telephone number than its CSV.
    if truth.exists() and file.stem != "location_coordinates":
        rows = json.loads(truth.read_text())
    else:
        with file.open(encoding="utf-8-sig", newline="") as text:
            rows = list(csv.DictReader(text, strict=True))
    return {name: [row[name] or None for row in rows] for name in rows[0]}


#: The folders of a clone, the files in them, and the other reader.
FOLDERS: dict[str, tuple[tuple[str, str, str, Callable[[Path], Values]], ...]] = {
    "parquet-testing": (
        ("data", "*.parquet*", "parquet", parquet),
        ("bad_data", "*.parquet", "parquet", parquet),
        ("shredded_variant", "*.parquet", "parquet", parquet),
    ),
    "arrow-testing": (
        ("data/parquet", "*.parquet", "parquet", parquet),
        ("data/parquet/fuzzing", "*", "parquet", parquet),
        ("data/parquet/encoding-fuzzing", "cluster*", "parquet", parquet),
        ("data/csv/fuzzing", "*", "csv", comma_separated),
    ),
    "JSONTestSuite": (("test_parsing", "*.json", "jsonl", json_lines),),
    "csv-spectrum": (("csvs", "*.csv", "csv", comma_separated),),
}


def main() -> None:
    """Read all files and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkouts", nargs="+", type=Path, metavar="CHECKOUT")
    print(f"| set | commit | files | {' | '.join(OUTCOMES)} |")
    print(f"|---|---|---:{'|---:' * len(OUTCOMES)}|")
    for checkout in parser.parse_args().checkouts:
        git = ["git", "-C", str(checkout), "rev-parse", "--short=10", "HEAD"]
        commit = subprocess.run(git, check=True, capture_output=True, text=True).stdout.strip()
        name = checkout.resolve().name
        for folder, pattern, format_, truth in FOLDERS[name]:
            found = sorted(f for f in (checkout / folder).rglob(pattern) if f.is_file())
            files = [f for f in found if not f.name.startswith((".", "README"))]
            if folder == "data/parquet":
                files = [f for f in files if f.parent == checkout / folder]
            ends = Counter(outcome(file, format_, truth) for file in files)
            counts = " | ".join(str(ends[end]) for end in OUTCOMES)
            print(f"| {name}/{folder} | `{commit}` | {len(files)} | {counts} |", flush=True)


def outcome(file: Path, format_: str, truth: Callable[[Path], Values]) -> str:
    """One of OUTCOMES; what is not as it should be is named on stderr."""
    faulthandler.dump_traceback_later(SECONDS, exit=True)
    with tempfile.TemporaryDirectory() as scratch, contextlib.redirect_stderr(io.StringIO()) as err:
        out = Path(scratch, "stats.json")
        words = ["stats", str(file), "--read-as", format_, "--format", "json", "--out", str(out)]
        try:
            code = tidegate(words)
        except BaseException as error:
            end, why = "traceback", repr(error)
        else:
            errors = [line for line in err.getvalue().splitlines() if line.startswith("error:")]
            if code == 0:
                end, why = judged(json.loads(out.read_text()), file, truth)
            elif len(errors) == 1 and err.getvalue().splitlines()[-1] == errors[0]:
                end, why = "refused", errors[0]
            else:
                end, why = "wrong", f"not one line: {err.getvalue()}"
    faulthandler.cancel_dump_traceback_later()
    print(f"{end:<10}{file.name}: {why}", file=sys.stderr)
    return end


def judged(found: dict[str, Any], file: Path, truth: Callable[[Path], Values]) -> tuple[str, str]:
    """Whether what is told agrees with the other reader."""
    try:
        values = truth(file)
    except AssertionError as error:
        return "wrong", str(error)
    except Exception as error:
        return "unjudged", str(error).splitlines()[0]
    for column in found["columns"]:
        if column["name"] not in values:
            return "wrong", f"the other reader has no column {column['name']!r}"
        for fault in faults(column, values[column["name"]]):
            return "wrong", f"column {column['name']!r}: {fault}"
    return "right", f"{found['rows']} rows, {len(found['columns'])} columns"


def faults(column: dict[str, Any], values: list[Any]) -> Iterator[str]:
    """What is told of a column and is not so."""
    present = [value for value in values if value is not None]
    if column["count"] != len(present) or column["missing"] != len(values) - len(present):
        yield f"{column['count']} present, and they are {len(present)} of {len(values)}"
    elif column["type"] == "string":
        counts = Counter(map(as_text, present))
        if column["unique"] != len(counts) and not (column["unique"] is None and not counts):
            yield f"{column['unique']} distinct, and they are {len(counts)}"
        for value, count in column["top_values"]:
            if counts[value] != count:
                yield f"{value!r} is there {count} times, and it is {counts[value]}"
    else:
        numbers = [float(value) for value in present]
        sane = [n for n in numbers if not math.isnan(n)]
        if column["nans"] != len(numbers) - len(sane):
            yield f"{column['nans']} NaN, and they are {len(numbers) - len(sane)}"
        for name, right in (("min", min), ("max", max), ("mean", lambda n: math.fsum(n) / len(n))):
            wanted = right(sane) if sane else None
            if wanted is not None and not math.isfinite(wanted):
                wanted = None
            close = column[name] == wanted or (
                None not in (column[name], wanted)
                and math.isclose(column[name], wanted, rel_tol=1e-6, abs_tol=1e-9)
            )
            if not close and not (name == "mean" and len(sane) < len(numbers)):
                yield f"{name} is {column[name]}, and it is {wanted}"


def as_text(value: Any) -> str:
    """A value as Tidegate writes texts and times."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat()
    if isinstance(value, date):
        return f"{value.isoformat()}T00:00:00"
    if isinstance(value, time):
        return value.isoformat()
    return str(value)


if __name__ == "__main__":
    main()
