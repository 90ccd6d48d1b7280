"""Contract, raw data and registry in one bucket of Google Cloud Storage."""

import pytest

from tests.support.servers_gcs import enforces_conditions
from tidegate import steps
from tidegate.contract import Contract
from tidegate.data import examples, sources
from tidegate.platform.lineage import directory_digest
from tidegate.platform.registry import Registry


def needs_conditions(test):
    """Leave a test out where the server is the stand-in from PyPI, which ignores conditions."""
    return test if enforces_conditions() else None


@pytest.fixture
def bucket(gcs, in_bucket):
    return in_bucket(gcs())


def test_a_span_is_the_same_from_a_bucket(bucket, flights, tmp_path):
    contract = Contract.load(f"{bucket}/raw/contract.yaml")
    assert sources.spans(contract) == sources.spans(flights)
    there = examples.ingest(contract, span="2013-02", out=tmp_path / "there")
    here = examples.ingest(flights, span="2013-02", out=tmp_path / "here")
    assert there.content_digest == here.content_digest
    for split in here.splits:
        for one, other in zip(here.files(split), there.files(split), strict=True):
            assert one.read_bytes() == other.read_bytes()


@needs_conditions
def test_the_steps_take_uris(bucket, tmp_path):
    uris = {"contract_uri": f"{bucket}/raw/contract.yaml", "registry_uri": f"{bucket}/registry"}
    resolved = steps.resolve_inputs(span="2013-02", **uris)
    fixed = {"contract_uri": uris["contract_uri"], "contract_digest": resolved.contract_digest}
    rows = steps.ingest_examples(
        span=resolved.span,
        content_digest=resolved.content_digest,
        out=tmp_path / "examples",
        **fixed,
    )["rows"]
    steps.compute_statistics(examples=tmp_path / "examples", out=tmp_path / "statistics")
    assert rows > 0
    steps.infer_schema(
        statistics=tmp_path / "statistics",
        registry_uri=uris["registry_uri"],
        schema_version=resolved.schema_version,
        out=tmp_path / "schema",
        **fixed,
    )
    registry = Registry(uris["registry_uri"], "flights")
    lineage = {"content_digest": resolved.content_digest}
    for kind in ("schema", "statistics"):
        entry = registry.commit(kind, "v1", tmp_path / kind, span="2013-02", lineage=lineage)
        assert Registry(uris["registry_uri"], "flights").current(kind) == entry
        fetched = registry.fetch(entry, tmp_path / "fetched" / kind)
        assert directory_digest(fetched) == directory_digest(tmp_path / kind)
    after = steps.resolve_inputs(span="2013-03", **uris)
    assert (after.schema_version, after.baseline_version) == ("v1", "v1")
