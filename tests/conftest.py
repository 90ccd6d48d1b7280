import csv
import itertools
import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.servers import s3_server
from tests.support.servers_gcs import gcs_server
from tidegate.contract import Contract
from tidegate.platform.storage import open_store

# A busy machine is no reason to fail.
settings.register_profile("engine", deadline=None)
settings.load_profile("engine")

FLIGHTS = Path(__file__).parent / "files" / "flights.csv"


@pytest.fixture
def flights_csv():
    """991 rows of the 2013 New York departures, every 340th in the table's order."""
    return FLIGHTS


@pytest.fixture
def flights(tmp_path, flights_csv):
    """A contract on those rows, cut into the spans 2013-01 to 2013-12."""
    with flights_csv.open(newline="") as file:
        header, *rows = csv.reader(file)
    for month in range(1, 13):
        folder = tmp_path / "flights" / f"2013-{month:02}"
        folder.mkdir(parents=True)
        with (folder / "part.csv").open("w", newline="") as file:
            csv.writer(file).writerows([header, *(r for r in rows if int(r[1]) == month)])
    contract = tmp_path / "contract.yaml"
    contract.write_text(
        "dataset: flights\n"
        "source: {uri: 'flights/{YYYY}-{MM}/*.csv', format: csv, null_values: ['', NA]}\n"
        "key: [time_hour, carrier, flight, origin]\n"
    )
    return Contract.load(contract)


@pytest.fixture
def in_bucket(flights, tmp_path):
    """Puts those spans, and a contract on them, into a bucket under `raw/`."""

    def put(uri):
        store = open_store(uri)
        for file in sorted((tmp_path / "flights").rglob("*.csv")):
            store.upload(file, f"raw/{file.relative_to(tmp_path)}")
        store.upload(tmp_path / "contract.yaml", "raw/contract.yaml")
        return uri

    return put


@pytest.fixture
def contract_on(tmp_path):
    """Writes files into one directory and gives a contract on them: every file is a span `1-*`."""

    def make(files, *, kind="csv", key="id", extra="", **source):
        folder = tmp_path / "source"
        folder.mkdir(exist_ok=True)
        for name, content in files.items():
            file = folder / name
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        options = "".join(f", {k}: {v!r}" for k, v in source.items())
        path = tmp_path / "contract.yaml"
        path.write_text(
            f"dataset: d\nsource: {{uri: 'source/{{SPAN}}*', format: {kind}{options}}}\n"
            f"key: [{key}]\n{extra}"
        )
        return Contract.load(path)

    return make


@pytest.fixture(autouse=True)
def no_proxy(request, monkeypatch):
    """What proxies this machine has are none of the tests' business: their servers are here."""
    if Path(__file__).parent / "e2e" in request.path.parents:
        return  # A cluster may be elsewhere.
    for variable in [v for v in os.environ if v.lower().endswith("_proxy")]:
        monkeypatch.delenv(variable)


@pytest.fixture(scope="session")
def s3_service():
    with s3_server() as server:
        yield server


@pytest.fixture
def s3(s3_service, monkeypatch, tmp_path):
    """Makes buckets, and gives their URIs; the environment leads to them and nowhere else."""
    for variable in [v for v in os.environ if v.startswith(("AWS_", "S3_", "MINIO_"))]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    for variable, value in s3_service.environment.items():
        monkeypatch.setenv(variable, value)
    return lambda: f"s3://{_make_bucket()}"


_numbers = itertools.count()


def _make_bucket():
    from tidegate.platform.storage.s3_client import client

    name = f"test-{os.getpid()}-{next(_numbers)}"
    client().make_bucket(name)
    return name


@pytest.fixture(scope="session")
def gcs_service():
    with gcs_server() as server:
        yield server


@pytest.fixture
def gcs(gcs_service, monkeypatch):
    """Makes buckets on a GCS server, and gives their URIs; the environment leads there."""
    for variable in [v for v in os.environ if v.startswith(("GOOGLE_", "TIDEGATE_GCS"))]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs_service.endpoint)

    def make():
        name = f"test-{os.getpid()}-{next(_numbers)}"
        gcs_service.make_bucket(name)
        return f"gs://{name}"

    return make
