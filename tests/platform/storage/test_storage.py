"""What every store promises; a store is added to STORES and inherits all tests."""

import multiprocessing
import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.stores import CONDITIONAL, STORES
from tidegate.core.errors import PreconditionError, StorageError
from tidegate.platform.storage import check_name, open_store

#: Rounds of four racing writers.
ROUNDS = 1000 if os.environ.get("TIDEGATE_SLOW") == "1" else 50


@pytest.fixture(params=STORES)
def uri(request, tmp_path):
    return _uri(request, tmp_path)


@pytest.fixture(params=CONDITIONAL)
def conditional_uri(request, tmp_path):
    return _uri(request, tmp_path)


def _uri(request, tmp_path):
    if request.param == "local":
        return (tmp_path / "store").as_uri()
    return request.getfixturevalue(request.param)()


@pytest.fixture
def store(uri):
    return open_store(uri)


@pytest.fixture
def conditional_store(conditional_uri):
    return open_store(conditional_uri)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"content")
    return path


def test_lists_nothing_before_the_first_write(store):
    assert store.list() == []
    assert store.list("a/b") == []


def test_lists_by_prefix_in_the_order_of_names(store, file):
    for name in ("b/2", "b/10", "b-1", "a", "b/c/d"):
        store.upload(file, name)
    assert [i.name for i in store.list()] == ["a", "b-1", "b/10", "b/2", "b/c/d"]
    assert [i.name for i in store.list("b/")] == ["b/10", "b/2", "b/c/d"]
    assert [i.name for i in store.list("b")] == ["b-1", "b/10", "b/2", "b/c/d"]
    assert [i.name for i in store.list("b/1")] == ["b/10"]
    assert store.list("a/") == []
    assert {i.size for i in store.list()} == {7}


def test_a_listed_version_changes_with_the_object(store, file):
    store.upload(file, "a")
    before = store.list()[0].version
    assert store.list()[0].version == before
    file.write_bytes(b"CONTENT")
    store.upload(file, "a")
    assert store.list()[0].version != before


def test_upload_download_open_read(store, file, tmp_path):
    store.upload(file, "deep/name with space+ü")
    store.download("deep/name with space+ü", tmp_path / "new" / "copy")
    assert (tmp_path / "new" / "copy").read_bytes() == b"content"
    with store.open("deep/name with space+ü") as opened:
        opened.seek(3)
        assert opened.read() == b"tent"
    assert store.read("deep/name with space+ü")[0] == b"content"


def test_upload_replaces(store, file):
    store.create("a", b"something much longer than the new one")
    store.upload(file, "a")
    assert store.read("a")[0] == b"content"


def test_delete(store, file):
    before = datetime.now(UTC) - timedelta(minutes=1)
    for name in ("a/b", "a/c"):
        store.upload(file, name)
    assert all(before < i.modified < datetime.now(UTC) + timedelta(minutes=1) for i in store.list())
    store.delete("a/b")
    assert [i.name for i in store.list()] == ["a/c"]
    for name in ("a/b", "never/there"):
        store.delete(name)
    with pytest.raises(StorageError, match="not an object name"):
        store.delete("../a")
    assert [i.name for i in store.list()] == ["a/c"]


def test_missing_objects_are_named(store, tmp_path):
    with pytest.raises(FileNotFoundError):
        store.read("gone")
    with pytest.raises(StorageError, match="gone"):
        store.open("gone")
    with pytest.raises(StorageError, match="gone"):
        store.download("gone", tmp_path / "x")


def test_create_only_once(conditional_store):
    token = conditional_store.create("a", b"1")
    assert conditional_store.read("a") == (b"1", token)
    with pytest.raises(PreconditionError, match="exists already"):
        conditional_store.create("a", b"2")
    assert conditional_store.read("a") == (b"1", token)


def test_replace_only_what_was_read(conditional_store):
    first = conditional_store.create("a", b"1")
    second = conditional_store.replace("a", b"2", version=first)
    assert conditional_store.read("a") == (b"2", second)
    with pytest.raises(PreconditionError, match="changed"):
        conditional_store.replace("a", b"3", version=first)
    with pytest.raises(PreconditionError):
        conditional_store.replace("never", b"3", version=first)
    assert conditional_store.read("a") == (b"2", second)
    assert [i.name for i in conditional_store.list()] == ["a"]


@pytest.mark.parametrize("name", ["", "/a", "a/", "a//b", "..", "a/../b", "./a", "a\0b"])
def test_names_cannot_lead_out(store, file, name):
    for act in (store.read, store.open, lambda n: store.create(n, b""), check_name):
        with pytest.raises(StorageError, match="not an object name"):
            act(name)
    with pytest.raises(StorageError, match="not an object name"):
        store.upload(file, name)


def _race(uri, barrier, results, writer):
    store = open_store(uri)
    for round_ in range(ROUNDS):
        name = f"round-{round_}"
        barrier.wait()
        try:
            store.create(name, str(writer).encode())
            results.put((round_, writer))
        except PreconditionError:
            pass


def test_of_racing_creators_one_wins(conditional_uri):
    # Processes, not threads: each has its own client, as two pods have.
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(4), context.Queue()
    racers = [
        context.Process(target=_race, args=(conditional_uri, barrier, results, w)) for w in range(4)
    ]
    for racer in racers:
        racer.start()
    won = dict(results.get(timeout=600) for _ in range(ROUNDS))
    for racer in racers:
        racer.join()
    assert results.empty()
    assert {r: int(open_store(conditional_uri).read(f"round-{r}")[0]) for r in range(ROUNDS)} == won


def test_racing_replacers_lose_no_update(conditional_store):
    conditional_store.create("n", b"0")

    def count():
        for _ in range(50):
            while True:
                data, version = conditional_store.read("n")
                try:
                    conditional_store.replace("n", str(int(data) + 1).encode(), version=version)
                    break
                except PreconditionError:
                    continue

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert conditional_store.read("n")[0] == b"200"


def test_readers_never_see_half_an_object(store, tmp_path):
    sizes = (1, 3_000_000)
    files = []
    for size in sizes:
        files.append(tmp_path / str(size))
        files[-1].write_bytes(b"x" * size)
    store.upload(files[0], "a")
    done = threading.Event()

    def write():
        for turn in range(40):
            store.upload(files[turn % 2], "a")
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    while not done.is_set():
        seen.add(len(store.read("a")[0]))
    writer.join()
    assert seen <= set(sizes)


def test_open_store(tmp_path):
    assert open_store(str(tmp_path)).uri == tmp_path.as_uri() == open_store(tmp_path.as_uri()).uri
    for uri in ("ftp://host", "abfs://container"):
        with pytest.raises(StorageError, match="not a store this version can reach"):
            open_store(uri)
    with pytest.raises(StorageError, match="absolute"):
        open_store("file://relative/path")


@given(st.text(max_size=20))
def test_any_name_is_refused_or_stays_inside(text):
    try:
        check_name(text)
    except StorageError:
        return
    path = os.path.normpath(Path("/root") / text)
    assert path == f"/root/{text}"
