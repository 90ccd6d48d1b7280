"""Contract, raw data and registry in one bucket: nothing changes but the URIs."""

import subprocess
import sys

import pytest

from tidegate import steps
from tidegate.contract import Contract
from tidegate.core.errors import ContractError, MissingSpanError
from tidegate.data import examples, sources
from tidegate.platform.registry import Registry
from tidegate.platform.storage import open_store

CONTRACT = """\
dataset: flights
source: {{uri: '{uri}', format: csv, null_values: ['', NA]}}
key: [time_hour, carrier, flight, origin]
"""


@pytest.fixture
def bucket(s3, in_bucket):
    return in_bucket(s3())


def test_a_span_is_the_same_from_a_bucket(bucket, flights, tmp_path):
    contract = Contract.load(f"{bucket}/raw/contract.yaml")
    assert contract.source_uri == f"{bucket}/raw/flights/{{YYYY}}-{{MM}}/*.csv"
    assert sources.spans(contract) == sources.spans(flights)
    there = examples.ingest(contract, span="2013-02", out=tmp_path / "there")
    here = examples.ingest(flights, span="2013-02", out=tmp_path / "here")
    assert there.content_digest == here.content_digest
    for split in here.splits:
        for one, other in zip(here.files(split), there.files(split), strict=True):
            assert one.read_bytes() == other.read_bytes()
    with pytest.raises(MissingSpanError, match="2014-01"):
        sources.resolve(contract, "2014-01")


@pytest.mark.parametrize(
    ("given", "resolved"),
    [
        ("x/{SPAN}", "/raw/deep/x/{SPAN}"),
        ("../x/{SPAN}", "/raw/x/{SPAN}"),
        ("../../{SPAN}", "/{SPAN}"),
        ("../../../other/{SPAN}", None),
    ],
)
def test_a_relative_source_is_relative_to_the_contract(s3, given, resolved):
    uri = s3()
    open_store(uri).create("raw/deep/contract.yaml", CONTRACT.format(uri=given).encode())
    contract = Contract.load(f"{uri}/raw/deep/contract.yaml")
    if resolved is None:
        with pytest.raises(ContractError, match="leads out of s3://"):
            sources.spans(contract)
    else:
        assert contract.source_uri == uri + resolved


def test_a_contract_that_is_not_there(s3):
    uri = f"{s3()}/contract.yaml"
    with pytest.raises(ContractError, match=f"cannot read the contract {uri}: .*does not exist"):
        Contract.load(uri)


def test_a_contract_that_changed_is_noticed(bucket):
    uri = f"{bucket}/raw/contract.yaml"
    digest = Contract.load(uri).digest
    assert Contract.load(uri, digest=digest).dataset == "flights"
    store = open_store(bucket)
    data, version = store.read("raw/contract.yaml")
    store.replace("raw/contract.yaml", data + b"# more\n", version=version)
    with pytest.raises(ContractError, match="changed since the run began"):
        Contract.load(uri, digest=digest)


def test_the_steps_take_uris(bucket, tmp_path):
    uris = {"contract_uri": f"{bucket}/raw/contract.yaml", "registry_uri": f"{bucket}/registry"}
    resolved = steps.resolve_inputs(span="latest", **uris)
    assert (resolved.span, resolved.baseline_version) == ("2013-12", "")
    made = steps.ingest_examples(
        contract_uri=uris["contract_uri"],
        contract_digest=resolved.contract_digest,
        span=resolved.span,
        content_digest=resolved.content_digest,
        out=tmp_path / "examples",
    )
    assert made["rows"] > 0
    steps.compute_statistics(examples=tmp_path / "examples", out=tmp_path / "statistics")
    registry = Registry(uris["registry_uri"], "flights")
    entry = registry.commit(
        "statistics",
        "2013-12-x",
        tmp_path / "statistics",
        span=resolved.span,
        lineage={"content_digest": resolved.content_digest},
    )
    again = Registry(uris["registry_uri"], "flights")
    assert again.current("statistics") == entry
    fetched = again.fetch(entry, tmp_path / "fetched")
    assert (fetched / "statistics.pb").read_bytes() == (
        tmp_path / "statistics" / "statistics.pb"
    ).read_bytes()
    assert again.statistics_before("2014-01") == entry


def test_a_local_path_needs_no_client_of_a_service():
    code = (
        "import sys, tidegate.steps; from tidegate.platform.storage import open_store; "
        "open_store('/tmp');"
        "assert not {'minio', 'google.cloud.storage', 'urllib3'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
