"""Promoting an older version: one pointer moves, on every store, whoever races."""

import threading
from pathlib import Path

import pytest

from tests.support.stores import CONDITIONAL
from tidegate.core.errors import NotRegisteredError, RegistryError
from tidegate.platform.registry import Registry
from tidegate.platform.storage import open_store


@pytest.fixture(params=CONDITIONAL)
def registry(request, tmp_path):
    """With the models v1, v2 and v3, of which v3 was never promoted."""
    local = request.param == "local"
    root = (tmp_path / "store").as_uri() if local else request.getfixturevalue(request.param)()
    made = Registry(f"{root}/registry", "flights")
    for number in (1, 2, 3):
        commit(made, tmp_path, f"v{number}", promote=number < 3)
    return made


def commit(registry, tmp_path, version, *, promote=True):
    payload = tmp_path / "payload" / version
    payload.mkdir(parents=True, exist_ok=True)
    (payload / "model.json").write_text(version)
    return registry.commit(
        "model", version, payload, span="2013-01", lineage={"n": version}, promote=promote
    )


def test_rollback_and_back(registry, tmp_path):
    objects = [i.name for i in registry._store.list()]
    before = registry.versions("model")
    assert registry.promote("model", "v1") == before[0]
    assert registry.current("model") == before[0]
    assert registry.versions("model") == before
    assert [i.name for i in registry._store.list()] == objects
    fetched = registry.fetch(registry.current("model"), tmp_path / "fetched")
    assert (fetched / "model.json").read_text() == "v1"
    assert registry.promote("model", "v2").version == "v2"
    assert registry.current("model").version == "v2"


def test_a_repeated_commit_does_not_undo_a_rollback(registry, tmp_path):
    registry.promote("model", "v1")
    commit(registry, tmp_path, "v2")
    assert registry.current("model").version == "v1"


def test_what_is_current_stays_unwritten(registry):
    name = "flights/models/index.json"
    token = registry._store.read(name)[1]
    assert registry.promote("model", "v2").version == "v2"
    assert registry._store.read(name)[1] == token


def test_what_was_never_promoted_is_by_now(registry):
    assert not registry.get("model", "v3").promoted
    assert registry.promote("model", "v3").promoted
    assert registry.get("model", "v3").promoted
    assert registry.current("model").version == "v3"


def test_what_is_not_there(registry):
    with pytest.raises(NotRegisteredError, match=r"'v9' is not .*there are: v1, v2, v3"):
        registry.promote("model", "v9")
    with pytest.raises(NotRegisteredError, match="none yet"):
        registry.promote("schema", "v1")
    with pytest.raises(RegistryError, match="not a kind"):
        registry.promote("modell", "v1")


def test_commits_and_promotions_race(registry, tmp_path):
    def promote():
        for turn in range(10):
            registry.promote("model", f"v{1 + turn % 2}")

    def publish(writer):
        for turn in range(5):
            commit(registry, tmp_path, f"w{writer}-{turn}")

    threads = [threading.Thread(target=promote) for _ in range(2)]
    threads += [threading.Thread(target=publish, args=(w,)) for w in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    there = {e.version for e in registry.versions("model")}
    assert there == {"v1", "v2", "v3"} | {f"w{w}-{t}" for w in range(2) for t in range(5)}
    assert registry.current("model").version in there - {"v3"}


def test_a_payload_that_is_gone_is_not_promoted(tmp_path):
    made = Registry(str(tmp_path / "store"), "flights")
    for version in ("v1", "v2"):
        commit(made, tmp_path, version)
    (name,) = (
        i.name
        for i in open_store(str(tmp_path / "store")).list("flights/models/v1/")
        if i.name.endswith("model.json")
    )
    Path(tmp_path, "store", name).unlink()
    with pytest.raises(RegistryError, match=r"'v1' .* is damaged: model\.json"):
        made.promote("model", "v1")
    assert made.current("model").version == "v2"
