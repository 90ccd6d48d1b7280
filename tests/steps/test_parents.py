"""Examples came from these objects."""

import pytest

from tidegate import steps
from tidegate.contract import Contract
from tidegate.core.errors import LineageError
from tidegate.data import sources
from tidegate.platform import lineage


def ingested(contract, tmp_path, span):
    path = tmp_path / "contract.yaml"
    steps.ingest_examples(
        contract_uri=str(path),
        contract_digest=contract.digest,
        span=span,
        content_digest=sources.resolve(contract, span).digest,
        out=tmp_path / "examples",
    )
    return lineage.read(tmp_path / "examples", "examples")


def test_examples_came_from_these_objects(flights, tmp_path):
    found = ingested(flights, tmp_path, "2013-02..2013-03")
    assert [n.name for n in found.of_kind("object")] == [
        (tmp_path / "flights" / month / "part.csv").as_uri() for month in ("2013-02", "2013-03")
    ]
    for node in found.of_kind("object"):
        file = tmp_path / node.name.removeprefix(f"{tmp_path.as_uri()}/")
        assert node.facts["size"] == file.stat().st_size
    (contract,) = found.of_kind("contract")
    assert (contract.name, contract.digest) == (
        (tmp_path / "contract.yaml").as_uri(),
        flights.digest,
    )
    assert found.root.facts["content"] == sources.resolve(flights, "2013-02..2013-03").digest
    assert sum(found.root.facts["rows"].values()) > 100


def test_examples_of_s3_and_what_was_joined(s3, tmp_path):
    from tidegate.platform.storage import open_store

    bucket = s3()
    store = open_store(bucket)
    for name, text in {
        "data/1/a.csv": "id,c\n1,x\n2,y\n3,x\n",
        "look/up.csv": "c,w\nx,1\ny,2\n",
        "contract.yaml": (
            "dataset: d\nsource: {uri: 'data/{SPAN}/*.csv', format: csv}\nkey: [id]\n"
            "joins: [{uri: look/up.csv, format: csv, on: [c], columns: [w]}]\n"
        ),
    }.items():
        store.create(name, text.encode())
    contract = Contract.load(f"{bucket}/contract.yaml")
    steps.ingest_examples(
        contract_uri=f"{bucket}/contract.yaml",
        contract_digest=contract.digest,
        span="1",
        content_digest=sources.resolve(contract, "1").digest,
        out=tmp_path / "examples",
    )
    found = lineage.read(tmp_path / "examples", "examples")
    assert [n.name for n in found.of_kind("object")] == [f"{bucket}/data/1/a.csv"]
    assert [n.name for n in found.of_kind("lookup")] == [f"{bucket}/look/up.csv"]
    assert [n.name for n in found.of_kind("contract")] == [f"{bucket}/contract.yaml"]


def test_a_part_that_was_edited_makes_it_other_examples(flights, tmp_path):
    ingested(flights, tmp_path, "2013-02")
    manifest = tmp_path / "examples" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"rows"', '"rows" '))
    with pytest.raises(LineageError, match="of another examples"):
        lineage.read(tmp_path / "examples", "examples")
