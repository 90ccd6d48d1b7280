"""Garbage of a registry: found by what the index names and by age, on every store."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.stores import CONDITIONAL
from tidegate.core.errors import RegistryError
from tidegate.platform import garbage
from tidegate.platform.registry import Registry
from tidegate.platform.storage import open_store

NOW = timedelta(0)


@pytest.fixture(params=CONDITIONAL)
def uri(request, tmp_path):
    local = request.param == "local"
    root = (tmp_path / "store").as_uri() if local else request.getfixturevalue(request.param)()
    return f"{root}/registry"


@pytest.fixture
def payload(tmp_path):
    def make(text):
        folder = tmp_path / "payloads" / text
        (folder / "deep").mkdir(parents=True, exist_ok=True)
        (folder / "model.json").write_text(text)
        (folder / "deep" / "weights").write_bytes(text.encode() * 100)
        return folder

    return make


def commit(uri, payload, version, *, dataset="flights"):
    return Registry(uri, dataset).commit("model", version, payload, span="2013-01", lineage={})


class KilledError(Exception):
    """Stands for the end of the process."""


def killed_before_the_commit(uri, payload, version, *, dataset="flights"):
    registry = Registry(uri, dataset)

    def die(*_):
        raise KilledError

    registry._write_index = die
    with pytest.raises(KilledError):
        registry.commit("model", version, payload, span="2013-01", lineage={})


def names(uri):
    return [i.name for i in open_store(uri).list()]


def test_what_a_killed_publisher_left(uri, payload):
    killed_before_the_commit(uri, payload("three"), "v1")
    left = names(uri)
    entry = commit(uri, payload("one"), "v1")
    Registry(uri, "flights").record("run", "step", {"span": "2013-01"})
    kept = [n for n in names(uri) if n not in left]
    killed_before_the_commit(uri, payload("two"), "v2")
    killed_before_the_commit(uri, payload("other"), "v1", dataset="flights2")

    found = garbage.find(uri, "flights", older_than=NOW)
    assert [(g.kind, g.objects) for g in found] == [("model", 3), ("model", 3)]
    assert all(g.size > 400 for g in found)
    assert {g.folder.split("/")[2] for g in found} == {"v1", "v2"}
    assert Registry(uri, "flights").folder(entry) not in {g.folder for g in found}

    assert all(garbage.remove(uri, "flights", g, older_than=NOW) for g in found)
    assert [n for n in names(uri) if not n.startswith("flights2/")] == kept
    assert garbage.find(uri, "flights", older_than=NOW) == []
    assert len(garbage.find(uri, "flights2", older_than=NOW)) == 1


def test_a_writer_at_work_is_left_alone(uri, payload):
    commit(uri, payload("one"), "v1")
    killed_before_the_commit(uri, payload("two"), "v2")
    assert garbage.find(uri, "flights") == []
    (found,) = garbage.find(uri, "flights", older_than=NOW)
    assert not garbage.remove(uri, "flights", found)
    before = names(uri)
    # The publisher is run again between looking and deleting.
    entry = commit(uri, payload("two"), "v2")
    assert not garbage.remove(uri, "flights", found, older_than=NOW)
    assert names(uri) == before
    assert Registry(uri, "flights").current("model") == entry


def test_without_an_index_nothing_is_deleted(uri, payload):
    killed_before_the_commit(uri, payload("one"), "v1")
    before = names(uri)
    (found,) = garbage.find(uri, "flights", older_than=NOW)
    with pytest.raises(RegistryError, match=r"index\.json was lost, restore it"):
        garbage.remove(uri, "flights", found, older_than=NOW)
    assert names(uri) == before


def test_a_damaged_index_stops_it(tmp_path, payload):
    uri = str(tmp_path / "registry")
    commit(uri, payload("one"), "v1")
    Path(uri, "flights", "models", "index.json").write_text("{")
    with pytest.raises(RegistryError, match="damaged"):
        garbage.find(uri, "flights", older_than=NOW)
